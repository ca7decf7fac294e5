/**
 * For each airport the airports from which one can fly there: a reversed graph. The file has no header, and its name
 * does not say that it is CSV, so the input does.
 *
 *   npm run -s shoal -- run examples/reverse-routes.ts --local --data openflights=examples/data/openflights
 *
 * Expected answer: expected/reverse-routes.tsv, by sort and awk (expected/how/reverse-routes.sh).
 */
import { defineJob } from 'shoal/job'
import { sortedUnion } from './shared/sorted-union.ts'

type Route = {
  readonly from: string
  readonly to: string
}

export default defineJob<Route, string, readonly string[]>({
  input: {
    data: 'openflights/routes.dat.gz',
    format: 'csv',
    header: false,
    columns: ['airline', 'airline_id', 'from', 'from_id', 'to', 'to_id', 'codeshare', 'stops', 'equipment'],
  },
  map({ from, to }, { emit }) {
    emit(to, [from])
  },
  combine: sortedUnion,
  reduce(airport, lists, { emit }) {
    const sources = new Set<string>()
    for (const list of lists) for (const source of list) sources.add(source)
    emit(airport, [...sources].sort())
  },
})
