/** What must hold at any moment, seen from outside the nodes. A breach is a Violation: the run ends there. */
import { snapshotId } from '../../src/core/plan/job-id.ts'
import { agreed, beats, type Claim } from '../../src/core/ledger/ledger.ts'
import { LIMITS } from '../../src/core/limits.ts'
import { plan } from '../../src/core/plan/plan.ts'
import type { Plan, StepIndex } from '../../src/core/plan/steps.ts'
import type { JobState, State } from '../../src/core/state.ts'
import type { Digest, JobId, JobRecord, NodeId, TaskIndex } from '../../src/core/types.ts'
import { PART_MAGIC } from '../../src/data/part.ts'
import { RUN_MAGIC } from '../../src/data/run.ts'
import type { AttemptSpec } from '../../src/ports.ts'
import { entriesOf } from '../../src/runtime/home/kept-log.ts'
import { openRows } from '../../src/wire/rows.ts'
import type { ReduceWork } from '../../src/core/plan/work.ts'
import { filesOf } from './execution.ts'
import { guards, isLacking, misfit, mistold, partsWanted } from './graph-checks.ts'
import type { SimNode } from './node.ts'
import { isWhole, manifestIn, rowsIn } from './kept-files.ts'
import { expectedOf, type Expected } from './oracle.ts'
import { codeOf } from './workload.ts'

export class Violation extends Error {
  override readonly name = 'Violation'
  /** Which rule was broken, in a word. */
  readonly rule: string

  constructor(rule: string, message: string, cause?: unknown) {
    super(message, { cause })
    this.rule = rule
  }
}

/** How far an outcome is on its way: it never goes back within a round. */
const RANK: Record<JobState['ledger']['outcome']['kind'], number> = {
  open: 0,
  cancelled: 1,
  failed: 2,
  sealed: 3,
  disputed: 4,
  'key-conflict': 5,
}

/** How far a job is: rounds, and outcomes within a round, never go back. */
interface Progress {
  readonly round: number
  readonly rank: number
}

function isBefore(a: Progress, b: Progress): boolean {
  return a.round < b.round || (a.round === b.round && a.rank < b.rank)
}

interface Known {
  readonly record: JobRecord
  readonly expected: Expected
  readonly plan: Plan
  /** What each node has said in this life of it. */
  readonly told: Map<string, Progress>
  /** What people were told at each node: no crash takes it back. */
  readonly decided: Map<NodeId, Progress>
  /** The round that people were told is forgotten, at each node. */
  readonly forgotten: Map<NodeId, number>
  /** Somebody wants it gone: its files go here and there. */
  isRemoved: boolean
  /** Results that some node sealed by what it knew: others may take them over before they know as much. */
  readonly sealed: Set<Digest>
  /** Steps that some node has released, as it may. */
  readonly released: Set<StepIndex>
  /** By members, partition count and partition: the order of nodes that any node has found. */
  readonly placed: Map<string, string>
  /** Attempts at each task, in all; and at any that were done, and were needed by nobody. */
  readonly begun: Map<TaskIndex, number>
  needless: number
  /** Its code is no function: it may fail for that, or be disputed. */
  readonly unsteady: boolean
  /** Those who run it miscount: it may fail for that. */
  readonly miscounts: boolean
}

/** Attempts at one task: nodes that fail, die or are cut off take their turns, and none goes on for ever. */
const BEGUN_MAX = 25
/** Attempts at what is done and needed by nobody, of one job: news may have come since a node last looked. */
const NEEDLESS_MAX = 4

export class Checks {
  /** By what was pinned: under one key two submissions may have pinned two snapshots. */
  readonly #jobs = new Map<string, Known>()
  readonly #byRecord = new WeakMap<JobRecord, Known>()
  readonly #claimed = new Map<string, readonly (Claim | null)[]>()
  readonly #seen = new Set<string>()
  /** All of the mesh. */
  nodes: readonly SimNode[] = []
  /** Bits of some disk were flipped. */
  rotten = false
  /** Outcomes `failed` that a rule allows, such as a task that was open at too many deaths. */
  readonly failed: string[] = []

