/**
 * Two inputs under one key: what we booked (CSV) against what the bank says (NDJSON). Only what does not balance comes
 * out: unpaid, paid twice, a wrong amount, or a payment that nobody knows.
 *
 *   npm run -s shoal -- run examples/payments.ts --local --data payments=examples/data/payments --format table
 *
 * Expected answer: expected/payments.tsv, by Python (expected/how/payments.py).
 */
import { defineJob } from 'shoal/job'

type Booked = {
  readonly invoice: string
  readonly amount_cents: string
}

type Entry = {
  readonly reference: string
  readonly amount_cents: number
}

export default defineJob({
  input: { db: 'payments/*.csv', bank: 'payments/*.ndjson' },
  map: {
    db: (row: Booked, { emit }) => emit(row.invoice, BigInt(row.amount_cents)),
    bank: (entry: Entry, { emit }) => emit(entry.reference, BigInt(entry.amount_cents)),
  },
  reduce(reference: string, { db, bank }, { emit, counter }) {
    const booked: bigint[] = [...db]
    const paid: bigint[] = [...bank]
    const due = booked.reduce((a, b) => a + b, 0n)
    const got = paid.reduce((a, b) => a + b, 0n)
    const finding = judge(booked, paid, due === got)
    counter(finding).add()
    if (finding !== 'balanced') emit(reference, { finding, booked: due, paid: got, payments: paid.length })
  },
})

function judge(booked: readonly bigint[], paid: readonly bigint[], equal: boolean): string {
  if (booked.length === 0) return 'unknown'
  if (paid.length === 0) return 'unpaid'
  if (paid.length > 1) return 'paid twice'
  return equal ? 'balanced' : 'wrong amount'
}
