/** Accumulators merged in random trees, some of them after a way through their encoded form. */
import type { Aggregate, By } from '../../../src/data/aggregates/aggregate.ts'
import { ByteReader, ByteWriter } from '../../../src/data/bytes.ts'
import { encodeValue } from '../../../src/data/value.ts'
import type { Draws } from '../../random.ts'

export function hexOf(aggregate: Aggregate<never, never> | Aggregate, folded: unknown): string {
  const w = new ByteWriter()
  ;(aggregate as Aggregate).write(w, folded)
  return Buffer.from(w.view()).toString('hex')
}

export function hexOfValue(value: unknown): string {
  const w = new ByteWriter()
  encodeValue(w, value)
  return Buffer.from(w.view()).toString('hex')
}

/** All values, which keep their order, in a tree that is drawn. */
export function foldTree<Item, Folded>(
  aggregate: Aggregate<Item, Folded>,
  values: readonly unknown[],
  random: Draws,
  by: By | null = null,
): Folded {
  let folded: Folded
  if (values.length === 1) folded = aggregate.lift(aggregate.take(values[0], by))
  else if (random.chance(0.3)) {
    folded = foldTree(aggregate, values.slice(0, 1), random, by)
    for (const value of values.slice(1)) folded = aggregate.add(folded, aggregate.take(value, by))
  } else {
    const at = random.between(1, values.length - 1)
    const head = foldTree(aggregate, values.slice(0, at), random, by)
    folded = aggregate.merge(head, foldTree(aggregate, values.slice(at), random, by))
  }
  return random.chance(0.3) ? aggregate.read(new ByteReader(Buffer.from(hexOf(aggregate, folded), 'hex'))) : folded
}
