/** Timestamps, dates and times of day, exactly: whole numbers of their unit. */
import { isoText, PER_SECOND, type TimeUnit } from '../../../../words/iso.ts'
import { intervalText } from '../../../typed.ts'
import { UnreadableValue } from './forms.ts'

/** What a Date can be away from 1970, either way (ECMA-262). */
const DATE_MS_MAX = 8_640_000_000_000_000n
const DAY_MS = 86_400_000
const DAY_NS = 86_400_000_000_000n
const INT64_US_NS = 2n ** 63n * 1000n
/** The Julian day on which 1970 began. */
const JULIAN_1970 = 2_440_588n

/** The milliseconds of a Date that is this instant. Throws UnreadableValue where there is none. */
export function dateMs(value: bigint, unit: TimeUnit): number {
  const per = PER_SECOND[unit] / 1_000n
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

/** ISO 8601 with all digits of the unit; `Z` where `utc`. Throws UnreadableValue beyond the years ±999999. */
export function timestampText(value: bigint, unit: TimeUnit, utc: boolean): string {
  const text = isoText(value, unit)
  if (text === null) throw new UnreadableValue('a timestamp is outside the years of ISO 8601')
  return utc ? `${text}Z` : text
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
export function intervalOf(bytes: DataView, offset: number): string {
  const [months, days, ms] = [0, 4, 8].map((at) => bytes.getUint32(offset + at, true)) as [number, number, number]
  return intervalText(months, days, BigInt(ms) * 1000n)
}
