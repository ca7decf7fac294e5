/**
 * What must hold over the edges of a job, worked out from a node's ledger by plain sums: what was consumed, what went over
 * each edge, what a receipt is made of, where partitions lie. Each says what is wrong, or null.
 */
import { agreed, type Ledger, type Output } from '../../src/core/ledger/ledger.ts'
import { isEligible } from '../../src/core/members/candidates.ts'
import { liveHolders } from '../../src/core/members/holders.ts'
import type { ReduceWork } from '../../src/core/plan/work.ts'
import type { Edge, Plan, Step, StepIndex } from '../../src/core/plan/steps.ts'
import type { JobState, State } from '../../src/core/state.ts'
import type { TaskIndex } from '../../src/core/types.ts'
import type { Expected } from './oracle.ts'
import { sha256 } from './workload.ts'

export interface Problem {
  readonly rule: 'coverage' | 'mixture' | 'balance'
  readonly message: string
}

/** Places of a step's tasks among all. */
function placesOf({ first, count }: Step): TaskIndex[] {
  return Array.from({ length: count }, (_, i) => first + i)
}

function producers({ steps }: Plan, { from, how }: Edge, at: number): TaskIndex[] {
  const step = steps[from]!
  return how === 'same' ? [step.first + at] : placesOf(step)
}

/** The steps that these depend on, themselves among them. */
export function ancestors(plan: Plan, of: readonly StepIndex[]): Set<StepIndex> {
  const found = new Set(of)
  for (const index of found) for (const { from } of plan.steps[index]!.inputs) found.add(from)
  return found
}

/** Whether what is known of these steps, and of all before them, is of one execution in which nothing was lost or doubled. */
export function misfit(plan: Plan, ledger: Ledger, of: readonly StepIndex[]): Problem | null {
  for (const index of ancestors(plan, of)) {
    const step = plan.steps[index]!
    for (const task of placesOf(step)) {
      const output = agreed(ledger.tasks[task])
      if (output === null) return { rule: 'coverage', message: `there is no output of task ${task}` }
      if (output.consumed !== rootOver(plan, ledger, step, task - step.first))
        return { rule: 'mixture', message: `task ${task} consumed other outputs than the ledger has` }
    }
  }
  for (const index of ancestors(plan, of)) {
    const step = plan.steps[index]!
    for (const edge of step.inputs.keys()) {
      const message = imbalance(plan, ledger, step, edge)
      if (message !== null) return { rule: 'balance', message }
    }
  }
  return null
}

function rootOver(plan: Plan, ledger: Ledger, { inputs }: Step, at: number): string {
  const roots = inputs.map((edge) => {
    const digests = producers(plan, edge, at).map((task) => agreed(ledger.tasks[task])?.digest)
    return edge.how === 'broadcast' && digests.length === 1 ? digests[0]! : rootOf(digests)
  })
  return roots.length > 1 ? rootOf(roots) : (roots[0] ?? '')
}

function rootOf(digests: readonly (string | undefined)[]): string {
  return sha256(`shoal:root:${digests.join(',')}`)
}

function imbalance(plan: Plan, ledger: Ledger, step: Step, edge: number): string | null {
  const { from, how } = step.inputs[edge]!
  const producer = plan.steps[from]!
  if (producer.gives !== 'runs' && producer.gives !== 'part') return null
  const sum = (tasks: readonly TaskIndex[], of: (output: Output) => number): number =>
    tasks.reduce((total, task) => total + of(agreed(ledger.tasks[task])!), 0)
  const isDealt = how === 'hash' || how === 'range'
  const groups = isDealt ? [placesOf(step)] : placesOf(step).map((task) => [task])
  for (const tasks of groups) {
    const gave = sum(producers(plan, step.inputs[edge]!, tasks[0]! - step.first), (output) => output.gave)
    const took = sum(tasks, (output) => output.took[edge] ?? 0)
    if (gave !== took) return `${producer.name} gave ${gave} records, of which ${step.name} took ${took}`
  }
  return null
}

/** Whether a reduce was told of each step before it, and what that gave. */
export function mistold(
  plan: Plan,
  expected: Expected,
  { stage: name, partition, upstream }: ReduceWork,
): string | null {
  const own = plan.steps.find(
    (step) => step.kind === 'reduce' && (step.name === 'reduce' || step.name === `${name} reduce`),
  )!
  const before = [...ancestors(plan, [own.index])].filter(
    (index) => index !== own.index && ['runs', 'part'].includes(plan.steps[index]!.gives),
  )
  const told = upstream.map(({ step }) => step)
  if (told.join() !== before.sort((a, b) => a - b).join())
    return `is told of steps ${told.join()}, not of ${before.join()}`
  for (const { step: index, whole, gave } of upstream) {
    const step = plan.steps[index]!
    const { parts, emitted } = expected.stages[step.stage]!
    const sum = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0)
    const given = (): number => {
      if (step.gives === 'part') return whole ? parts.flat().length : parts[partition]!.length
      if (step.readsShards) return sum(emitted.flat())
      // Of what it reads each stage has a step of its own, in this order.
      const twins = plan.steps.filter(({ stage, kind }) => stage === step.stage && kind === 'map')
      const read = emitted.length === twins.length ? emitted[twins.indexOf(step)]! : null
      return read === null ? gave : sum(read)
    }
    if (gave !== given()) return `is told that ${step.name} gave ${gave} records, and it gave ${given()}`
  }
  return null
}

/**
 * The steps in whose place a released one's output is no longer needed: the nearest of parts on each way to the result.
 * Null where a way ends before.
 */
export function guards(plan: Plan, released: StepIndex): Set<StepIndex> | null {
  const found = new Set<StepIndex>()
  const open = new Set([released])
  for (const index of open) {
    const { feeds, isOutput } = plan.steps[index]!
    if (isOutput || feeds.length === 0) return null
    for (const { to } of feeds) (plan.steps[to]!.gives === 'part' ? found : open).add(to)
  }
  return found
}

/** On how many nodes each part of a step is to be before anything behind it goes, as a node sees who there is. */
export function partsWanted(state: State, job: JobState, { isOutput }: Step): number {
  const able = [...state.members.keys()].filter((node) => isEligible(state, job, node)).length
  return Math.max(1, Math.min(isOutput ? job.ledger.limits.copies : 2, able))
}

/** Whether a task that has an output is to be done again, as a node sees it now: someone needs it, and nobody has it. */
export function isLacking(state: State, job: JobState, task: TaskIndex): boolean {
  const { plan, ledger } = job
  const open = new Set([task])
  for (const index of open) {
    if (agreed(ledger.tasks[index]) === null) return true
    if (liveHolders(state, job, index).length > 0) continue
    const { step, at } = plan.tasks[index]!
    if (step.isOutput) return true
    for (const { to, how } of step.feeds) {
      const { first } = plan.steps[to]!
      for (const consumer of how === 'same' ? [first + at] : placesOf(plan.steps[to]!)) open.add(consumer)
    }
  }
  return false
}
