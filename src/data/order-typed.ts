/**
 * The order form of the types that SQL has and JavaScript has not (see `typed.ts`): each is a function of the value
 * alone, so that 1.0 and 1.00, a month and thirty days, 1 s and 1,000 ms are one key each. What makes them differ is in
 * the shape. HUGEINT is among the numbers, and MAP, which holds other keys, in `order.ts`.
 */
import { assert } from '../core/errors.ts'
import type { TimeUnit } from '../words/iso.ts'
import type { ByteReader, ByteWriter } from './bytes.ts'
import { notAKey } from './refused.ts'
import type { ShapeReader, ShapeWriter } from './shape.ts'
import {
  calendarMicros,
  DAY_NANOS,
  DECIMAL_DIGITS_MAX,
  DECIMAL_SCALE_MAX,
  decimalText,
  intervalText,
  isInt32,
  isInt64,
  TIME_UNIT_NANOS,
  TIME_UNITS,
  UUID_BYTES,
  uuidText,
} from './typed.ts'

const DECIMAL = 0x15
const INTERVAL = 0x16
const TIME = 0x17
const UUID = 0x18

const DECIMAL_NEGATIVE = 1
const DECIMAL_ZERO = 2
const DECIMAL_POSITIVE = 3
/** Exponents are shifted by this to be positive. */
const EXPONENT_SHIFT = 0x8000

/** Intervals of all months, days and microseconds lie within ±2^73 µs; shifted by this they are not negative. */
const INTERVAL_SHIFT = 2n ** 79n

/**
 * ±0.d₁d₂…dₙ × 10^exponent, without zeros at either end: two digits a byte, in its upper seven bits, the lowest one
 * saying whether more come. All behind the class of a negative one is complemented.
 */
export function writeDecimal(w: ByteWriter, shape: ShapeWriter, unscaled: bigint, scale: number): void {
  assert(
    Number.isInteger(scale) && scale >= 0 && scale <= DECIMAL_SCALE_MAX,
    'a DECIMAL has 0 to 255 digits after its point',
  )
  shape.put(scale, 8)
  w.u8(DECIMAL)
  if (unscaled === 0n) {
    w.u8(DECIMAL_ZERO)
    return
  }
  const negative = unscaled < 0n
  const all = String(negative ? -unscaled : unscaled)
  assert(all.length <= DECIMAL_DIGITS_MAX, 'a DECIMAL has at most 255 bytes')
  let count = all.length
  while (all.charCodeAt(count - 1) === 0x30) count--
  const flip = negative ? 0xff : 0
  const exponent = all.length - scale + EXPONENT_SHIFT
  w.u8(negative ? DECIMAL_NEGATIVE : DECIMAL_POSITIVE)
  w.u8((exponent >> 8) ^ flip)
  w.u8((exponent & 0xff) ^ flip)
  for (let i = 0; i < count; i += 2) {
    const low = i + 1 < count ? all.charCodeAt(i + 1) - 0x30 : 0
    const pair = (all.charCodeAt(i) - 0x30) * 10 + low
    w.u8(((pair << 1) | (i + 2 < count ? 1 : 0)) ^ flip)
  }
}

function readDecimal(r: ByteReader, shape: ShapeReader): string {
  const scale = shape.take(8)
  const sign = r.u8()
  if (sign === DECIMAL_ZERO) return decimalText(false, '', scale)
  if (sign !== DECIMAL_NEGATIVE && sign !== DECIMAL_POSITIVE) throw notAKey()
  const flip = sign === DECIMAL_NEGATIVE ? 0xff : 0
  const exponent = (((r.u8() ^ flip) << 8) | (r.u8() ^ flip)) - EXPONENT_SHIFT
  let digits = ''
  for (let more = true; more;) {
    const byte = r.u8() ^ flip
    const pair = byte >> 1
    more = (byte & 1) === 1
    if (pair > 99 || digits.length > DECIMAL_DIGITS_MAX) throw notAKey()
    digits += pair < 10 ? `0${pair}` : String(pair)
  }
  if (digits.endsWith('0')) digits = digits.slice(0, -1)
  const length = exponent + scale
  if (digits.startsWith('0') || digits.endsWith('0') || length < digits.length || length > DECIMAL_DIGITS_MAX)
    throw notAKey()
  return decimalText(sign === DECIMAL_NEGATIVE, digits.padEnd(length, '0'), scale)
}

/** All its microseconds, with 30 days a month and 24 hours a day; months and days are in the shape. */
export function writeInterval(w: ByteWriter, shape: ShapeWriter, months: number, days: number, micros: bigint): void {
  assert(isInt32(months) && isInt32(days) && isInt64(micros), 'the parts of an INTERVAL have 32, 32 and 64 bits')
  shape.put(months, 32)
  shape.put(days, 32)
  const total = calendarMicros(months, days) + micros + INTERVAL_SHIFT
  const high = Number(total >> 64n)
  w.u8(INTERVAL)
  w.u8(high >> 8)
  w.u8(high & 0xff)
  w.u32(Number(BigInt.asUintN(32, total >> 32n)))
  w.u32(Number(BigInt.asUintN(32, total)))
}

function readInterval(r: ByteReader, shape: ShapeReader): string {
  const months = shape.take(32) | 0
  const days = shape.take(32) | 0
  const high = (r.u8() << 8) | r.u8()
  const total = (BigInt(high) << 64n) + (BigInt(r.u32()) << 32n) + BigInt(r.u32()) - INTERVAL_SHIFT
  const micros = total - calendarMicros(months, days)
  if (!isInt64(micros)) throw notAKey()
  return intervalText(months, days, micros)
}

/** Nanoseconds since midnight in six bytes; the unit is in the shape. */
export function writeTime(w: ByteWriter, shape: ShapeWriter, time: bigint, unit: TimeUnit): void {
  const code = TIME_UNITS.indexOf(unit)
  const nanos = Number(time) * (TIME_UNIT_NANOS[code] ?? NaN)
  assert(nanos >= 0 && nanos <= DAY_NANOS, 'a TIME lies between 0:00 and 24:00')
  shape.put(code, 2)
  const high = Math.floor(nanos / 2 ** 32)
  w.u8(TIME)
  w.u8(high >> 8)
  w.u8(high & 0xff)
  w.u32(nanos - high * 2 ** 32)
}

function readTime(r: ByteReader, shape: ShapeReader): bigint {
  const unit = TIME_UNIT_NANOS[shape.take(2)]
  const nanos = (r.u8() * 2 ** 8 + r.u8()) * 2 ** 32 + r.u32()
  if (unit === undefined || nanos > DAY_NANOS || nanos % unit !== 0) throw notAKey()
  return BigInt(nanos / unit)
}

export function writeUuid(w: ByteWriter, uuid: Uint8Array): void {
  assert(uuid.length === UUID_BYTES, 'a UUID has 16 bytes')
  w.u8(UUID)
  w.bytes(uuid)
}

/** What JavaScript sees of a key behind its tag. @throws ShoalError DAMAGED, also where the tag is none of these. */
export function readTypedKey(r: ByteReader, shape: ShapeReader, tag: number): string | bigint {
  switch (tag) {
    case DECIMAL:
      return readDecimal(r, shape)
    case INTERVAL:
      return readInterval(r, shape)
    case TIME:
      return readTime(r, shape)
    case UUID:
      return uuidText(r.bytes(UUID_BYTES))
    default:
      throw notAKey()
  }
}
