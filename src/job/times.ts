/** Points in time that are counts, as Parquet has those below a millisecond. Bundled into jobs: it uses the language alone. */

/** Of a count since 1970: milliseconds, microseconds, nanoseconds. */
export type TimeUnit = 'ms' | 'us' | 'ns'

/** The calendar repeats itself after 400 years. */
const CYCLE_SECONDS = 12_622_780_800n
/** ECMA-262 has six digits for years beyond 0000 … 9999. */
const YEAR_MAX = 999_999

/**
 * A count since 1970-01-01T00:00Z as a Date.
 * @throws RangeError where a Date would cut it: below a millisecond, or beyond the years ±271821
 */
export function toDate(value: bigint, unit: TimeUnit): Date {
  const perMs = perSecond(value, unit) / 1_000n
  const ms = value / perMs
  if (ms * perMs !== value) throw new RangeError(`a Date would cut ${value} ${unit} to milliseconds`)
  if (ms > 8_640_000_000_000_000n || ms < -8_640_000_000_000_000n)
    throw new RangeError(`${value} ${unit} is beyond what a Date holds`)
  return new Date(Number(ms))
}

/**
 * A count since 1970-01-01T00:00Z in ISO 8601 with all the digits that its unit has: 3, 6 or 9 after the seconds. Years
 * beyond 0000 … 9999 have a sign and six digits, as in JavaScript.
 * @throws RangeError beyond the years ±999999
 */
export function toISO(value: bigint, unit: TimeUnit): string {
  const per = perSecond(value, unit)
  const seconds = floorOf(value, per)
  const cycles = floorOf(seconds, CYCLE_SECONDS)
  const within = new Date(Number(seconds - cycles * CYCLE_SECONDS) * 1_000)
  const year = Number(cycles) * 400 + within.getUTCFullYear()
  if (Math.abs(year) > YEAR_MAX) throw new RangeError(`${value} ${unit} is beyond the years that ISO 8601 writes`)
  const fraction = String(value - seconds * per).padStart(String(per).length - 1, '0')
  return `${yearText(year)}${within.toISOString().slice(4, 19)}.${fraction}Z`
}

function yearText(year: number): string {
  if (year >= 0 && year <= 9999) return String(year).padStart(4, '0')
  return `${year < 0 ? '-' : '+'}${String(Math.abs(year)).padStart(6, '0')}`
}

function floorOf(value: bigint, by: bigint): bigint {
  const whole = value / by
  return whole * by > value ? whole - 1n : whole
}

function perSecond(value: bigint, unit: TimeUnit): bigint {
  if (typeof value !== 'bigint') throw new TypeError(`a count since 1970 is a bigint, not a ${typeof value}`)
  if (unit === 'ms') return 1_000n
  if (unit === 'us') return 1_000_000n
  if (unit === 'ns') return 1_000_000_000n
  throw new RangeError("the unit is 'ms', 'us' or 'ns'")
}
