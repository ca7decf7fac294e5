/** Of a count since 1970: milliseconds, microseconds, nanoseconds. */
export type TimeUnit = 'ms' | 'us' | 'ns'

/** How many of the unit a second has. */
export const PER_SECOND: Readonly<Record<TimeUnit, bigint>> = { ms: 1_000n, us: 1_000_000n, ns: 1_000_000_000n }

/** ECMA-262 has six digits for years beyond 0000 … 9999. */
const YEAR_MAX = 999_999
const DAY_SECONDS = 86_400n
/** The calendar repeats itself after 400 years, which have so many days. */
const CYCLE_DAYS = 146_097
/** From 0000-03-01 to 1970-01-01. */
const DAYS_TO_1970 = 719_468

/**
 * A count since 1970-01-01T00:00 in ISO 8601, without a zone, with all the digits that its unit has: 3, 6 or 9 after the
 * seconds. Years beyond 0000 … 9999 have a sign and six digits (ECMA-262, Expanded Years); null beyond ±999999.
 */
export function isoText(value: bigint, unit: TimeUnit): string | null {
  const per = PER_SECOND[unit]
  const seconds = floorOf(value, per)
  const days = floorOf(seconds, DAY_SECONDS)
  const date = dateText(Number(days))
  if (date === null) return null
  const second = Number(seconds - days * DAY_SECONDS)
  const clock = [Math.floor(second / 3600), Math.floor(second / 60) % 60, second % 60]
    .map((n) => padded(n, 2))
    .join(':')
  return `${date}T${clock}.${padded(value - seconds * per, String(per).length - 1)}`
}

/** Days since 1970-01-01 (Hinnant, chrono-Compatible Low-Level Date Algorithms, civil_from_days): years begin in March. */
function dateText(days: number): string | null {
  const shifted = days + DAYS_TO_1970
  const cycle = Math.floor(shifted / CYCLE_DAYS)
  const day = shifted - cycle * CYCLE_DAYS
  const yearOfCycle = Math.floor(
    (day - Math.floor(day / 1_460) + Math.floor(day / 36_524) - Math.floor(day / 146_096)) / 365,
  )
  const dayOfYear = day - (365 * yearOfCycle + Math.floor(yearOfCycle / 4) - Math.floor(yearOfCycle / 100))
  const month = Math.floor((5 * dayOfYear + 2) / 153)
  const year = cycle * 400 + yearOfCycle + (month < 10 ? 0 : 1)
  if (Math.abs(year) > YEAR_MAX) return null
  const dayOfMonth = dayOfYear - Math.floor((153 * month + 2) / 5) + 1
  return `${yearText(year)}-${padded(month < 10 ? month + 3 : month - 9, 2)}-${padded(dayOfMonth, 2)}`
}

function yearText(year: number): string {
  if (year >= 0 && year <= 9999) return padded(year, 4)
  return `${year < 0 ? '-' : '+'}${padded(Math.abs(year), 6)}`
}

const padded = (n: number | bigint, digits: number): string => String(n).padStart(digits, '0')

function floorOf(value: bigint, by: bigint): bigint {
  const whole = value / by
  return whole * by > value ? whole - 1n : whole
}
