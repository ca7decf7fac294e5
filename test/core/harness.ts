/**
 * A whole mesh in one process: N control planes under one agenda. Every effect is carried out by a small, honest
 * stand-in of runtime, disk and network, with seeded delay, loss and duplication; every effect ends in the events that
 * `effects.ts` promises. A seed gives one history.
 *
 * What a real mesh also does: monotonic clocks of two nodes have nothing in common, gossip reaches whoever is connected
 * over others, a killed node keeps its disk but not its last unsynced bytes, a sleeping node finds its mail on waking.
 */
import type { Effect } from '../../src/core/effects.ts'
import type { Event } from '../../src/core/events.ts'
import { LIMITS } from '../../src/core/limits.ts'
import type { Message } from '../../src/core/messages.ts'
import { step } from '../../src/core/machine.ts'
import type { Outcome } from '../../src/core/outcome.ts'
import type { PlannedTask } from '../../src/core/plan.ts'
import type { ErrorJson } from '../../src/core/errors.ts'
import { newState, type State } from '../../src/core/state.ts'
import type { Digest, JobId, JobRecord, Millis, NodeId, TaskIndex } from '../../src/core/types.ts'
import { Agenda, Random } from './agenda.ts'
import { FakeDisk, outputsOf } from './fake-disk.ts'
import { executeTask, hash, RUNTIME, type Stored } from './fake-work.ts'

export interface Network {
  /** Chance that a message, gossiped or sent, does not arrive. */
  readonly loss: number
  /** Chance that it arrives once more, later. */
  readonly duplicate: number
  /** Chance that a stream (push, pull, fetch) breaks half-way. */
  readonly broken: number
  readonly delay: readonly [Millis, Millis]
}

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
  readonly fail?: { readonly blame: 'user' | 'input' | 'own'; readonly place?: string; readonly message?: string }
  /** Makes another output of it: nondeterministic code. */
  readonly salt?: string
  /** It lives, and never gets on. */
  readonly hang?: boolean
}

export interface WorldOptions {
  readonly nodes: number
  readonly seed: number
  readonly slots?: number
  readonly network?: Partial<Network>
  readonly behave?: (execution: Execution) => Behaviour
  /** Told of every step with its effects, for transcripts and debugging. */
  readonly watch?: (at: Millis, node: NodeId, event: Event, effects: readonly Effect[]) => void
}

interface Node {
  readonly id: NodeId
  readonly disk: FakeDisk
  /** null while the node is down. */
  state: State | null
  /** Counts starts and kills: what was planned for an earlier life does not happen. */
  life: number
  /** This node's monotonic clock is the agenda's plus this. */
  clock: Millis
  /** While it sleeps: since when, and what waits for it. */
  asleep: Millis | null
  mail: Event[]
  receiving: number
}

const CALM: Network = { loss: 0, duplicate: 0, broken: 0, delay: [1, 8] }

export class World {
  readonly agenda: Agenda = new Agenda()
  readonly executions: Execution[] = []
  /** Every outcome that any node has told, in order. */
  readonly outcomes: { readonly at: Millis; readonly node: NodeId; readonly job: JobId; readonly outcome: Outcome }[] =
    []
  readonly notes: string[] = []
  readonly identities: { readonly node: NodeId; readonly problem: string }[] = []
  readonly drained: NodeId[] = []
  network: Network
  messages = 0
  private readonly random: Random
  private readonly nodes = new Map<NodeId, Node>()
  private readonly cuts = new Set<string>()
  private readonly options: WorldOptions

  constructor(options: WorldOptions) {
    this.options = options
    this.network = { ...CALM, ...options.network }
    this.random = new Random(options.seed)
    for (let i = 1; i <= options.nodes; i++) {
      const id = `n${i}` as NodeId
      const clock = this.random.below(1_000_000)
      this.nodes.set(id, {
        id,
        disk: new FakeDisk(),
        state: null,
        life: 0,
        clock,
        asleep: null,
        mail: [],
        receiving: 0,
      })
    }
    for (const id of this.nodes.keys()) this.start(id)
  }

  // ---- what a test does to the world

  get now(): Millis {
    return this.agenda.now
  }

  /** Names of all nodes, up or down. */
  get names(): readonly NodeId[] {
    return [...this.nodes.keys()]
  }

