/** A line of the retail data, and what the jobs over it have in common.. */
export type InvoiceLine = {
  readonly InvoiceNo: string
  readonly StockCode: string
  readonly Quantity: string
  readonly InvoiceDate: string
  readonly UnitPrice: string
  readonly CustomerID: string
  readonly Country: string
}

/** CustomerID is written as `17850.0`, or empty. */
export function customerOf(line: InvoiceLine): string {
  return line.CustomerID.split('.')[0] || 'GUEST'
}

/** Quantity × UnitPrice in mills (thousandths of a pound), exactly: prices have at most three decimals. */
export function millsOf(line: InvoiceLine): bigint {
  return BigInt(line.Quantity) * BigInt(Math.round(Number(line.UnitPrice) * 1000))
}

/** `2010-12` */
export function monthOf(line: InvoiceLine): string {
  return line.InvoiceDate.slice(0, 7)
}
