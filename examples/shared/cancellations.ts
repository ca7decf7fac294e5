/** Which cancellations of the retail data can be matched with a sale. */
import { customerOf, type InvoiceLine, millsOf, monthOf } from './retail-line.ts'

/** A sale or its cancellation: what may match meets under one key. */
export type Side = {
  readonly sale: boolean
  readonly at: string
  readonly invoice: string
  readonly country: string
  readonly month: string
  readonly mills: bigint
}

export type Key = readonly [customer: string, stock: string, price: string, quantity: number]

export type Cancellation = {
  readonly verdict: 'matched' | 'unmatched'
  readonly customer: string
  readonly stock: string
  readonly invoice: string
  readonly mills: bigint
}

/** Undefined for a line that is neither: a correction of the stock. */
export function sideOf(line: InvoiceLine): readonly [Key, Side] | undefined {
  const quantity = Number(line.Quantity)
  const cancelled = line.InvoiceNo.startsWith('C')
  if (cancelled !== quantity < 0 || quantity === 0) return undefined
  const price = Math.round(Number(line.UnitPrice) * 1000)
  const side = {
    sale: !cancelled,
    at: line.InvoiceDate,
    invoice: line.InvoiceNo,
    country: line.Country,
    month: monthOf(line),
    mills: millsOf(line),
  }
  return [[customerOf(line), line.StockCode, String(price), Math.abs(quantity)], side]
}

/** The cancellations among what meets under a key: matched is one of a known customer, with an earlier sale. */
export function cancellationsOf(
  [customer, stock]: Key,
  sides: Iterable<Side>,
): { country: string; month: string; cancellation: Cancellation }[] {
  let firstSale = '9999'
  const cancelled: Side[] = []
  for (const side of sides) {
    if (!side.sale) cancelled.push(side)
    else if (side.at < firstSale) firstSale = side.at
  }
  return cancelled.map(({ at, invoice, country, month, mills }) => {
    const verdict = customer !== 'GUEST' && firstSale < at ? 'matched' : 'unmatched'
    return { country, month, cancellation: { verdict, customer, stock, invoice, mills } }
  })
}
