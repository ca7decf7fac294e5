/**
 * The types that SQL has and JavaScript has not: DECIMAL, INTERVAL, TIME, UUID, HUGEINT, MAP. Records keep them as what
 * they are; JavaScript sees a text, a bigint or an array, as `docs/record.md` says. Here: their ranges and their texts.
 */

import type { TimeUnit } from '../words/iso.ts'

/** Units of a TIME, each by its code in both byte forms. That of SQL is 0, so that its keys have an empty shape. */
export const TIME_UNITS: readonly TimeUnit[] = ['us', 'ms', 'ns']
/** Nanoseconds in one of the unit, by its code. */
export const TIME_UNIT_NANOS: readonly number[] = [1_000, 1_000_000, 1]
/** 24:00, in nanoseconds; SQL has it as the end of a day. */
export const DAY_NANOS = 86_400_000_000_000

/** Digits after the point of a DECIMAL: one byte in both forms. SQL has at most 38. */
export const DECIMAL_SCALE_MAX = 255
/** Bytes of a DECIMAL's digits as an integer: the text of a much longer one would take long to make. */
export const DECIMAL_BYTES_MAX = 255
/** Digits of the largest such integer. */
export const DECIMAL_DIGITS_MAX = 614
export const HUGEINT_BYTES_MAX = 16
export const UUID_BYTES = 16

const DAY_MICROS = 86_400_000_000n
const MONTH_DAYS = 30

/** Two's complement in as few bytes as hold it, highest first; 0n has none. */
export function twosComplement(v: bigint): Uint8Array {
  if (v === 0n) return new Uint8Array(0)
  const hex = (v < 0n ? ~v : v).toString(16)
  const bits = (hex.length - 1) * 4 + 32 - Math.clz32(parseInt(hex[0]!, 16))
  const length = (bits >> 3) + 1
  return Buffer.from(
    BigInt.asUintN(8 * length, v)
      .toString(16)
      .padStart(2 * length, '0'),
    'hex',
  )
}

/** The inverse of twosComplement; null where the bytes are not the shortest. */
export function integerOf(bytes: Uint8Array): bigint | null {
  if (bytes.length === 0) return 0n
  const first = bytes[0]!
  const sign = bytes.length === 1 ? 0 : bytes[1]! >> 7
  if (bytes.length === 1 ? first === 0 : first === (sign === 1 ? 0xff : 0)) return null
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
  return BigInt.asIntN(8 * bytes.length, BigInt(`0x${hex}`))
}

/** A number of these digits, `scale` of them after the point: `-0.05`, `12.30`, `7`; zero has no sign. */
export function decimalText(negative: boolean, digits: string, scale: number): string {
  const all = digits.padStart(scale + 1, '0')
  const text = scale === 0 ? all : `${all.slice(0, -scale)}.${all.slice(-scale)}`
  return negative ? `-${text}` : text
}

/** All digits of unscaled × 10^−scale. */
export function scaledText(unscaled: bigint | number, scale: number): string {
  const negative = unscaled < 0
  return decimalText(negative, String(negative ? -unscaled : unscaled), scale)
}

/** ISO 8601 with all three parts: `P14M3DT4.005S`; seconds with three digits after the point, or six where three do not do. */
export function intervalText(months: number, days: number, micros: bigint): string {
  const size = micros < 0n ? -micros : micros
  const digits =
    size % 1_000n === 0n ? decimalText(false, String(size / 1_000n), 3) : decimalText(false, String(size), 6)
  return `P${months}M${days}DT${micros < 0n ? '-' : ''}${digits}S`
}

/** Microseconds of whole months and days, as intervals compare: 30 days a month, 24 hours a day. */
export function calendarMicros(months: number, days: number): bigint {
  // Below 2^53: there are at most 2^31 of each.
  return BigInt(months * MONTH_DAYS + days) * DAY_MICROS
}

/** 16 bytes as lower-case hexadecimal digits, 8-4-4-4-12. */
export function uuidText(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

export const isInt32 = (n: number): boolean => n === (n | 0)
export const isInt64 = (n: bigint): boolean => n === BigInt.asIntN(64, n)
