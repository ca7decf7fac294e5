/**
 * How many of each airline's routes lead abroad: routes have ids of airlines and airports, and two tables say what these
 * are. Both are small, so they are looked up in (`side`), and no route is moved to be joined. Routes of an airline that
 * is not in the table, or between airports of which one is not, are counted.
 *
 *   npm run -s shoal -- run examples/enrich.ts --local --data openflights=examples/data/openflights --format table
 *
 * Expected answer: expected/enrich.tsv, by Python's csv (expected/how/enrich.py).
 */
import { defineJob, type Input, kv, rows, stage, unique } from 'shoal/job'

type Route = { readonly airline_id: string | null; readonly from_id: string | null; readonly to_id: string | null }
type Airline = { readonly id: string; readonly name: string; readonly country: string | null }
type Airport = { readonly id: string; readonly country: string }
type Routes = { readonly routes: number; readonly abroad: number; readonly unplaced: number }

/** The files have no header; \N is null, and a backslash within quotes is a mark of its own. */
const table = (file: string, columns: string): Input => ({
  data: `openflights/${file}.dat.gz`,
  format: 'csv',
  header: false,
  columns: columns.split(' '),
  null: String.raw`\N`,
  escape: '\\',
})

const airlines = stage('airlines', {
  input: rows<Airline>(table('airlines', 'id name alias iata icao callsign country active')),
  emits: kv<string, Airline>(),
  map: ({ id, name, country }, { emit }) => emit(id, { id, name, country }),
})

const airports = stage('airports', {
  input: rows<Airport>(
    table('airports', 'id name city country iata icao latitude longitude altitude utc dst zone kind source'),
  ),
  emits: kv<string, string>(),
  map: ({ id, country }, { emit }) => emit(id, country),
})

const abroad = stage('abroad', {
  input: rows<Route>(table('routes', 'airline airline_id from from_id to to_id codeshare stops equipment')),
  side: { airlines: unique(airlines), airports: unique(airports) },
  emits: kv<readonly [country: string, airline: string], Routes>(),
  map({ airline_id, from_id, to_id }, { emit, side, counter }) {
    const airline = side.airlines.get(airline_id ?? '')
    if (airline === undefined) return counter('routes of an unknown airline').add()
    const from = side.airports.get(from_id ?? '')
    const to = side.airports.get(to_id ?? '')
    const isPlaced = from !== undefined && to !== undefined
    if (!isPlaced) counter('routes from or to an unknown airport').add()
    const route = { routes: 1, abroad: isPlaced && from !== to ? 1 : 0, unplaced: isPlaced ? 0 : 1 }
    emit([airline.country ?? 'unknown', airline.name], route)
  },
  combine: (a, b) => ({
    routes: a.routes + b.routes,
    abroad: a.abroad + b.abroad,
    unplaced: a.unplaced + b.unplaced,
  }),
})

export default defineJob({ output: abroad })