  /** Names of the nodes that are up. */
  get up(): readonly NodeId[] {
    return this.names.filter((id) => this.node(id).state !== null)
  }

  state(id: NodeId): State {
    const { state } = this.node(id)
    if (state === null) throw new Error(`${id} is down`)
    return state
  }

  disk(id: NodeId): FakeDisk {
    return this.node(id).disk
  }

  run(duration: Millis): void {
    this.agenda.run(duration)
  }

  /** Runs until the condition holds, looking every 50 ms; returns whether it did within `limit`. */
  runUntil(condition: () => boolean, limit: Millis): boolean {
    for (let spent = 0; spent < limit; spent += 50) {
      if (condition()) return true
      this.agenda.run(50)
    }
    return condition()
  }

  submit(id: NodeId, record: JobRecord): void {
    this.give(id, record)
  }

  /** Hands an event to a node that is up: a person's cancel or retry, a damaged file. */
  tell(id: NodeId, event: Event): void {
    this.deliver(this.node(id), event)
  }

  start(id: NodeId): void {
    const node = this.node(id)
    if (node.state !== null) return
    node.life++
    node.asleep = null
    node.mail = []
    node.receiving = 0
    const count = ++node.disk.bootCount
    const self = {
      node: id,
      incarnation: { count, nonce: `${id}.${count}` },
      slots: this.options.slots ?? 2,
      runtime: RUNTIME,
    }
    const state = newState(self, this.now + node.clock)
    node.state = state
    for (const [job, round] of node.disk.dropped) state.dropped.set(job, round)
    const known = [...node.disk.members.values()].filter((record) => record.node !== id)
    if (known.length > 0) this.step(node, { type: 'message', from: id, message: { type: 'records', records: known } })
    this.sayRecord(node, false)
    for (const record of node.disk.jobs.values()) this.give(id, record)
    this.later(node, this.random.below(LIMITS.tickMs), () => this.tick(node))
    for (const peer of this.nodes.values()) if (this.isLinked(node, peer)) this.connect(node, peer)
  }

  /** As by SIGKILL, or with `silently` by the power cord: then no connection is seen to close. */
  kill(id: NodeId, silently: boolean = false): void {
    const node = this.node(id)
    if (node.state === null) return
    node.disk.crash()
    node.state = null
    node.life++
    for (const execution of this.executions)
      if (execution.node === id && execution.end === 'running') execution.end = 'killed'
    if (!silently) for (const peer of this.nodes.values()) this.later(peer, this.delay(), () => this.unpeer(peer, node))
  }

  /** The process stands still and comes back as a zombie; task processes run on. */
  sleep(id: NodeId, duration: Millis): void {
    const node = this.node(id)
    node.asleep = this.now
    this.later(node, duration, () => {
      const since = node.asleep ?? this.now
      node.asleep = null
      this.step(node, { type: 'tick', stalled: this.now - since })
      for (const event of node.mail.splice(0)) this.deliver(node, event)
    })
  }

  /** Cuts every link between the two sides; messages under way are lost. */
  cut(left: readonly NodeId[], right: readonly NodeId[]): void {
    for (const a of left)
      for (const b of right) {
        this.cuts.add(linkOf(a, b))
        // A cable that is cut tells nobody: connections end when they have been silent for a while.
        for (const [x, y] of [
          [a, b],
          [b, a],
        ] as const)
          this.later(this.node(x), this.random.between(500, 4_000), () => this.unpeer(this.node(x), this.node(y)))
      }
  }

  heal(): void {
    const healed = [...this.cuts]
    this.cuts.clear()
    for (const link of healed) {
      const [a, b] = link.split(' ') as [NodeId, NodeId]
      if (this.isLinked(this.node(a), this.node(b))) this.connect(this.node(a), this.node(b))
    }
  }

  // ---- what a test asks

  outcome(id: NodeId, job: JobId): Outcome | null {
    return this.node(id).state?.jobs.get(job)?.ledger.outcome ?? null
  }

  /** Outcomes of a job on all nodes that are up; null where a node does not know it. */
  outcomesOf(job: JobId): (Outcome | null)[] {
    return this.up.map((id) => this.outcome(id, job))
  }

  isOverEverywhere(job: JobId): boolean {
    return this.outcomesOf(job).every((outcome) => outcome !== null && outcome.kind !== 'open')
  }

