/**
 * Which cancellations can be matched with a sale: one earlier, of the same customer, product and price, and with the
 * opposite quantity. Each cancellation line gives a record under its month; the totals by month are counters, which are
 * exact under any retry, and stand in the receipt.
 *
 *   npm run -s shoal -- run examples/reconcile.ts --local --data retail=examples/data/retail -o cancellations.csv
 *
 * Expected answer: expected/reconcile.tsv, by Python's csv (expected/how/reconcile.py).
 */
import { defineJob } from 'shoal/job'
import { customerOf, millsOf, monthOf, type InvoiceLine } from './shared/retail-line.ts'

/** A sale or its cancellation: what may match meets under one key. */
type Side = {
  readonly sale: boolean
  readonly at: string
  readonly invoice: string
  readonly month: string
  readonly mills: bigint
}

type Key = readonly [customer: string, stock: string, price: string, quantity: number]

export default defineJob<InvoiceLine, Key, Side>({
  input: 'retail',
  map(line, { emit }) {
    const quantity = Number(line.Quantity)
    const cancelled = line.InvoiceNo.startsWith('C')
    if (cancelled !== quantity < 0 || quantity === 0) return
    const price = Math.round(Number(line.UnitPrice) * 1000)
    emit([customerOf(line), line.StockCode, String(price), Math.abs(quantity)], {
      sale: !cancelled,
      at: line.InvoiceDate,
      invoice: line.InvoiceNo,
      month: monthOf(line),
      mills: millsOf(line),
    })
  },
  reduce([customer, stock], sides, { emit, counter }) {
    let firstSale = '9999'
    const cancellations: Side[] = []
    for (const side of sides) {
      if (!side.sale) cancellations.push(side)
      else if (side.at < firstSale) firstSale = side.at
    }
    for (const { at, invoice, month, mills } of cancellations) {
      const verdict = customer !== 'GUEST' && firstSale < at ? 'matched' : 'unmatched'
      counter(`${month} ${verdict} lines`).add(1)
      counter(`${month} ${verdict} mills`).add(Number(mills))
      emit(month, { verdict, customer, stock, invoice, mills })
    }
  },
})
