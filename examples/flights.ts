/**
 * Flights, delays and distances by hour of the day, over files of one dataset that are plain, gzip and zstd.
 *
 *   npm run -s shoal -- run examples/flights.ts --local --data flights=examples/data/flights --format table
 *
 * Expected answer: expected/flights.tsv, by jq and awk (expected/how/flights.sh).
 */
import { defineJob } from 'shoal/job'

type Flight = {
  readonly time: number
  readonly delay: number
  readonly distance: number
}

type Hour = {
  readonly flights: number
  readonly delay: number
  readonly longest: number
  readonly distance: number
}

const join = (a: Hour, b: Hour): Hour => ({
  flights: a.flights + b.flights,
  delay: a.delay + b.delay,
  longest: Math.max(a.longest, b.longest),
  distance: a.distance + b.distance,
})

export default defineJob<Flight, number, Hour>({
  input: 'flights/f-*',
  map({ time, delay, distance }, { emit }) {
    emit(Math.floor(time), { flights: 1, delay, longest: delay, distance })
  },
  combine: join,
  reduce(hour, parts, { emit }) {
    let sum: Hour = { flights: 0, delay: 0, longest: -Infinity, distance: 0 }
    for (const part of parts) sum = join(sum, part)
    emit(hour, sum)
  },
})
