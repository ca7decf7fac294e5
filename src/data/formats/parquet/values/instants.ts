/** Timestamps, dates and times of day, exactly: whole numbers of their unit. */
import { UnreadableValue } from './forms.ts'
import type { Unit } from '../metadata/meaning.ts'

/** What a Date can be away from 1970, either way (ECMA-262). */
const DATE_MS_MAX = 8_640_000_000_000_000n
const DAY_MS = 86_400_000
const DAY_NS = 86_400_000_000_000n
const INT64_US_NS = 2n ** 63n * 1000n
/** The Julian day on which 1970 began. */
const JULIAN_1970 = 2_440_588n

export const PER_MILLISECOND: Readonly<Record<Unit, bigint>> = { ms: 1n, us: 1_000n, ns: 1_000_000n }
const DIGITS: Readonly<Record<Unit, number>> = { ms: 3, us: 6, ns: 9 }

/** The milliseconds of a Date that is this instant. Throws UnreadableValue where there is none. */
export function dateMs(value: bigint, unit: Unit): number {
  const per = PER_MILLISECOND[unit]
  if (per !== 1n && value % per !== 0n)
    throw new UnreadableValue('a timestamp is finer than the milliseconds of a Date', ["timestamps: 'text'"])
  const ms = value / per
  if (ms > DATE_MS_MAX || ms < -DATE_MS_MAX)
    throw new UnreadableValue('a timestamp is outside what a Date can hold', ["timestamps: 'text'"])
  return Number(ms)
}

/** The milliseconds of a Date at the beginning of this day, counted from 1970. Throws UnreadableValue. */
export function dayMs(days: number): number {
  const ms = days * DAY_MS
  if (Math.abs(ms) > Number(DATE_MS_MAX)) throw new UnreadableValue('a date is outside what a Date can hold')
  return ms
}

/** ISO 8601 with all digits of the unit; `Z` where `utc`. Throws UnreadableValue beyond the years that a Date can hold. */
export function isoText(value: bigint, unit: Unit, utc: boolean): string {
  const perSecond = PER_MILLISECOND[unit] * 1000n
  const fraction = ((value % perSecond) + perSecond) % perSecond
  const ms = ((value - fraction) / perSecond) * 1000n
  if (ms > DATE_MS_MAX || ms < -DATE_MS_MAX) throw new UnreadableValue('a timestamp is outside the years of ISO 8601')
  const seconds = new Date(Number(ms)).toISOString().slice(0, -'.000Z'.length)
  return `${seconds}.${String(fraction).padStart(DIGITS[unit], '0')}${utc ? 'Z' : ''}`
}

/**
 * Nanoseconds since 1970 of an INT96: those within the day (8 bytes), then the Julian day (4 bytes), little-endian. Who
 * writes it has 64 bits of µs at most; what is beyond has overflown there (Spark, above the year 287396), and is put right.
 */
export function int96Nanoseconds(bytes: DataView, offset: number): bigint {
  const day = BigInt(bytes.getInt32(offset + 8, true)) - JULIAN_1970
  const ns = day * DAY_NS + bytes.getBigInt64(offset, true)
  if (ns <= INT64_US_NS && ns >= -INT64_US_NS) return ns
  return BigInt.asIntN(64, ns / 1000n) * 1000n + (ns % 1000n)
}

/** An INTERVAL (months, days, milliseconds: each 4 bytes, unsigned, little-endian) as an ISO 8601 duration. */
export function intervalText(bytes: DataView, offset: number): string {
  const [months, days, ms] = [0, 4, 8].map((at) => bytes.getUint32(offset + at, true)) as [number, number, number]
  const seconds = `${Math.floor(ms / 1000)}.${String(ms % 1000).padStart(3, '0')}`
  return `P${months}M${days}DT${seconds}S`
}