  executionsOf(job: JobId): readonly Execution[] {
    return this.executions.filter((execution) => execution.job.id === job)
  }

  // ---- a node's process

  private node(id: NodeId): Node {
    const node = this.nodes.get(id)
    if (node === undefined) throw new RangeError(`no node ${id}`)
    return node
  }

  /** Plans something for this life of the node. */
  private later(node: Node, delay: Millis, run: () => void): void {
    const { life } = node
    this.agenda.after(delay, () => {
      if (node.life === life) run()
    })
  }

  private tick(node: Node): void {
    if (node.asleep === null) this.step(node, { type: 'tick', stalled: 0 })
    this.later(node, LIMITS.tickMs, () => this.tick(node))
  }

  private deliver(node: Node, event: Event): void {
    if (node.state === null) return
    if (node.asleep !== null) node.mail.push(event)
    else this.step(node, event)
  }

  private step(node: Node, event: Event): void {
    const state = node.state!
    const effects = step(state, this.now + node.clock, event)
    this.options.watch?.(this.now, node.id, event, effects)
    if (event.type === 'tick') this.check(node, state)
    for (const effect of effects) this.carryOut(node, effect)
  }

  /** Invariants that hold at any moment. */
  private check(node: Node, state: State): void {
    if (state.running.size > state.self.slots) throw new Error(`${node.id} runs more than its slots`)
    for (const [id, job] of state.jobs)
      for (const task of job.has)
        if (node.disk.output(id, task) === undefined) throw new Error(`${node.id} has not what it says it has: ${task}`)
  }

  private sayRecord(node: Node, drained: boolean): void {
    const { incarnation, slots, runtime } = node.state!.self
    const version = (node.disk.members.get(node.id)?.version ?? 0) + 1
    const catalog = { version: 1, hash: hash('catalog', node.id), shards: 1, bytes: 1 }
    const record = {
      node: node.id,
      incarnation,
      version,
      name: node.id,
      addresses: [],
      slots,
      memory: 1e9,
      runtime,
      shoal: '0.1.0',
      drained,
      catalog,
      bytes: new Uint8Array(),
      signature: new Uint8Array(),
    }
    node.disk.members.set(node.id, record)
    this.step(node, { type: 'own-record', record })
  }

  private give(id: NodeId, record: JobRecord): void {
    const node = this.node(id)
    const { disk } = node
    disk.jobs.set(record.id, record)
    this.deliver(node, {
      type: 'job',
      record,
      kept: disk.log(record.id),
      holding: disk.held(record.id),
      deaths: disk.deaths(record.id),
    })
    for (const { consumer, producer, digest } of disk.arrivals(record.id))
      this.deliver(node, { type: 'arrived', job: record.id, task: producer, digest, consumers: [consumer] })
  }

  private isLinked(a: Node, b: Node): boolean {
    return a !== b && a.state !== null && b.state !== null && !this.cuts.has(linkOf(a.id, b.id))
  }

  private connect(a: Node, b: Node): void {
    for (const [x, y] of [
      [a, b],
      [b, a],
    ] as const)
      this.later(x, this.delay(), () => this.deliver(x, { type: 'peer', peer: y.id, connected: true }))
  }

  private unpeer(node: Node, peer: Node): void {
    if (!this.isLinked(node, peer)) this.deliver(node, { type: 'peer', peer: peer.id, connected: false })
  }

  // ---- effects

