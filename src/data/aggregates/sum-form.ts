/**
 * The encoded form of an exact sum: kinds of what was added, and the sum as ±m × 2^e with m odd, which is one form for
 * each sum:
 *
 *     kinds and sign (1)   varint(length of m)   m, highest byte first   varint(e, as 2e from 0 on, else −2e − 1)
 *
 * Of 0, and where the sum is no finite number whatever the rest is, the length is 0 and nothing follows.
 */
import { LIMITS } from '../../core/limits.ts'
import type { ByteReader, ByteWriter } from '../bytes.ts'
import { bigintMagnitude, bigintOf } from '../value.ts'
import { bitLength, UNIT_BITS } from './exact-sum.ts'
import { notAnAccumulator } from './misfit.ts'

/** In the byte of kinds. */
const NEGATIVE = 0x40
/** Twice the largest double, so often as records can be counted. */
const DOUBLES_BITS = 1024 + 64
/** So many of the largest bigint as records can be counted. */
const BIGINTS_BITS = (LIMITS.valueBytesMax + 8) * 8

const double = new Float64Array(1)
const words = new Uint32Array(double.buffer)
const LOW = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 0 : 1
const HIGH = 1 - LOW

/** ±size × 2^exponent; `size` is a number where it is below 2^53. */
export interface Scaled {
  readonly negative: boolean
  readonly size: number | bigint
  readonly exponent: number
}

/** A finite double. */
export function scaledDouble(x: number): Scaled {
  double[0] = Math.abs(x)
  const exponent = words[HIGH]! >>> 20
  const high = (words[HIGH]! & 0xfffff) + (exponent === 0 ? 0 : 0x100000)
  const size = high * 2 ** 32 + words[LOW]!
  return { negative: x < 0, size, exponent: Math.max(1, exponent) - 1 - UNIT_BITS }
}

/** An integer times 2^exponent. */
export function scaledInteger(x: bigint, exponent: number): Scaled {
  return { negative: x < 0n, size: x < 0n ? -x : x, exponent }
}

export function writeSum(w: ByteWriter, kinds: number, { negative, size, exponent }: Scaled): void {
  w.u8(kinds | (negative ? NEGATIVE : 0))
  if (typeof size === 'number') {
    if (size === 0) w.u8(0)
    else writeSmall(w, size, exponent)
    return
  }
  if (size === 0n) {
    w.u8(0)
    return
  }
  const zeros = trailingZeros(size)
  const odd = bigintMagnitude(size >> BigInt(zeros))
  w.varint(odd.byteLength)
  w.bytes(odd)
  writeExponent(w, exponent + zeros)
}

function writeSmall(w: ByteWriter, size: number, exponent: number): void {
  const low = size >>> 0
  const high = Math.floor(size / 2 ** 32)
  const zeros = low === 0 ? 32 + lowestBit(high) : lowestBit(low)
  const odd = size / 2 ** zeros
  let length = 1
  for (let rest = odd; rest >= 256; rest /= 256) length++
  w.varint(length)
  w.reserve(length)
  for (let i = length - 1, rest = odd; i >= 0; i--, rest = Math.floor(rest / 256)) w.buffer[w.length + i] = rest % 256
  w.length += length
  writeExponent(w, exponent + zeros)
}

function writeExponent(w: ByteWriter, exponent: number): void {
  w.varint(exponent < 0 ? -2 * exponent - 1 : 2 * exponent)
}

/** What `writeSum` wrote. @throws ShoalError DAMAGED, also where it is another form of the same sum */
export function readSum(r: ByteReader, isInteger: (kinds: number) => boolean): Scaled & { kinds: number } {
  const first = r.u8()
  const kinds = first & (NEGATIVE - 1)
  const negative = (first & NEGATIVE) !== 0
  const length = r.varint()
  if (kinds === 0 || first >= 2 * NEGATIVE || (length === 0 && negative)) throw notAnAccumulator()
  if (length === 0) return { kinds, negative, size: 0, exponent: 0 }
  const bytes = r.bytes(length)
  const code = r.varint()
  const exponent = code % 2 === 0 ? code / 2 : -(code + 1) / 2
  const integer = isInteger(kinds)
  const room = integer ? BIGINTS_BITS : DOUBLES_BITS
  if (bytes[0] === 0 || (bytes[length - 1]! & 1) === 0) throw notAnAccumulator()
  if (exponent < (integer ? 0 : -UNIT_BITS) || length * 8 + exponent > room + 8) throw notAnAccumulator()
  const size = bigintOf(bytes)
  return { kinds, negative, size: bitLength(size) <= 53 ? Number(size) : size, exponent }
}

/** The number of the lowest bit that is set, of 32. */
function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word)
}

function trailingZeros(size: bigint): number {
  let zeros = 0
  let rest = size
  // Doubles as integers end in up to two thousand zeros: by large steps first.
  for (let step = 2 ** (Math.max(6, 31 - Math.clz32(bitLength(size))) | 0); step >= 1; step /= 2) {
    while (rest !== 0n && BigInt.asUintN(step, rest) === 0n) {
      rest >>= BigInt(step)
      zeros += step
    }
  }
  return zeros
}
