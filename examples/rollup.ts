/**
 * Lines and net amount by country and month, by country, and of all: a rollup with three kinds of keys.
 *
 *   npm run -s shoal -- run examples/rollup.ts --local --data retail=examples/data/retail --format table
 *
 * Expected answer: expected/rollup.tsv, by Python's csv (expected/how/rollup.py).
 */
import { defineJob } from 'shoal/job'
import { millsOf, monthOf, type InvoiceLine } from './shared/retail-line.ts'

type Sum = {
  readonly lines: number
  readonly mills: bigint
}

const add = (a: Sum, b: Sum): Sum => ({ lines: a.lines + b.lines, mills: a.mills + b.mills })

export default defineJob<InvoiceLine, readonly [country: string, month: string], Sum>({
  input: 'retail',
  map(line, { emit }) {
    const one = { lines: 1, mills: millsOf(line) }
    emit([line.Country, monthOf(line)], one)
    emit([line.Country, 'ALL'], one)
    emit(['ALL', 'ALL'], one)
  },
  combine: add,
  reduce(key, parts, { emit }) {
    let sum: Sum = { lines: 0, mills: 0n }
    for (const part of parts) sum = add(sum, part)
    emit(key, sum)
  },
})
