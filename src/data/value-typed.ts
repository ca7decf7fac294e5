/**
 * The value form of the types that SQL has and JavaScript has not (see `typed.ts`): their encoders, which nothing that
 * user code emits gets to, and what JavaScript sees of them. Encoders append; arguments out of range are bugs of the
 * caller. Whoever writes a whole value with them keeps it within LIMITS.valueBytesMax and LIMITS.valueDepthMax, a MAP
 * being two levels.
 */
import { assert, ShoalError } from '../core/errors.ts'
import type { TimeUnit } from '../words/iso.ts'
import type { ByteReader, ByteWriter } from './bytes.ts'
import { notAValue } from './refused.ts'
import {
  DAY_NANOS,
  DECIMAL_BYTES_MAX,
  DECIMAL_SCALE_MAX,
  HUGEINT_BYTES_MAX,
  integerOf,
  intervalText,
  isInt32,
  isInt64,
  scaledText,
  TIME_UNIT_NANOS,
  TIME_UNITS,
  twosComplement,
  UUID_BYTES,
  uuidText,
} from './typed.ts'

const ARRAY = 11
const DECIMAL = 13
const INTERVAL = 14
const TIME = 15
const UUID = 16
const HUGEINT = 17
/** What comes in it are values of any type: `value.ts` reads it. */
export const MAP = 18

/** unscaled × 10^−scale, which keeps its scale. `unscaled` has at most 255 bytes, `scale` is 0 … 255. */
export function encodeDecimal(w: ByteWriter, unscaled: bigint, scale: number): void {
  const bytes = twosComplement(unscaled)
  assert(bytes.length <= DECIMAL_BYTES_MAX, 'a DECIMAL has at most 255 bytes')
  assert(
    Number.isInteger(scale) && scale >= 0 && scale <= DECIMAL_SCALE_MAX,
    'a DECIMAL has 0 to 255 digits after its point',
  )
  w.u8(DECIMAL)
  w.u8(scale)
  w.u8(bytes.length)
  w.bytes(bytes)
}

/** `months` and `days` have 32 bits, `micros` 64. */
export function encodeInterval(w: ByteWriter, months: number, days: number, micros: bigint): void {
  assert(isInt32(months) && isInt32(days) && isInt64(micros), 'the parts of an INTERVAL have 32, 32 and 64 bits')
  w.u8(INTERVAL)
  w.u32(months >>> 0)
  w.u32(days >>> 0)
  w.u32(Number(BigInt.asUintN(32, micros >> 32n)))
  w.u32(Number(BigInt.asUintN(32, micros)))
}

/** So many of the unit since midnight, at most 24 hours. */
export function encodeTime(w: ByteWriter, time: bigint, unit: TimeUnit): void {
  const code = TIME_UNITS.indexOf(unit)
  assert(isTime(Number(time), code), 'a TIME lies between 0:00 and 24:00')
  w.u8(TIME)
  w.u8(code)
  w.varint(Number(time))
}

/** 16 bytes. */
export function encodeUuid(w: ByteWriter, uuid: Uint8Array): void {
  assert(uuid.length === UUID_BYTES, 'a UUID has 16 bytes')
  w.u8(UUID)
  w.bytes(uuid)
}

/** −2^127 … 2^127 − 1 */
export function encodeHugeint(w: ByteWriter, v: bigint): void {
  const bytes = twosComplement(v)
  assert(bytes.length <= HUGEINT_BYTES_MAX, 'a HUGEINT has 128 bits')
  w.u8(HUGEINT)
  w.u8(bytes.length)
  w.bytes(bytes)
}

/** So many pairs follow, each a key and a value. */
export function beginMap(w: ByteWriter, pairs: number): void {
  w.u8(MAP)
  w.varint(pairs)
}

/** So many elements follow. */
export function beginArray(w: ByteWriter, length: number): void {
  w.u8(ARRAY)
  w.varint(length)
}

/** What JavaScript sees of a value behind its tag. @throws ShoalError DAMAGED, also where the tag is none of these. */
export function readTyped(r: ByteReader, tag: number): string | bigint {
  switch (tag) {
    case DECIMAL:
      return readDecimal(r)
    case INTERVAL:
      return readInterval(r)
    case TIME:
      return readTime(r)
    case UUID:
      return uuidText(r.bytes(UUID_BYTES))
    case HUGEINT:
      return integer(r, HUGEINT_BYTES_MAX)
    default:
      throw new ShoalError('DAMAGED', 'a value in a record begins with a byte that is no tag')
  }
}

function readDecimal(r: ByteReader): string {
  const scale = r.u8()
  return scaledText(integer(r, DECIMAL_BYTES_MAX), scale)
}

function integer(r: ByteReader, bytesMax: number): bigint {
  const length = r.u8()
  if (length > bytesMax) throw notAValue()
  const v = integerOf(r.bytes(length))
  if (v === null) throw notAValue()
  return v
}

function readInterval(r: ByteReader): string {
  const months = r.u32() | 0
  const days = r.u32() | 0
  const micros = (BigInt(r.u32() | 0) << 32n) | BigInt(r.u32())
  return intervalText(months, days, micros)
}

function readTime(r: ByteReader): bigint {
  const code = r.u8()
  const time = r.varint()
  if (!isTime(time, code)) throw notAValue()
  return BigInt(time)
}

function isTime(time: number, code: number): boolean {
  const nanos = TIME_UNIT_NANOS[code]
  return nanos !== undefined && time >= 0 && time <= DAY_NANOS / nanos
}
