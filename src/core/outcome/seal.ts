import { contentId } from '../hash.ts'
import { agreed, isConflict, type Ledger, type Output } from '../ledger/ledger.ts'
import { consumedRoot, consumedRoots, producersOf, readingSteps, tasksOf } from '../plan/graph.ts'
import type { Plan, PlannedTask, Step, StepIndex } from '../plan/steps.ts'
import type { Digest, TaskIndex } from '../types.ts'

/** The digests of what a task consumes, in order, or null while one is missing. */
export function consumedDigests(plan: Plan, ledger: Ledger, task: PlannedTask): Digest[] | null {
  const digests: Digest[] = []
  for (const producer of producersOf(plan, task)) {
    const digest = ledger.digests[producer] ?? null
    if (digest === null) return null
    digests.push(digest)
  }
  return digests
}

/** The root that a task must have consumed, or null while that is not known; '' where it reads shards only. */
export function expectedConsumed(plan: Plan, ledger: Ledger, task: PlannedTask): Digest | '' | null {
  const digests = consumedDigests(plan, ledger, task)
  return digests === null ? null : consumedRoot(plan, task, digests)
}

export interface Seal {
  readonly result: Digest
}

/**
 * The result of a job, or null while its facts do not prove it complete: every task has one output; what each consumed
 * is what the ledger holds, over every edge down to the snapshot; records balance over each edge that moves them, and as
 * many were read as the snapshot has, where that is known. A pure function of the ledger: any node can tell, and all
 * tell the same.
 */
export function seal(plan: Plan, ledger: Ledger, knownRows: number | null): Seal | null {
  if (!isComplete(ledger)) return null
  if (!plan.steps.every((step) => isSound(plan, ledger, step))) return null
  const read = readingSteps(plan).reduce((sum, step) => sum + sumOver(ledger, step, (output) => output.read), 0)
  if (knownRows !== null && read !== knownRows) return null
  return { result: sealedResult(plan, ledger) }
}

/** The result of a complete ledger: of one output that of its parts, of several that of all of them, by name. */
export function sealedResult(plan: Plan, ledger: Ledger): Digest {
  const digests = plan.outputs.map(({ name, step }) => {
    const parts = tasksOf(plan, plan.steps[step]!).map(({ index }) => agreed(ledger.tasks[index])!.part)
    return [name, resultDigest(parts)] as const
  })
  return digests.length === 1 ? digests[0]![1] : contentId('results', digests)
}

/**
 * The same for one step: all its outputs agree, and follow from the snapshot through all steps before it, as far as
 * these are known. What is acted upon before the seal is acted upon behind this alone.
 */
export function isProved(plan: Plan, ledger: Ledger, index: StepIndex): boolean {
  const open = [index]
  const seen = new Set(open)
  for (let at = 0; at < open.length; at++) {
    const step = plan.steps[open[at]!]!
    for (let i = step.first; i < step.first + step.count; i++) if (agreed(ledger.tasks[i]) === null) return false
    if (!isSound(plan, ledger, step)) return false
    for (const { from } of step.inputs)
      if (!seen.has(from)) {
        seen.add(from)
        open.push(from)
      }
  }
  return true
}

/** What a step's tasks consumed is what the ledger holds, and records balance over its edges. */
function isSound(plan: Plan, ledger: Ledger, step: Step): boolean {
  return (
    hasConsumedWhatIsHeld(plan, ledger, step) && step.inputs.every((_, edge) => isBalanced(plan, ledger, edge, step))
  )
}

function hasConsumedWhatIsHeld(plan: Plan, ledger: Ledger, step: Step): boolean {
  const digest = (producer: TaskIndex): Digest | null => ledger.digests[producer] ?? null
  const expected = consumedRoots(plan, step, digest)
  return tasksOf(plan, step).every(({ index, at }) => agreed(ledger.tasks[index])?.consumed === expected(at))
}

/**
 * What went out over an edge is what came in: in all where records are dealt out by key, task by task where they stay,
 * and for each task where it reads all of them. Sampled keys and bounds are no records.
 */
function isBalanced(plan: Plan, ledger: Ledger, edge: number, step: Step): boolean {
  const { from, how } = step.inputs[edge]!
  const producer = plan.steps[from]!
  if (producer.gives === 'keys' || producer.gives === 'fact') return true
  const gave = (output: Output): number => output.gave
  const took = (output: Output): number => output.took[edge] ?? 0
  const at = (index: number, of: (output: Output) => number): number => of(agreed(ledger.tasks[index])!)
  const places = Array.from({ length: step.count }, (_, i) => i)
  switch (how) {
    case 'hash':
    case 'range':
      return sumOver(ledger, producer, gave) === sumOver(ledger, step, took)
    case 'same':
      return places.every((i) => at(producer.first + i, gave) === at(step.first + i, took))
    case 'broadcast':
    case 'gather': {
      const all = sumOver(ledger, producer, gave)
      return places.every((i) => at(step.first + i, took) === all)
    }
  }
}

function sumOver(ledger: Ledger, { first, count }: Step, of: (output: Output) => number): number {
  let sum = 0
  for (let i = first; i < first + count; i++) sum += of(agreed(ledger.tasks[i])!)
  return sum
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