  known(record: JobRecord): Known {
    const before = this.#byRecord.get(record)
    if (before !== undefined) return before
    const pinned = `${record.id} ${snapshotId(record.snapshot)}`
    const known = this.#jobs.get(pinned) ?? {
      record,
      expected: expectedOf(record),
      plan: plan(record.spec, record.snapshot),
      told: new Map(),
      decided: new Map(),
      forgotten: new Map(),
      isRemoved: false,
      sealed: new Set(),
      released: new Set(),
      placed: new Map(),
      begun: new Map(),
      needless: 0,
      miscounts: codeOf(record.spec.name) === 'miscounts',
      unsteady: codeOf(record.spec.name).startsWith('unsteady'),
    }
    this.#jobs.set(pinned, known)
    this.#byRecord.set(record, known)
    return known
  }

  /** Of one node, after it took an event. */
  node(node: SimNode): void {
    const { state } = node
    if (state === null) return
    if (state.running.size > state.self.slots) breach('slots', node, `runs ${state.running.size} tasks`)
    if (state.fetching.size > LIMITS.jobsKeptMax) breach('memory', node, 'fetches too many jobs')
    this.#again(node, state)
    for (const job of state.jobs.values()) this.#job(node, job)
  }

  #job(node: SimNode, job: JobState): void {
    const { record, ledger } = job
    const known = this.known(record)
    const forgotten = known.forgotten.get(node.id) ?? 0
    if (ledger.round <= forgotten && !node.lossy && !this.rotten)
      breach('forgotten', node, `${record.id.slice(0, 8)} is back, and people were told that it is forgotten`)
    this.#outcome(node, job, known)
    if (job.pulls.size > LIMITS.pullsMax) breach('memory', node, `${job.pulls.size} pulls at once`)
    if (job.round.failures.length > LIMITS.failuresPerNode)
      breach('memory', node, `${job.round.failures.length} failures`)
    // What it has, and says that it has, is on disk: else a crash would make a liar of it.
    for (const task of job.has) this.#held(node, job, task)
    for (const [consumer, entries] of job.round.books) {
      if (job.plan.tasks[consumer] === undefined)
        breach('books', node, `books for task ${consumer}, which there is not`)
      for (const [producer, digest] of entries) {
        const name = `jobs/${record.id}/in/${producer}.${digest}/manifest.json`
        if (!node.disk.files.has(name)) breach('durable', node, `booked task ${producer} before it was on disk`)
        this.#whole(node, job, consumer, producer, digest)
      }
    }
    if (job.round.released.size > 0 && !this.isRemoved(record.id)) this.#released(node, job, known)
    this.#placed(node, job, known)
    this.#claims(node, job)
    for (const task of ledger.tasks) {
      if (task.claim !== null && task.claim.term > LIMITS.termMax) breach('term', node, `term ${task.claim.term}`)
      if (task.output !== null && !('digest' in task.output) && !known.unsteady)
        breach('conflict', node, 'two outputs of one task, though its code is a function')
    }
  }

  /** What is booked for a reduce is there whole: looked at once, where no bits have rotted. */
  #whole(node: SimNode, job: JobState, consumer: number, producer: number, digest: string): void {
    const task = job.plan.tasks[consumer]!
    const key = `${node.id} ${node.process.life} ${job.record.id} ${consumer} ${digest}`
    // What has rotted where it came from is found when it is read.
    if (task.step.gives === 'fact' || this.rotten || this.#seen.has(key)) return
    this.#seen.add(key)
    const folder = `jobs/${job.record.id}/in/${producer}.${digest}`
    const { manifest } = manifestIn(node.disk.files.get(`${folder}/manifest.json`)!)
    if (manifest.kind === 'reduce') this.#wholeFile(node, folder, 'part', manifest.part, PART_MAGIC)
    if (manifest.kind !== 'map') return
    const log = Buffer.from(node.disk.files.get(`${folder}/rows.log`) ?? [])
    const run = entriesOf(log)
      .payloads.flatMap((entry) => openRows(entry) ?? [])
      .find(({ partition }) => partition === task.at)
    if (run === undefined) breach('durable', node, `booked task ${producer} for task ${consumer}, and has no row of it`)
    if (run.digest !== '') this.#wholeFile(node, folder, `run-${task.at}`, run.digest, RUN_MAGIC)
  }

  #wholeFile(node: SimNode, folder: string, name: string, digest: string, magic: string): void {
    const bytes = node.disk.files.get(`${folder}/${name}`)
    if (bytes === undefined || !isWhole(bytes, name, digest, magic))
      breach('durable', node, `booked ${folder}/${name}, of which not all is on disk`)
  }

  #held(node: SimNode, job: JobState, task: number): void {
    const folder = `jobs/${job.record.id}/out/${task}`
    const kept = node.disk.files.get(`${folder}/manifest.json`)
    if (kept === undefined) breach('durable', node, `has task ${task} before it was on disk`)
    const key = `${node.id} ${node.process.life} ${job.record.id} has ${task} ${job.ledger.round}`
    if (this.rotten || this.#seen.has(key)) return
    this.#seen.add(key)
    const { manifest } = manifestIn(kept)
    const rows = manifest.kind === 'map' ? rowsIn(node.disk.files.get(`${folder}/rows`)) : []
    if (rows === null) breach('durable', node, `has task ${task}, and no rows of it`)
    for (const file of filesOf({ manifest, rows }))
      if (!node.disk.files.has(`${folder}/${file}`)) breach('durable', node, `has task ${task}, and no ${file} of it`)
  }

  /**
   * Outputs go only when on each way to the result a step is done for good: what it is made of fits together, and each of
   * its parts is on the disks of as many nodes as it should be, or as can.
   */
  #released(node: SimNode, job: JobState, known: Known): void {
    const { plan: planned, record, ledger, round } = job
    if (this.rotten || this.nodes.some(({ lossy }) => lossy)) return
    for (const index of round.released) {
      const key = `${node.id} ${node.process.life} ${record.id} released ${index} ${ledger.round}`
      if (this.#seen.has(key)) continue
      this.#seen.add(key)
      const what = `releases ${planned.steps[index]!.name}`
      const held = guards(planned, index)
      if (held === null) breach('released', node, `${what}, which is or leads to the result itself`)
      // What another node has released, as it may, is needed by nobody.
      for (const to of [...held].filter((one) => !known.released.has(one) && !round.released.has(one))) {
        const step = planned.steps[to]!
        const problem = misfit(planned, ledger, [to])
        if (problem !== null) breach('released', node, `${what}, though ${problem.message}`)
        const wanted = partsWanted(node.state!, job, step)
        for (let i = step.first; i < step.first + step.count; i++) {
          const part = `jobs/${record.id}/out/${i}/part`
          const having = this.nodes.filter(({ disk }) => disk.files.has(part)).length
          if (having < wanted) breach('copies', node, `${what} while ${having} of ${wanted} nodes have ${part}`)
        }
      }
      known.released.add(index)
    }
  }

  /** Where a partition lies depends on the job, and on how many there are, alone: partners meet, and all nodes agree. */
  #placed(node: SimNode, { record, plan: { tasks }, orders }: JobState, known: Known): void {
    const key = `${node.id} ${node.process.life} ${record.id} placed ${orders.size}`
    if (this.#seen.has(key)) return
    this.#seen.add(key)
    for (const [index, order] of orders) {
      const { step, at } = tasks[index]!
      if (!step.isPlaced) continue
      const place = `${record.members.join()} ${at}/${step.count}`
      const before = known.placed.get(place) ?? order.join()
      if (before !== order.join()) breach('placement', node, `${step.name} ${at} lies elsewhere than its partners`)
      known.placed.set(place, before)
    }
  }

  /** A claim gives way to one that beats it, and to no other. */
  #claims(node: SimNode, { record, ledger }: JobState): void {
    const key = `${node.id} ${node.process.life} ${record.id} ${ledger.round}`
    const before = this.#claimed.get(key) ?? []
    ledger.tasks.forEach(({ claim }, i) => {
      const was = before[i] ?? null
      if (was === claim || was === null) return
      if (claim === null || beats(was, claim)) breach('claims', node, `the claim of task ${i} gave way to a lesser one`)
    })
    this.#claimed.set(
      key,
      ledger.tasks.map(({ claim }) => claim),
    )
  }

  #outcome(node: SimNode, job: JobState, known: Known): void {
    const { outcome, round } = job.ledger
    const life = `${node.id} ${node.process.life}`
    const before = known.told.get(life)
    const now = { round, rank: RANK[outcome.kind] }
    if (before !== undefined && !isBefore(before, now) && !isBefore(now, before)) return
    if (before !== undefined && isBefore(now, before))
      breach('monotone', node, `${job.record.id.slice(0, 8)} went back to ${outcome.kind}`)
    const decided = known.decided.get(node.id)
    if (decided !== undefined && isBefore(now, decided) && !node.lossy && !this.rotten)
      breach('acknowledged', node, `${job.record.id.slice(0, 8)} is ${outcome.kind}, and people were told otherwise`)
    known.told.set(life, now)
    if (outcome.kind === 'key-conflict' && !this.isPinnedTwice(job.record.id))
      breach('key', node, 'one key, two snapshots?')
    if (outcome.kind === 'disputed' && !known.unsteady) breach('disputed', node, 'two results of one job')
    if (outcome.kind === 'failed' && !known.unsteady) this.#fail(node, known, outcome.error)
    if (outcome.kind !== 'sealed') return
    const problem = known.sealed.has(outcome.result) ? null : misfit(job.plan, job.ledger, [...job.plan.steps.keys()])
    if (problem !== null) breach(problem.rule, node, `sealed, though ${problem.message}`)
    known.sealed.add(outcome.result)
    if (known.unsteady) return
    if (known.expected.throws) breach('exact', node, 'sealed, though its code throws at a record')
    if (outcome.result !== known.expected.result)
      breach('exact', node, `sealed ${outcome.result.slice(0, 12)}, a loop gives ${known.expected.result.slice(0, 12)}`)
  }

  /** A submission said yes: so many nodes have the job on disk. */
  acknowledged(nodes: readonly SimNode[], job: JobId, wanted: number): void {
    // That a disk was lost since it was heard of there, nobody can know yet.
    const having = nodes.filter((node) => node.lossy || node.disk.files.has(`jobs/${job}/record.json`)).length
    if (having < wanted) throw new Violation('acknowledged', `said yes to a job that ${having} nodes have on disk`)
  }

  /** A person was told that it is so. */
  decided(node: SimNode, record: JobRecord, { round, kind }: { round: number; kind: keyof typeof RANK }): void {
    this.known(record).decided.set(node.id, { round, rank: RANK[kind] })
  }

  removing(record: JobRecord): void {
    this.known(record).isRemoved = true
  }

  /** Also where it is another record under its key: what is removed is what has the id. */
  isRemoved(id: JobId): boolean {
    return [...this.#jobs.values()].some((known) => known.isRemoved && known.record.id === id)
  }

  /** A person was told that it is forgotten; of a job with a key its snapshot and its result are not. */
  forgotten(node: SimNode, record: JobRecord, round: number): void {
    const { forgotten } = this.known(record)
    for (const file of record.key === null ? [] : ['record.json', 'facts.json'])
      if (!node.disk.files.has(`keys/${record.id}/${file}`))
        breach('key', node, `forgot ${record.id.slice(0, 8)}, and has no ${file} of what its key gave`)
    forgotten.set(node.id, Math.max(round, forgotten.get(node.id) ?? 0))
  }

  isForgotten(record: JobRecord): boolean {
    return this.known(record).forgotten.size > 0
  }

  /** The only failures that a job can have here: its code throws, or its tasks were open at too many deaths. */
  #fail(node: SimNode, { expected, miscounts }: Known, error: { code: string; message: string }): void {
    if (error.code === 'JOB_THREW' && expected.throws) return
    if (error.code === 'CONFLICT' && miscounts) return
    if (error.code !== 'TASK_POISON') breach('failed', node, `the job failed: ${error.code} ${error.message}`)
    this.failed.push(`${node.name}: ${error.message}`)
  }

  /** Whatever an attempt does to its node, the next life knows of it. */
  begun(node: SimNode, { job, attempt }: AttemptSpec): void {
    const journal = node.disk.files.get(`jobs/${job}/attempts.log`) ?? new Uint8Array()
    if (!this.rotten && !Buffer.from(journal).includes(`"${attempt}"`))
      breach('journal', node, `begins attempt ${attempt}, which is not in its journal`)
  }

  /** Nothing is begun for ever, and what is done and needed by nobody is not done again. */
  #again(node: SimNode, state: State): void {
    for (const [attempt, { job: id, task }] of state.running) {
      const key = `${node.id} ${node.process.life} begins ${attempt}`
      const job = state.jobs.get(id)
      if (job === undefined || this.#seen.has(key)) continue
      this.#seen.add(key)
      const known = this.known(job.record)
      const times = (known.begun.get(task) ?? 0) + 1
      known.begun.set(task, times)
      if (times > BEGUN_MAX) breach('again', node, `begins task ${task} for the ${times}th time`)
      if (agreed(job.ledger.tasks[task]) === null || isLacking(state, job, task)) continue
      known.needless++
      if (known.needless > NEEDLESS_MAX)
        breach('again', node, `begins task ${task}, done and needed by nobody: the ${known.needless}th such`)
    }
  }

  /** A reduce is about to fold: each map task once, and all of them. */
  reducing(node: NodeId, job: JobId, work: ReduceWork): void {
    const known = [...this.#jobs.values()].filter(({ record }) => record.id === job)
    if (known.length === 0 || known[0]!.unsteady) return
    const names = [...work.runs, ...work.parts].map(({ file }) => file)
    if (new Set(names).size !== names.length) throw new Violation('once', `${node} reduces a run twice`)
    const problems = known.map((one) => mistold(one.plan, one.expected, work))
    if (!problems.includes(null)) throw new Violation('coverage', `${node} ${problems[0]}`)
  }

  /** Two snapshots were pinned under one key, where each submitter could not know of the other. */
  isPinnedTwice(job: JobId): boolean {
    return this.jobs.filter(({ record }) => record.id === job).length > 1
  }

  /** Every job that was ever seen. */
  get jobs(): readonly Known[] {
    return [...this.#jobs.values()]
  }
}

function breach(rule: string, node: SimNode, message: string): never {
  throw new Violation(rule, `${node.name}: ${message}`)
}
