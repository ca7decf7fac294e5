import { canonicalJson } from './hash.ts'
import type { ErrorJson } from './errors.ts'
import type { Digest } from './types.ts'

/**
 * How a job ended: a lattice value, so that every node that knows the same facts says the same.
 * An exact result outranks a wish to stop; two different results are a dispute, for ever.
 */
export type Outcome =
  | { readonly kind: 'open' }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'failed'; readonly error: ErrorJson }
  | { readonly kind: 'sealed'; readonly result: Digest }
  | { readonly kind: 'disputed'; readonly results: readonly [Digest, Digest] }

const HEIGHT: Record<Outcome['kind'], number> = { open: 0, cancelled: 1, failed: 2, sealed: 3, disputed: 4 }

/** The greater of two outcomes; returns `a` itself when `b` adds nothing. */
export function joinOutcome(a: Outcome, b: Outcome): Outcome {
  if (HEIGHT[a.kind] !== HEIGHT[b.kind]) return HEIGHT[a.kind] > HEIGHT[b.kind] ? a : b
  if (a.kind === 'sealed' && b.kind === 'sealed') return a.result === b.result ? a : dispute([a.result, b.result])
  if (a.kind === 'disputed' && b.kind === 'disputed') {
    const joined = dispute([...a.results, ...b.results])
    return canonicalJson(joined) === canonicalJson(a) ? a : joined
  }
  if (a.kind === 'failed' && b.kind === 'failed') return canonicalJson(a.error) <= canonicalJson(b.error) ? a : b
  return a
}

/** The two least of the results seen: the same pair on every node. */
export function dispute(results: readonly Digest[]): Outcome {
  const [first, second] = [...new Set(results)].sort()
  return { kind: 'disputed', results: [first!, second ?? first!] }
}

/** Whether no more work is to be done in this round. */
export function isOver(outcome: Outcome): boolean {
  return outcome.kind !== 'open'
}
