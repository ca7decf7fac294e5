import { agreed, isConflict, type Ledger, type Output } from '../ledger/ledger.ts'
import { contentId, rootOf } from '../hash.ts'
import { tasksOf, type Plan, type TaskKind } from '../plan/plan.ts'
import type { Digest } from '../types.ts'

/** The digests of a stage's tasks in task order, or null while one is missing. */
export function stageDigests(plan: Plan, ledger: Ledger, kind: TaskKind): Digest[] | null {
  const digests: Digest[] = []
  for (let i = plan.first[kind]; i < plan.first[kind] + plan.count[kind]; i++) {
    const output = agreed(ledger.tasks[i])
    if (output === null) return null
    digests.push(output.digest)
  }
  return digests
}

/** The root that a task of this kind must have consumed, or null while that is not known. '' where it reads shards only. */
export function expectedConsumed(plan: Plan, ledger: Ledger, kind: TaskKind): Digest | '' | null {
  if (kind === 'sample') return ''
  if (kind === 'map') {
    if (plan.count.bounds === 0) return ''
    return agreed(ledger.tasks[plan.first.bounds])?.digest ?? null
  }
  const digests = stageDigests(plan, ledger, kind === 'bounds' ? 'sample' : 'map')
  return digests === null ? null : rootOf(digests)
}

export interface Seal {
  readonly result: Digest
}

/**
 * The result of a job, or null while its facts do not prove it complete: every task has one output; what each consumed
 * is what the ledger holds, through all stages; records balance (emitted = sum of weights reduced; read = the
 * snapshot's count where it is known). A pure function of the ledger: any node can tell, and all tell the same.
 */
export function seal(plan: Plan, ledger: Ledger, knownRows: number | null): Seal | null {
  if (!isComplete(ledger)) return null
  let read = 0
  let emitted = 0
  let reduced = 0
  const parts: string[] = []
  for (const kind of ['sample', 'bounds', 'map', 'reduce'] as const) {
    const expected = plan.count[kind] === 0 ? '' : expectedConsumed(plan, ledger, kind)
    if (expected === null) return null
    for (const task of tasksOf(plan, kind)) {
      const output = agreed(ledger.tasks[task.index])
      if (output === null || output.consumed !== expected) return null
      if (kind === 'map') {
        read += output.records
        emitted += output.weight
      }
      if (kind === 'reduce') {
        reduced += output.weight
        parts.push(output.part)
      }
    }
  }
  if (emitted !== reduced || (knownRows !== null && read !== knownRows)) return null
  return { result: resultDigest(parts) }
}

/** Every task has one output. A complete ledger that does not seal never will: outputs only turn into conflicts. */
export function isComplete(ledger: Ledger): boolean {
  return ledger.tasks.every((task) => agreed(task) !== null)
}

/** H(partitions, part hashes in order): the same for every output format. */
export function resultDigest(parts: readonly string[]): Digest {
  return contentId('result', [parts.length, ...parts])
}

/** The conflict that no replay can undo: two outputs of one task over the same input. */
export function findConflict(ledger: Ledger): { task: number; pair: readonly [Output, Output] } | null {
  for (let i = 0; i < ledger.tasks.length; i++) {
    const output = ledger.tasks[i]!.output
    if (isConflict(output)) return { task: i, pair: output.conflict }
  }
  return null
}
