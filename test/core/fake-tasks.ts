/** Task processes of all nodes: they take their time, and end as the test's behaviour says. */
import type { Effect } from '../../src/core/effects.ts'
import type { ErrorJson } from '../../src/core/errors.ts'
import type { Event } from '../../src/core/events.ts'
import type { Plan, PlannedTask } from '../../src/core/plan/steps.ts'
import type { State } from '../../src/core/state.ts'
import type { Digest, JobRecord, Millis, NodeId, TaskIndex } from '../../src/core/types.ts'
import type { Agenda, Random } from './agenda.ts'
import type { FakeDisk } from './fake-disk.ts'
import { executeTask, type Stored } from './fake-work.ts'

/** One execution of a task, about to begin. */
export interface Execution {
  readonly node: NodeId
  readonly job: JobRecord
  readonly task: PlannedTask
  readonly attempt: string
  /** How many executions of this task the mesh had seen before, on any node. */
  readonly nth: number
  /** On the mesh's clock. */
  readonly at: Millis
  /** Whether it ended, and how. */
  end: 'running' | 'done' | 'failed' | 'stopped' | 'killed'
}

/** How an execution goes; what is absent goes well. */
export interface Behaviour {
  readonly ms?: Millis
  readonly fail?: {
    readonly blame: 'user' | 'input' | 'own'
    readonly code?: ErrorJson['code']
    readonly place?: string
    readonly message?: string
  }
  /** Makes another output of it: nondeterministic code. */
  readonly salt?: string
  /** It lives, and never gets on. */
  readonly hang?: boolean
}

/** The node that a task process belongs to. */
export interface Host {
  readonly id: NodeId
  readonly disk: FakeDisk
  readonly state: State | null
  /** Plans something for this life of the node. */
  later(delay: Millis, run: () => void): void
  deliver(event: Event): void
}

export class FakeTasks {
  readonly executions: Execution[] = []
  private readonly counts = new Map<string, number>()
  private readonly agenda: Agenda
  private readonly random: Random
  private readonly behave: (execution: Execution) => Behaviour

  constructor(agenda: Agenda, random: Random, behave: (execution: Execution) => Behaviour) {
    this.agenda = agenda
    this.random = random
    this.behave = behave
  }

  start(node: Host, effect: Extract<Effect, { type: 'start' }>): void {
    const job = node.disk.jobs.get(effect.job)!
    const { plan } = node.state!.jobs.get(effect.job)!
    const task = plan.tasks[effect.task]!
    const { attempt, consumes } = effect
    const id = `${job.id}/${task.index}`
    const nth = this.counts.get(id) ?? 0
    this.counts.set(id, nth + 1)
    const execution: Execution = { node: node.id, job, task, attempt, nth, at: this.agenda.now, end: 'running' }
    this.executions.push(execution)
    const behaviour = this.behave(execution)
    node.disk.open.set(attempt, { job: job.id, task: task.index, attempt })
    const producers = producersOf(plan, task)
    // All that it consumes must be here when it starts, not when it ends.
    const read = (producer: TaskIndex, digest: Digest): Stored => node.disk.read(job.id, task.index, producer, digest)
    const given = executeTask(job, plan.steps, task, producers, consumes, read, behaviour.salt)
    const ms = behaviour.ms ?? this.random.between(200, 600)
    if (ms > 500 || behaviour.hang === true) this.report(node, execution, 1, behaviour.hang ?? false)
    if (behaviour.hang !== true) node.later(ms, () => this.finish(node, execution, given, behaviour.fail))
  }

  stop(node: Host, attempt: string): void {
    const execution = this.executions.find((e) => e.node === node.id && e.attempt === attempt)
    node.later(5, () => {
      if (execution === undefined || !this.close(node, execution, 'stopped')) return
      const error = errorOf('NODE_SETUP', 'stopped')
      node.deliver({ type: 'attempt-failed', attempt, blame: 'own', place: '', error })
    })
  }

  /** The node dies, and its processes with it; its journal keeps them as open. */
  kill(node: NodeId): void {
    for (const execution of this.executions)
      if (execution.node === node && execution.end === 'running') execution.end = 'killed'
  }

  private finish(node: Host, execution: Execution, given: Stored, fail: Behaviour['fail']): void {
    if (!this.close(node, execution, fail === undefined ? 'done' : 'failed')) return
    const { job, task, attempt } = execution
    if (fail === undefined) {
      node.disk.put(job.id, task.index, given)
      node.deliver({ type: 'attempt-done', attempt, output: given.output })
      return
    }
    const { blame, code = blame === 'own' ? 'NODE_SETUP' : 'JOB_THREW', place = '', message = 'it failed' } = fail
    const error = errorOf(code, message)
    node.deliver({ type: 'attempt-failed', attempt, blame, place, error })
  }

  /** Whether this was its end; it has one only. */
  private close(node: Host, execution: Execution, end: Execution['end']): boolean {
    if (execution.end !== 'running') return false
    execution.end = end
    node.disk.open.delete(execution.attempt)
    return true
  }

  private report(node: Host, execution: Execution, units: number, stuck: boolean): void {
    node.later(500, () => {
      if (execution.end !== 'running') return
      node.deliver({ type: 'progress', attempt: execution.attempt, units, bytes: 0 })
      this.report(node, execution, stuck ? units : units + 1, stuck)
    })
  }
}

function errorOf(code: ErrorJson['code'], message: string): ErrorJson {
  return { schema: 'shoal.error/1', code, message, try: [], retryable: false, exit: 1 }
}

/** What a task consumes, by the plan's own words. */
function producersOf({ steps }: Plan, task: PlannedTask): TaskIndex[] {
  return task.step.inputs.flatMap(({ from, how }) => {
    const { first, count } = steps[from]!
    return how === 'same' ? [first + task.at] : Array.from({ length: count }, (_, i) => first + i)
  })
}
