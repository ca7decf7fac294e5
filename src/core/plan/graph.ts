/** Who feeds whom: the questions about a job's graph, answered from steps and edges alone. */
import { rootOf } from '../hash.ts'
import type { Digest, TaskIndex } from '../types.ts'
import type { Edge, How, Plan, PlannedTask, Step } from './steps.ts'

export function tasksOf(plan: Plan, step: Step): readonly PlannedTask[] {
  return plan.tasks.slice(step.first, step.first + step.count)
}

/** The steps whose parts are the result, in the order in which these are hashed. */
export function outputSteps(plan: Plan): readonly Step[] {
  return plan.outputs.map(({ step }) => plan.steps[step]!)
}

/** The tasks whose parts are the result, in its order. */
export function outputTasks(plan: Plan): readonly PlannedTask[] {
  return outputSteps(plan).flatMap((step) => tasksOf(plan, step))
}

/** The steps that read the job's records: those that only sample them read them a second time. */
export function readingSteps(plan: Plan): readonly Step[] {
  return plan.steps.filter((step) => step.readsShards && step.gives !== 'keys')
}

/** Tasks of these, in order. */
export function readingTasks(plan: Plan): readonly PlannedTask[] {
  return readingSteps(plan).flatMap((step) => tasksOf(plan, step))
}

/** The tasks whose outputs a task consumes, in the order of its edges and, over each, of the plan. */
export function* producersOf(plan: Plan, task: PlannedTask): Generator<TaskIndex> {
  for (const edge of task.step.inputs) yield* producersOver(plan, edge, task)
}

export function* producersOver(plan: Plan, edge: Edge, task: PlannedTask): Generator<TaskIndex> {
  const { first, count } = plan.steps[edge.from]!
  if (edge.how === 'same') yield first + task.at
  else for (let i = first; i < first + count; i++) yield i
}

/** The tasks that consume a task's output, with how it reaches them. */
export function* consumersOf(plan: Plan, task: PlannedTask): Generator<{ how: How; consumer: PlannedTask }> {
  for (const { to, how } of task.step.feeds) {
    const step = plan.steps[to]!
    if (how === 'same') yield { how, consumer: plan.tasks[step.first + task.at]! }
    else for (let i = step.first; i < step.first + step.count; i++) yield { how, consumer: plan.tasks[i]! }
  }
}

/** How the output of one task reaches another that consumes it; null where it does not. */
export function howBetween(producer: PlannedTask, consumer: PlannedTask | undefined): How | null {
  const feed = producer.step.feeds.find(({ to }) => to === consumer?.step.index)
  if (feed === undefined || (feed.how === 'same' && consumer?.at !== producer.at)) return null
  return feed.how
}

/** Each of its consumers needs all of it: what has come for one has come for all of them. */
export function isBroadcast(step: Step): boolean {
  return step.feeds.some(({ how }) => how === 'broadcast')
}

/**
 * What a manifest says that its task consumed, of the digests of its producers in order: over each edge their root, of
 * one that is broadcast by a single task the digest itself; of several edges the root of these. '' where only shards are
 * read.
 */
export function consumedRoot(plan: Plan, task: PlannedTask, digests: readonly Digest[]): Digest | '' {
  const roots: Digest[] = []
  let at = 0
  for (const edge of task.step.inputs) {
    const count = edge.how === 'same' ? 1 : plan.steps[edge.from]!.count
    roots.push(rootOver(edge, digests.slice(at, (at += count))))
  }
  return rootOfAll(roots)
}

/**
 * The same of all tasks of a step, by their place in it; null while a digest is missing. Over an edge that is not of one
 * task to one all of them consume the same: its root is made once, for it is of as many digests as a step has tasks.
 */
export function consumedRoots(
  plan: Plan,
  step: Step,
  digest: (producer: TaskIndex) => Digest | null,
): (at: number) => Digest | '' | null {
  const shared = step.inputs.map((edge): Digest | null => {
    if (edge.how === 'same') return null
    const { first, count } = plan.steps[edge.from]!
    const digests = Array.from({ length: count }, (_, i) => digest(first + i))
    return digests.includes(null) ? null : rootOver(edge, digests as Digest[])
  })
  const alike =
    step.inputs.some(({ how }) => how === 'same') || shared.includes(null) ? null : rootOfAll(shared as Digest[])
  return (at) => {
    if (alike !== null) return alike
    const roots: Digest[] = []
    for (const [i, edge] of step.inputs.entries()) {
      const own = edge.how === 'same' ? digest(plan.steps[edge.from]!.first + at) : null
      const root = own === null ? shared[i]! : rootOver(edge, [own])
      if (root === null) return null
      roots.push(root)
    }
    return rootOfAll(roots)
  }
}

function rootOver({ how }: Edge, digests: readonly Digest[]): Digest {
  return how === 'broadcast' && digests.length === 1 ? digests[0]! : rootOf(digests)
}

function rootOfAll(roots: readonly Digest[]): Digest | '' {
  return roots.length > 1 ? rootOf(roots) : (roots[0] ?? '')
}

/** As people say it: `map 3/8`. */
export function taskName({ step, at }: PlannedTask): string {
  return `${step.name} ${at + 1}/${step.count}`
}
