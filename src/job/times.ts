/** Points in time that are counts, as Parquet has those below a millisecond. Bundled into jobs: it uses the language alone. */
import { isoText, PER_SECOND, type TimeUnit } from '../words/iso.ts'

export type { TimeUnit } from '../words/iso.ts'

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
  perSecond(value, unit)
  const text = isoText(value, unit)
  if (text === null) throw new RangeError(`${value} ${unit} is beyond the years that ISO 8601 writes`)
  return `${text}Z`
}

function perSecond(value: bigint, unit: TimeUnit): bigint {
  if (typeof value !== 'bigint') throw new TypeError(`a count since 1970 is a bigint, not a ${typeof value}`)
  if (!Object.hasOwn(PER_SECOND, unit)) throw new RangeError("the unit is 'ms', 'us' or 'ns'")
  return PER_SECOND[unit]
}
