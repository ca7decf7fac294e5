/**
 * What is bought together: for each product the five others that are most like it, by cosine: the number of baskets
 * that have both, over the root of the number that have the one times the number that have the other.
 *
 *   npm run -s shoal -- run examples/recommend.ts --local --data retail=examples/data/retail -o partners.ndjson
 *
 * A basket of n products has n × (n − 1) / 2 pairs, so that a few huge ones would be most of the work. Of each no more
 * products count than the parameter `items` says (`--param items=1000`), and counters say what was left out.
 *
 * Expected answer: expected/recommend.tsv, by Python (expected/how/recommend.py).
 */
import { defineJob, kv, type ReduceContext, rows, stage, unique } from 'shoal/job'
import type { InvoiceLine } from './shared/retail-line.ts'

type Pair = readonly [one: string, other: string]
type Partner = { readonly product: string; readonly together: number; readonly cosine: number }

const add = (a: number, b: number): number => a + b

/** Invoice → its products, each once: those that were written down first. */
const baskets = stage('baskets', {
  input: rows<InvoiceLine>('retail'),
  emits: kv<string, string>(),
  map(line, { emit }) {
    if (!line.InvoiceNo.startsWith('C') && Number(line.Quantity) > 0) emit(line.InvoiceNo, line.StockCode)
  },
  reduce(invoice, products, { emit, counter, params }: ReduceContext<string, readonly string[]>) {
    const basket = new Set<string>()
    const leftOut = new Set<string>()
    for (const product of products) {
      if (basket.size < Number(params['items'])) basket.add(product)
      else if (!basket.has(product)) leftOut.add(product)
    }
    if (leftOut.size > 0) {
      counter('baskets cut').add()
      counter('products left out of baskets').add(leftOut.size)
    }
    emit(invoice, [...basket].sort())
  },
  // By the size of the input there would be one, and pairs are many more; what reads this has as many.
  partitions: 6,
})

/** Product → the number of baskets that have it. */
const popularity = stage('popularity', {
  input: baskets,
  emits: kv<string, number>(),
  map(_invoice, basket, { emit }) {
    for (const product of basket) emit(product, 1)
  },
  combine: add,
})

/** Two products, in order → the number of baskets that have both. */
const pairs = stage('pairs', {
  input: baskets,
  emits: kv<Pair, number>(),
  map(_invoice, basket, { emit }) {
    for (const [i, one] of basket.entries()) for (const other of basket.slice(i + 1)) emit([one, other], 1)
  },
  combine: add,
})

/** Product → those most like it, the best first. Pairs that few baskets have say nothing, and are left out. */
const partners = stage('partners', {
  input: pairs,
  side: { popularity: unique(popularity) },
  emits: kv<string, Partner>(),
  map([one, other], together, { emit, params, side }) {
    if (together < Number(params['least'])) return
    const baskets = (product: string): number => side.popularity.get(product) ?? 0
    // Whole numbers up to the root, so that any tool that computes this in doubles has the same bits.
    const cosine = together / Math.sqrt(baskets(one) * baskets(other))
    emit(one, { product: other, together, cosine })
    emit(other, { product: one, together, cosine })
  },
  reduce(product, others, { emit, params }: ReduceContext<string, readonly Partner[]>) {
    const best: Partner[] = []
    for (const other of others) {
      best.push(other)
      best.sort((a, b) => b.cosine - a.cosine || (a.product < b.product ? -1 : 1))
      if (best.length > Number(params['top'])) best.pop()
    }
    emit(product, best)
  },
})

export default defineJob({ params: { items: '30', least: '10', top: '5' }, output: partners })
