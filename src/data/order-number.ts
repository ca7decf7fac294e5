/**
 * Numbers in keys: doubles and bigints of any size in one exact order, −∞ … +∞, then NaN.
 *
 * A number other than 0 is ±2^e × 1.m. Its form is a class byte, the exponent, then the bits of m from the highest on,
 * seven to a byte, each followed by a bit that says whether more ones come. Of the negative ones all bytes behind the
 * class are complemented. Equal numbers have one form whatever their type.
 */
import { ShoalError } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'
import type { ByteReader, ByteWriter } from './bytes.ts'
import { keyTooLarge } from './refused.ts'
import { bigintMagnitude, bigintOf } from './value.ts'

const NEGATIVE_INFINITY = 0x04
/** |x| ≥ 1 */
const NEGATIVE_LARGE = 0x05
/** |x| < 1 */
const NEGATIVE_SMALL = 0x06
const ZERO = 0x07
const POSITIVE_SMALL = 0x08
const POSITIVE_LARGE = 0x09
const POSITIVE_INFINITY = 0x0a
const NOT_A_NUMBER = 0x0b

/** Exponents from here on take a byte 0xf0 + their length, and that many bytes. */
const LONG_EXPONENT = 0xf0
/** A subnormal is scaled by 2^54 to have the usual form. */
const SUBNORMAL_SHIFT = 54
const SMALLEST_NORMAL = 2 ** -1022

const double = new Float64Array(1)
const words = new Uint32Array(double.buffer)
const LOW = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 0 : 1
const HIGH = 1 - LOW

export function writeNumber(w: ByteWriter, x: number): void {
  w.reserve(16)
  const buffer = w.buffer
  if (x === 0) {
    buffer[w.length++] = ZERO
    return
  }
  if (!Number.isFinite(x)) {
    buffer[w.length++] = x > 0 ? POSITIVE_INFINITY : x < 0 ? NEGATIVE_INFINITY : NOT_A_NUMBER
    return
  }
  const negative = x < 0
  const size = negative ? -x : x
  const subnormal = size < SMALLEST_NORMAL
  double[0] = subnormal ? size * 2 ** SUBNORMAL_SHIFT : size
  const exponent = (words[HIGH]! >>> 20) - 1023 - (subnormal ? SUBNORMAL_SHIFT : 0)
  let high = ((words[HIGH]! << 12) | (words[LOW]! >>> 20)) >>> 0
  let low = (words[LOW]! << 12) >>> 0
  const flip = negative ? 0xff : 0
  writeExponent(w, exponent, negative)
  let at = w.length
  do {
    const seven = high >>> 25
    high = ((high << 7) | (low >>> 25)) >>> 0
    low = (low << 7) >>> 0
    buffer[at++] = ((seven << 1) | ((high | low) === 0 ? 0 : 1)) ^ flip
  } while ((high | low) !== 0)
  w.length = at
}

export function writeBigint(w: ByteWriter, x: bigint): void {
  const near = Number(x)
  if (Number.isSafeInteger(near)) {
    writeNumber(w, near)
    return
  }
  const negative = x < 0n
  const magnitude = bigintMagnitude(negative ? -x : x)
  // Also when its form would be short: an exponent has three bytes.
  if (magnitude.length > LIMITS.keyBytesMax) throw keyTooLarge()
  const leading = 31 - Math.clz32(magnitude[0]!)
  const length = (magnitude.length - 1) * 8 + leading
  let last = magnitude.length - 1
  while (magnitude[last] === 0) last--
  const flip = negative ? 0xff : 0
  w.reserve(16)
  writeExponent(w, length, negative)
  // Bits are taken from the highest below the leading one; `lastBit` is the position of the lowest one.
  let trailing = 0
  while (((magnitude[last]! >> trailing) & 1) === 0) trailing++
  const lastBit = (magnitude.length - 1 - last) * 8 + trailing
  let bit = length
  do {
    let seven = 0
    for (let i = 0; i < 7; i++) {
      bit--
      const one = bit >= 0 ? (magnitude[magnitude.length - 1 - (bit >> 3)]! >> (bit & 7)) & 1 : 0
      seven = (seven << 1) | one
    }
    w.u8(((seven << 1) | (bit > lastBit ? 1 : 0)) ^ flip)
  } while (bit > lastBit)
}

