/** How far a job is: step by step, and node by node. */
import type { LaneProgress, PhaseProgress } from '../../control/api.ts'
import { liveHolders } from '../../core/members/holders.ts'
import { copiesWanted } from '../../core/exchange/copies.ts'
import { outputTasks, tasksOf } from '../../core/plan/graph.ts'
import type { Step } from '../../core/plan/steps.ts'
import type { JobState } from '../../core/state.ts'
import type { NodeId } from '../../core/types.ts'
import { nameOf, type Context } from '../context.ts'
import { hasStages, stageName, stepWord } from '../stage-names.ts'

export function phasesOf(context: Context, job: JobState): PhaseProgress[] {
  const { spec } = job.record
  const phases: PhaseProgress[] = []
  const reading = bytesRead(context, job)
  for (const step of job.plan.steps) {
    const tasks = tasksOf(job.plan, step)
    if (tasks.length === 0) continue
    const stage = hasStages(job) ? { stage: stageName(spec, step) } : {}
    const word = stepWord(spec, step)
    // `table shuffle` before the table of a stage.
    if (isDealtOut(step)) phases.push({ ...stage, ...shufflePhase(job, step, word.replace(/reduce$/, 'shuffle')) })
    let done = 0
    let bytes = 0
    let bytesTotal = 0
    for (const task of tasks) {
      bytesTotal += task.bytes
      if (job.ledger.tasks[task.index]!.output === null) {
        bytes += Math.min(task.bytes, reading.get(task.index) ?? 0)
        continue
      }
      done++
      bytes += task.bytes
    }
    phases.push({ ...stage, phase: word, done, total: tasks.length, bytes, bytesTotal })
  }
  phases.push(copyPhase(context, job))
  return phases
}

/** Input bytes that running tasks have read so far, as far as heartbeats have told. */
function bytesRead({ state }: Context, job: JobState): Map<number, number> {
  const read = new Map<number, number>()
  const beats = [...state.members.values()].flatMap((member) => member.beat?.running ?? [])
  for (const { job: id, task, bytes } of [...beats, ...state.running.values()])
    if (id === job.record.id) read.set(task, Math.max(bytes, read.get(task) ?? 0))
  return read
}

/** Something reaches a step's tasks partition by partition. */
function isDealtOut({ inputs }: Step): boolean {
  return inputs.some(({ how }) => how === 'hash' || how === 'range')
}

/** Arrivals that this node can see: of a step's tasks whose input lies here. */
function shufflePhase({ plan, round: { books } }: JobState, step: Step, phase: string): PhaseProgress {
  const producers = step.inputs.reduce((sum, { from, how }) => sum + (how === 'same' ? 1 : plan.steps[from]!.count), 0)
  let done = 0
  let total = 0
  for (const task of tasksOf(plan, step)) {
    const book = books.get(task.index)
    if (book === undefined) continue
    total += producers
    done += book.size
  }
  return { phase, done, total, bytes: 0, bytesTotal: 0 }
}

function copyPhase(context: Context, job: JobState): PhaseProgress {
  let done = 0
  let total = 0
  for (const { index, step } of outputTasks(job.plan)) {
    const wanted = copiesWanted(context.state, job, step)
    total += wanted
    done += Math.min(wanted, liveHolders(context.state, job, index).length)
  }
  return { phase: 'copy', done, total, bytes: 0, bytesTotal: 0 }
}

export function lanesOf(context: Context, job: JobState): LaneProgress[] {
  const lanes = new Map<NodeId, { done: number; running: number }>()
  for (const state of job.ledger.tasks) {
    if (state.claim === null) continue
    const lane = lanes.get(state.claim.owner) ?? { done: 0, running: 0 }
    lanes.set(state.claim.owner, lane)
    if (state.output === null) lane.running++
    else lane.done++
  }
  return [...lanes]
    .map(([node, lane]) => ({ node, name: nameOf(context, node), ...lane }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}
