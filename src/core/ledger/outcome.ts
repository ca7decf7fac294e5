import { canonicalJson } from '../hash.ts'
import type { ErrorJson } from '../errors.ts'
import type { Digest } from '../types.ts'

/**
 * How a job ended: a lattice value, so that every node that knows the same facts says the same.
 * An exact result outranks a wish to stop; two different results are a dispute, for ever.
 */
export type Outcome =
  | { readonly kind: 'open' }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'failed'; readonly error: ErrorJson }
  /** `again`: the round in which parts that were lost are made again, see remake.ts. */
  | { readonly kind: 'sealed'; readonly result: Digest; readonly again?: number }
  | { readonly kind: 'disputed'; readonly results: readonly [Digest, Digest] }
  /** Two snapshots were pinned under one key: there are two jobs of this id, and neither counts. */
  | { readonly kind: 'key-conflict'; readonly snapshots: readonly [Digest, Digest] }

const HEIGHT: Record<Outcome['kind'], number> = {
  open: 0,
  cancelled: 1,
  failed: 2,
  sealed: 3,
  disputed: 4,
  'key-conflict': 5,
}

/** The greater of two outcomes; returns `a` itself when `b` adds nothing. */
export function joinOutcome(a: Outcome, b: Outcome): Outcome {
  const snapshots = [a, b].flatMap((outcome) => (outcome.kind === 'key-conflict' ? outcome.snapshots : []))
  if (snapshots.length > 0) {
    const joined = keyConflict(snapshots)
    return canonicalJson(joined) === canonicalJson(a) ? a : joined
  }
  const results = [...resultsOf(a), ...resultsOf(b)]
  if (a.kind === 'disputed' || b.kind === 'disputed' || new Set(results).size > 1) {
    const joined = dispute(results)
    return canonicalJson(joined) === canonicalJson(a) ? a : joined
  }
  if (HEIGHT[a.kind] !== HEIGHT[b.kind]) return HEIGHT[a.kind] > HEIGHT[b.kind] ? a : b
  if (a.kind === 'sealed' && b.kind === 'sealed') return (b.again ?? 0) > (a.again ?? 0) ? b : a
  if (a.kind === 'failed' && b.kind === 'failed') return canonicalJson(a.error) <= canonicalJson(b.error) ? a : b
  return a
}

/** The results that an outcome knows of: a seal that comes after a dispute is part of it. */
function resultsOf(outcome: Outcome): readonly Digest[] {
  if (outcome.kind === 'sealed') return [outcome.result]
  return outcome.kind === 'disputed' ? outcome.results : []
}

/** The two least of the results seen: the same pair on every node. */
export function dispute(results: readonly Digest[]): Outcome {
  const [first, second] = [...new Set(results)].sort()
  return { kind: 'disputed', results: [first!, second ?? first!] }
}

/** The two least of the snapshots seen. */
export function keyConflict(snapshots: readonly Digest[]): Outcome {
  const [first, second] = [...new Set(snapshots)].sort()
  return { kind: 'key-conflict', snapshots: [first!, second ?? first!] }
}

/** Whether it counts in every round, and no later one takes it back. */
export function isLasting({ kind }: Outcome): boolean {
  return HEIGHT[kind] >= HEIGHT.sealed
}

/** Whether no more work is to be done in this round. */
export function isOver(outcome: Outcome): boolean {
  return outcome.kind !== 'open'
}