function writeExponent(w: ByteWriter, exponent: number, negative: boolean): void {
  const flip = negative ? 0xff : 0
  const buffer = w.buffer
  if (exponent < 0) {
    // Two bytes, smaller numbers first.
    const code = 0x1_0000 + exponent
    buffer[w.length++] = negative ? NEGATIVE_SMALL : POSITIVE_SMALL
    buffer[w.length++] = (code >> 8) ^ flip
    buffer[w.length++] = (code & 0xff) ^ flip
    return
  }
  buffer[w.length++] = negative ? NEGATIVE_LARGE : POSITIVE_LARGE
  if (exponent < LONG_EXPONENT) {
    buffer[w.length++] = exponent ^ flip
    return
  }
  const length = exponent < 0x100 ? 1 : exponent < 0x1_0000 ? 2 : 3
  buffer[w.length++] = (LONG_EXPONENT + length) ^ flip
  for (let i = length - 1; i >= 0; i--) buffer[w.length++] = ((exponent >>> (8 * i)) & 0xff) ^ flip
}

/** The number behind a class byte that is already read. */
export function readNumber(r: ByteReader, tag: number): number {
  switch (tag) {
    case ZERO:
      return 0
    case NOT_A_NUMBER:
      return NaN
    case POSITIVE_INFINITY:
      return Infinity
    case NEGATIVE_INFINITY:
      return -Infinity
    default:
  }
  const negative = tag === NEGATIVE_LARGE || tag === NEGATIVE_SMALL
  const flip = negative ? 0xff : 0
  const exponent = readExponent(r, tag, flip)
  let mantissa = 1
  let scale = 1
  for (;;) {
    const byte = r.u8() ^ flip
    scale /= 128
    mantissa += (byte >> 1) * scale
    if ((byte & 1) === 0) break
  }
  // 2 ** exponent alone is 0 below −1074 and infinite above 1023, where the product need not be.
  const size = exponent < -1000 ? mantissa * 2 ** (exponent + 100) * 2 ** -100 : mantissa * 2 ** exponent
  if (size === 0 || size === Infinity) throw new ShoalError('DAMAGED', 'a key holds a number that is none')
  return negative ? -size : size
}

/** The bigint behind a class byte that is already read. */
export function readBigint(r: ByteReader, tag: number): bigint {
  if (tag === ZERO) return 0n
  const negative = tag === NEGATIVE_LARGE
  if (!negative && tag !== POSITIVE_LARGE) throw new ShoalError('DAMAGED', 'a key holds a bigint that is none')
  const flip = negative ? 0xff : 0
  const length = readExponent(r, tag, flip)
  if (length >= LIMITS.keyBytesMax * 8) throw new ShoalError('DAMAGED', 'a key holds a bigint that is too large')
  const magnitude = new Uint8Array((length >> 3) + 1)
  const set = (bit: number): void => {
    magnitude[magnitude.length - 1 - (bit >> 3)]! |= 1 << (bit & 7)
  }
  set(length)
  let bit = length
  for (;;) {
    const byte = r.u8() ^ flip
    for (let i = 7; i >= 1; i--) {
      bit--
      if (((byte >> i) & 1) === 0) continue
      if (bit < 0) throw new ShoalError('DAMAGED', 'a key holds a bigint with a fraction')
      set(bit)
    }
    if ((byte & 1) === 0) break
  }
  const size = bigintOf(magnitude)
  return negative ? -size : size
}

function readExponent(r: ByteReader, tag: number, flip: number): number {
  const first = r.u8() ^ flip
  if (tag === POSITIVE_SMALL || tag === NEGATIVE_SMALL) return (first << 8) + (r.u8() ^ flip) - 0x1_0000
  if (first < LONG_EXPONENT) return first
  if (first > LONG_EXPONENT + 3) throw new ShoalError('DAMAGED', 'a key holds a number that is none')
  let exponent = 0
  for (let i = first - LONG_EXPONENT; i > 0; i--) exponent = exponent * 256 + (r.u8() ^ flip)
  return exponent
}