  private carryOut(node: Node, effect: Effect): void {
    switch (effect.type) {
      case 'send':
        this.post(node, this.node(effect.to), structuredClone(effect.message), false)
        break
      case 'gossip': {
        const message = structuredClone(effect.message)
        for (const peer of this.reachable(node)) this.post(node, peer, message, true)
        break
      }
      case 'fetch-job':
        this.fetch(node, effect)
        break
      case 'start':
        this.execute(node, effect)
        break
      case 'stop':
        this.stop(node, effect.attempt)
        break
      case 'push':
        this.push(node, effect)
        break
      case 'pull':
        this.pull(node, effect)
        break
      case 'save': {
        const delta = structuredClone(effect.delta)
        node.disk.append(effect.job, delta)
        this.later(node, this.random.between(1, 10), () => node.disk.sync(effect.job, delta))
        break
      }
      case 'sign-report': {
        const report = { ...structuredClone(effect.report), bytes: new Uint8Array(), signature: new Uint8Array() }
        const { job, round } = effect
        this.later(node, 1, () => this.deliver(node, { type: 'report-signed', job, round, report }))
        break
      }
      case 'keep-record':
        node.disk.members.set(effect.node, node.state!.members.get(effect.node)!.record)
        break
      case 'release':
        node.disk.release(effect.job, outputsOf(node.disk.jobs.get(effect.job)!, 'reduce'))
        break
      case 'drop':
        node.disk.drop(effect.job, effect.round)
        break
      case 'outcome':
        this.outcomes.push({ at: this.now, node: node.id, job: effect.job, outcome: effect.outcome })
        break
      case 'note':
        this.notes.push(`${node.id} ${effect.kind} ${effect.text}`)
        break
      case 'identity':
        this.identities.push({ node: node.id, problem: effect.problem })
        break
      case 'drained':
        this.drained.push(node.id)
        this.sayRecord(node, true)
        break
      case 'fetch-catalog':
        break
    }
  }

  private delay(): Millis {
    return this.random.between(...this.network.delay)
  }

  /** A datagram: it may be lost, late or doubled. Direct messages need a link; gossip finds its way. */
  private post(from: Node, to: Node, message: Message, gossip: boolean): void {
    this.messages++
    const carry = (): void => {
      if (this.random.chance(this.network.loss)) return
      this.later(to, this.delay(), () => {
        if (gossip || this.isLinked(from, to)) this.deliver(to, { type: 'message', from: from.id, message })
      })
    }
    carry()
    if (this.random.chance(this.network.duplicate)) this.agenda.after(this.random.below(2_000), carry)
  }

  /** Nodes that are connected with this one, over others too. */
  private reachable(from: Node): Node[] {
    const seen = new Set([from])
    for (const a of seen) for (const b of this.nodes.values()) if (this.isLinked(a, b)) seen.add(b)
    seen.delete(from)
    return [...seen]
  }

  /** A stream to a peer: `done` is called when it ended well, else `failed`, each after a while. */
  private stream(from: Node, to: Node, done: () => void, failed: () => void): void {
    const breaks = this.random.chance(this.network.broken)
    this.later(from, this.delay() * 2, () => {
      if (!this.isLinked(from, to) || to.asleep !== null) this.later(from, 200, failed)
      else if (breaks) failed()
      else done()
    })
  }

  private fetch(node: Node, effect: Extract<Effect, { type: 'fetch-job' }>): void {
    const missing = (): void => this.deliver(node, { type: 'job-missing', job: effect.job, from: effect.from })
    const source = this.node(effect.from)
    this.stream(
      node,
      source,
      () => {
        const record = source.disk.jobs.get(effect.job)
        if (record === undefined) missing()
        else this.give(node.id, record)
      },
      missing,
    )
  }

  private execute(node: Node, effect: Extract<Effect, { type: 'start' }>): void {
    const job = node.disk.jobs.get(effect.job)!
    const task = node.state!.jobs.get(effect.job)!.plan.tasks[effect.task]!
    const { attempt, consumes } = effect
    const nth = this.executions.filter((e) => e.job.id === job.id && e.task.index === task.index).length
    const execution: Execution = { node: node.id, job, task, attempt, nth, at: this.now, end: 'running' }
    this.executions.push(execution)
    const behaviour = this.options.behave?.(execution) ?? {}
    node.disk.open.set(attempt, { job: job.id, task: task.index, attempt })
    const producers = producersOf(node.state!, effect.job, task)
    // All that it consumes must be here when it starts, not when it ends.
    const read = (producer: TaskIndex, digest: Digest): Stored => node.disk.read(job.id, task.index, producer, digest)
    const given = executeTask(job, task, producers, consumes, read, behaviour.salt)
    const ms = behaviour.ms ?? this.random.between(200, 600)
    if (ms > 500) this.report(node, execution, 1, behaviour.hang ?? false)
    if (behaviour.hang === true) return
    this.later(node, ms, () => {
      if (execution.end !== 'running') return
      node.disk.open.delete(attempt)
      if (behaviour.fail === undefined) {
        execution.end = 'done'
        node.disk.put(job.id, task.index, given)
        this.deliver(node, { type: 'attempt-done', attempt, output: given.output })
        return
      }
      execution.end = 'failed'
      const { blame, place = '', message = 'it failed' } = behaviour.fail
      const error: ErrorJson = {
        schema: 'shoal.error/1',
        code: blame === 'own' ? 'NODE_SETUP' : 'JOB_THREW',
        message,
        try: [],
        retryable: false,
        exit: 1,
      }
      this.deliver(node, { type: 'attempt-failed', attempt, blame, place, error })
    })
  }

