/** The graph of a job: its stages, the steps of each, what these read, and what has gone from which to which. */
import type { Flow, GraphAnswer, RowsRead, StageGraph, StepGraph, StepRead, StepState } from '../../control/api.ts'
import { agreed, type Output } from '../../core/ledger/ledger.ts'
import { failureIndex } from '../../core/ledger/failures.ts'
import { isStanding } from '../../core/members/candidates.ts'
import { isLive } from '../../core/members/liveness.ts'
import { producersOver, tasksOf } from '../../core/plan/graph.ts'
import { stagesOf } from '../../core/plan/stages.ts'
import type { Edge, Plan, PlannedTask, Step } from '../../core/plan/steps.ts'
import type { JobState } from '../../core/state.ts'
import type { JobSpec, Snapshot } from '../../core/types.ts'
import type { Context } from '../context.ts'
import { statusOf } from './job-views.ts'
import { runsSent, type RunsSent } from './runs-sent.ts'
import { outputName, stageName, stepWord } from '../stage-names.ts'

type Planned = { readonly plan: Plan; readonly record: { readonly spec: JobSpec; readonly snapshot: Snapshot } }

/** Stage by stage, each with what `of` says of its steps that have tasks; those that make its table are its own. */
function stagesWith<T extends StepGraph>({ plan, record: { spec } }: Planned, of: (step: Step) => T): StageGraph<T>[] {
  const stages = new Map<string, T[]>()
  for (const step of plan.steps) {
    if (step.count === 0) continue
    const stage = stageName(spec, step)
    stages.set(stage, [...(stages.get(stage) ?? []), of(step)])
  }
  return [...stages].map(([stage, steps]) => ({ stage, steps }))
}

/** What a job's graph is before anything runs. */
export function plannedGraph(job: Planned): StageGraph[] {
  return stagesWith(job, (step) => ({ ...drawn(job, step), reads: readsOf(job, step) }))
}

function drawn({ plan, record: { spec } }: Planned, step: Step): Omit<StepGraph, 'reads'> {
  const output = outputName({ plan }, step)
  return { step: stepWord(spec, step), tasks: step.count, partitions: step.deals, output }
}

function readsOf(job: Planned, step: Step): (RowsRead | StepRead)[] {
  return [...rowsOf(job, step), ...step.inputs.map((edge) => overEdge(job, edge))]
}

function overEdge({ plan, record: { spec } }: Planned, { from, how }: Edge): StepRead {
  const producer = plan.steps[from]!
  return { how, stage: stageName(spec, producer), step: stepWord(spec, producer) }
}

/** The inputs that a step's stage reads, where its tasks read shards. */
function rowsOf({ record: { spec, snapshot } }: Planned, step: Step): RowsRead[] {
  if (!step.readsShards) return []
  return (stagesOf(spec).stages[step.stage]?.reads ?? []).flatMap((read) => {
    if (!('input' in read)) return []
    const { dataset, glob } = spec.inputs[read.input]!
    const { shards } = snapshot.inputs[read.input]!
    return [{ how: 'rows', dataset, glob, shards: shards.length, bytes: shards.reduce((n, { size }) => n + size, 0) }]
  })
}

/** The same while it runs, and once it is over. */
export async function graphOf(context: Context, job: JobState): Promise<GraphAnswer> {
  const sent = await runsSent(context, job)
  const failures = failureIndex(context.state, job)
  const isRunning = ({ index }: PlannedTask): boolean => {
    const { claim, output } = job.ledger.tasks[index]!
    if (output !== null || claim === null || !isLive(context.state, claim.owner)) return false
    return isStanding(context.state, claim, failures.get(index))
  }
  return {
    schema: 'shoal.graph/1',
    job: job.record.id,
    name: job.record.spec.name,
    state: statusOf(context, job),
    stages: stagesWith(job, (step): StepState => {
      const tasks = tasksOf(job.plan, step)
      const done = tasks.filter(({ index }) => outputAt(job, index) !== null)
      const sum = (of: (output: Output) => number): number =>
        done.reduce((n, { index }) => n + of(outputAt(job, index)!), 0)
      const givesRecords = step.gives === 'runs' || step.gives === 'part'
      return {
        ...drawn(job, step),
        done: tasks.filter(({ index }) => job.ledger.tasks[index]!.output !== null).length,
        running: tasks.filter(isRunning).length,
        reads: [
          ...rowsOf(job, step).map((rows): Flow => ({ ...rows, went: readOfShards(job, step, sum) })),
          ...step.inputs.map((edge, at): Flow => ({
            ...overEdge(job, edge),
            went: wentOver(job, edge, at, done, sent),
          })),
        ],
        gave: givesRecords ? sum(({ gave }) => gave) : null,
        bytes: step.gives === 'part' ? sum(({ bytes }) => bytes) : null,
      }
    }),
  }
}

function outputAt({ ledger }: JobState, index: number): Output | null {
  return agreed(ledger.tasks[index])
}

/** Several inputs of one stage are read by the same tasks: what was read of each is not told apart. */
function readOfShards(job: JobState, step: Step, sum: (of: (output: Output) => number) => number): Flow['went'] {
  if (rowsOf(job, step).length > 1) return { records: null, bytes: null }
  return { records: sum(({ read }) => read), bytes: sum(({ bytes }) => bytes) }
}

/** What tasks that are done have taken over one of their step's edges. Sampled keys and bounds are no records. */
function wentOver(job: JobState, edge: Edge, at: number, done: readonly PlannedTask[], sent: RunsSent): Flow['went'] {
  const producer = job.plan.steps[edge.from]!
  if (producer.gives !== 'runs' && producer.gives !== 'part') return { records: null, bytes: null }
  const records = done.reduce((n, { index }) => n + (outputAt(job, index)!.took[at] ?? 0), 0)
  if (producer.gives === 'runs') return { records, bytes: sent(producer, done) }
  let bytes: number | null = 0
  for (const task of done)
    for (const from of producersOver(job.plan, edge, task)) {
      const output = outputAt(job, from)
      bytes = bytes === null || output === null ? null : bytes + output.bytes
    }
  return { records, bytes }
}
