/**
 * A bill for each customer of a year of retail invoices: distinct invoices, lines, gross, returns, net. Money is whole
 * mills (thousandths of a pound), because prices have up to three decimals; a bill is never a sum of floats.
 *
 *   npm run -s shoal -- run examples/billing.ts --local --data retail=examples/data/retail --key bills-2011-05 -o bills.csv
 *
 * Expected answer: expected/billing.tsv, by Python's csv (expected/how/billing.py).
 */
import { defineJob } from 'shoal/job'
import { customerOf, millsOf, type InvoiceLine } from './shared/retail-line.ts'
import { sortedUnion } from './shared/sorted-union.ts'

type Bill = {
  readonly invoices: readonly string[]
  readonly lines: number
  readonly gross: bigint
  readonly returns: bigint
}

const join = (a: Bill, b: Bill): Bill => ({
  invoices: sortedUnion(a.invoices, b.invoices),
  lines: a.lines + b.lines,
  gross: a.gross + b.gross,
  returns: a.returns + b.returns,
})

export default defineJob<InvoiceLine, string, Bill>({
  input: 'retail',
  map(line, { emit }) {
    const mills = millsOf(line)
    const sale = Number(line.Quantity) > 0
    emit(customerOf(line), {
      invoices: [line.InvoiceNo],
      lines: 1,
      gross: sale ? mills : 0n,
      returns: sale ? 0n : mills,
    })
  },
  combine: join,
  reduce(customer, bills, { emit }) {
    const invoices = new Set<string>()
    let [lines, gross, returns] = [0, 0n, 0n]
    for (const bill of bills) {
      for (const invoice of bill.invoices) invoices.add(invoice)
      lines += bill.lines
      gross += bill.gross
      returns += bill.returns
    }
    emit(customer, { invoices: invoices.size, lines, gross, returns, net: gross + returns })
  },
})