  private report(node: Node, execution: Execution, units: number, stuck: boolean): void {
    this.later(node, 500, () => {
      if (execution.end !== 'running') return
      this.deliver(node, { type: 'progress', bytes: 0, attempt: execution.attempt, units })
      this.report(node, execution, stuck ? units : units + 1, stuck)
    })
  }

  private stop(node: Node, attempt: string): void {
    const execution = this.executions.find((e) => e.node === node.id && e.attempt === attempt)
    if (execution?.end !== 'running') return
    this.later(node, 5, () => {
      if (execution.end !== 'running') return
      execution.end = 'stopped'
      node.disk.open.delete(attempt)
      const error: ErrorJson = {
        schema: 'shoal.error/1',
        code: 'NODE_SETUP',
        message: 'stopped',
        try: [],
        retryable: true,
        exit: 1,
      }
      this.deliver(node, { type: 'attempt-failed', attempt, blame: 'own', place: '', error })
    })
  }

  /** The receiver answers READY, LATER (it does not know the job yet, or is busy) or GONE (the job is over). */
  private push(node: Node, effect: Extract<Effect, { type: 'push' }>): void {
    const { job, task, consumers } = effect
    const to = this.node(effect.to)
    const end = (how: 'acked' | 'later' | 'gone' | 'failed'): void =>
      this.deliver(node, { type: 'push-ended', job, task, to: effect.to, end: how })
    const ready = (): void => {
      const known = to.state!.jobs.get(job)
      if (known === undefined || to.receiving >= LIMITS.receptionsMax) return end('later')
      if (known.ledger.outcome.kind !== 'open') return end('gone')
      const given = node.disk.output(job, task)
      if (given === undefined) return end('failed')
      to.receiving++
      const { life } = to
      this.agenda.after(this.delay() * 2, () => {
        if (to.life !== life) return
        to.receiving--
        if (!to.disk.jobs.has(job)) return
        for (const consumer of consumers) to.disk.receive(job, consumer, task, given)
        this.deliver(to, { type: 'arrived', job, task, digest: given.output.digest, consumers })
      })
      this.stream(
        node,
        to,
        () => end('acked'),
        () => end('failed'),
      )
    }
    this.stream(node, to, ready, () => end('failed'))
  }

  private pull(node: Node, effect: Extract<Effect, { type: 'pull' }>): void {
    const { job, task, digest, consumers, copy } = effect
    const from = this.node(effect.from)
    const end = (how: 'done' | 'gone' | 'failed'): void =>
      this.deliver(node, { type: 'pull-ended', job, task, from: effect.from, end: how, why: how })
    const bring = (): void => {
      const given = from.disk.output(job, task)
      if (given === undefined || given.output.digest !== digest) return end('gone')
      if (!node.disk.jobs.has(job)) return end('failed')
      if (copy) {
        node.disk.put(job, task, given)
        this.deliver(node, { type: 'copied', job, task, digest })
      } else {
        for (const consumer of consumers) node.disk.receive(job, consumer, task, given)
        this.deliver(node, { type: 'arrived', job, task, digest, consumers })
      }
      end('done')
    }
    this.stream(node, from, bring, () => end('failed'))
  }
}

function linkOf(a: NodeId, b: NodeId): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`
}

/** What a task consumes, by the plan's own words: a reduce all maps, bounds all samples, a sorted job's map the bounds. */
function producersOf(state: State, job: JobId, task: PlannedTask): TaskIndex[] {
  const { tasks } = state.jobs.get(job)!.plan
  const kinds = { reduce: 'map', bounds: 'sample', map: 'bounds', sample: null } as const
  return tasks.filter((t) => t.kind === kinds[task.kind]).map((t) => t.index)
}
