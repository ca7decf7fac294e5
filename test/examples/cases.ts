/** The examples: where their data lies, and how a record reads as a line of the independent answer. */
import { createHash } from 'node:crypto'

export interface OutputRecord {
  readonly key: unknown
  readonly value: unknown
  /** Where the job has several: the one that it is of. */
  readonly output?: string
}

export type Counters = Readonly<Record<string, number>>

export interface ExampleCase {
  /** examples/NAME.ts and examples/expected/NAME.tsv */
  readonly name: string
  /** Dataset → folder under examples/data. */
  readonly data: Readonly<Record<string, string>>
  /** The lines of the answer; their order counts only where `ordered` says so. */
  readonly lines: (records: readonly OutputRecord[], counters: Counters) => string[]
  readonly ordered?: boolean
}

const fields = (value: unknown, ...names: string[]): unknown[] =>
  names.map((name) => Reflect.get(Object(value) as object, name) as unknown)
const line = (...cells: unknown[]): string => cells.map(String).join('\t')
const list = (value: unknown): string => `${(value as unknown[]).length}\t${(value as unknown[]).join(',')}`
const each =
  (read: (record: OutputRecord) => string): ExampleCase['lines'] =>
  (records) =>
    records.map(read)

export const CASES: readonly ExampleCase[] = [
  { name: 'revenue', data: { purchases: 'purchases' }, lines: each(({ key, value }) => line(key, value)) },
  { name: 'word-count', data: { books: 'books' }, lines: each(({ key, value }) => line(key, value)) },
  { name: 'grep', data: { logs: 'logs' }, lines: each(({ key, value }) => line(key, value)), ordered: true },
  {
    name: 'url-frequency',
    data: { logs: 'logs' },
    lines: each(({ key, value }) => line(key, ...fields(value, 'requests', 'bytes'))),
  },
  {
    name: 'sessions',
    data: { logs: 'logs' },
    lines: each(({ key, value }) => line(key, ...fields(value, 'sessions', 'requests'))),
  },
  { name: 'inverted-index', data: { books: 'books' }, lines: each(({ key, value }) => line(key, list(value))) },
  {
    name: 'sort-lines',
    data: { books: 'books' },
    lines: (records) => [
      line(
        'sha256',
        createHash('sha256')
          .update(records.map(({ key }) => `${String(key)}\n`).join(''))
          .digest('hex'),
      ),
      line('lines', records.length),
    ],
    ordered: true,
  },
  {
    name: 'reverse-routes',
    data: { openflights: 'openflights' },
    lines: each(({ key, value }) => line(key, list(value))),
  },
  { name: 'reverse-links', data: { links: 'links' }, lines: each(({ key, value }) => line(key, list(value))) },
  {
    name: 'weather',
    data: { weather: 'weather' },
    lines: each(({ key, value }) => line(key, ...fields(value, 'min', 'mean', 'max'))),
  },
  {
    name: 'billing',
    data: { retail: 'retail' },
    lines: each(({ key, value }) => line(key, ...fields(value, 'invoices', 'lines', 'gross', 'returns', 'net'))),
  },
  {
    name: 'rollup',
    data: { retail: 'retail' },
    lines: each(({ key, value }) => line(...(key as string[]), ...fields(value, 'lines', 'mills'))),
  },
  { name: 'reconcile', data: { retail: 'retail' }, lines: monthsOf },
  {
    name: 'payments',
    data: { payments: 'payments' },
    lines: each(({ key, value }) => line(key, ...fields(value, 'finding', 'booked', 'paid', 'payments'))),
  },
  {
    name: 'flights',
    data: { flights: 'flights' },
    lines: each(({ key, value }) => line(key, ...fields(value, 'flights', 'delay', 'longest', 'distance'))),
  },
  {
    name: 'recommend',
    data: { retail: 'retail' },
    lines: (records, counters) => [
      ...records.map(({ key, value }) => line(key, (value as unknown[]).map(partner).join(','))),
      ...countersOf(counters),
    ],
  },
  {
    name: 'enrich',
    data: { openflights: 'openflights' },
    lines: (records, counters) => [
      ...records.map(({ key, value }) => line(...(key as string[]), ...fields(value, 'routes', 'abroad', 'unplaced'))),
      ...countersOf(counters),
    ],
  },
  {
    name: 'pipeline',
    data: { retail: 'retail' },
    lines: each(({ output, key, value }) => line(output, ...(key as string[]), ...pipelineCells(output, value))),
  },
]

const partner = (value: unknown): string => fields(value, 'product', 'together', 'cosine').join(':')

const countersOf = (counters: Counters): string[] =>
  Object.entries(counters).map(([name, count]) => line('counter', name, count))

function pipelineCells(output: string | undefined, value: unknown): unknown[] {
  if (output === 'cancellations') return fields(value, 'verdict', 'customer', 'stock', 'invoice', 'mills')
  const [sold, cancelled] = fields(value, 'sold', 'cancelled')
  return [...fields(sold, 'lines', 'mills'), ...fields(cancelled, 'lines', 'mills', 'unmatched')]
}

/** One record for each cancellation → month, lines, matched, unmatched, mills matched, mills unmatched. */
function monthsOf(records: readonly OutputRecord[]): string[] {
  const months = new Map<string, number[]>()
  for (const { key, value } of records) {
    const [verdict, mills] = fields(value, 'verdict', 'mills')
    const month = months.get(String(key)) ?? [0, 0, 0, 0, 0]
    const unmatched = verdict === 'matched' ? 0 : 1
    for (const [column, more] of [
      [0, 1],
      [1 + unmatched, 1],
      [3 + unmatched, Number(mills)],
    ] as const)
      month[column] = (month[column] ?? 0) + more
    months.set(String(key), month)
  }
  return [...months].map(([month, counts]) => line(month, ...counts))
}
