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
import type { Outcome } from '../../src/core/ledger/outcome.ts'
import { newState, type State } from '../../src/core/state.ts'
import type { JobId, JobRecord, Millis, NodeId, TaskIndex } from '../../src/core/types.ts'
import { Agenda, Random } from './agenda.ts'
import type { FakeDisk } from './fake-disk.ts'
import { FakeTasks, type Execution, type Host } from './fake-tasks.ts'
import { RUNTIME } from './fake-work.ts'
import { CALM, type Network, type WorldOptions } from './world-options.ts'
import { newNode, type MeshNode } from './mesh-node.ts'
import { recordOf } from './one-node.ts'

export class World {
  readonly agenda: Agenda = new Agenda()
  /** Every outcome that any node has told, in order. */
  readonly outcomes: { readonly at: Millis; readonly node: NodeId; readonly job: JobId; readonly outcome: Outcome }[] =
    []
  readonly identities: { readonly node: NodeId; readonly problem: string }[] = []
  readonly drained: NodeId[] = []
  network: Network
  messages = 0
  private readonly random: Random
  private readonly tasks: FakeTasks
  private readonly nodes = new Map<NodeId, MeshNode>()
  private readonly cuts = new Set<string>()
  private readonly options: WorldOptions

  constructor(options: WorldOptions) {
    this.options = options
    this.network = { ...CALM, ...options.network }
    this.random = new Random(options.seed)
    this.tasks = new FakeTasks(this.agenda, this.random, options.behave ?? (() => ({})))
    for (let i = 1; i <= options.nodes; i++) {
      const id = `n${i}` as NodeId
      const clock = this.random.below(1_000_000)
      this.nodes.set(id, newNode(id, clock))
    }
    for (const id of this.nodes.keys()) if (options.late?.includes(id) !== true) this.start(id)
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
    if (event.type === 'drain') this.sayRecord(this.node(id), true)
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
      slots: this.slotsOf(id),
      runtimes: this.options.offered?.(id) ?? { js: RUNTIME },
    }
    const state = newState(self, this.now + node.clock)
    node.state = state
    for (const [job, round] of node.disk.forgotten) state.forgottenJobs.set(job, round)
    const known = [...node.disk.members.values()].filter((record) => record.node !== id)
    if (known.length > 0) this.step(node, { type: 'message', from: id, message: { type: 'records', records: known } })
    this.sayRecord(node, false)
    for (const record of node.disk.jobs.values()) this.give(id, record)
    this.setTick(node, this.now + this.random.below(LIMITS.tickMs))
    for (const peer of this.nodes.values()) if (this.isLinked(node, peer)) this.connect(node, peer)
  }

  /** As by SIGKILL, or with `silently` by the power cord: then no connection is seen to close. */
  kill(id: NodeId, silently: boolean = false): void {
    const node = this.node(id)
    if (node.state === null) return
    node.disk.crash()
    node.state = null
    node.life++
    this.tasks.kill(id)
    if (!silently) for (const peer of this.nodes.values()) this.later(peer, this.delay(), () => this.unpeer(peer, node))
  }

  /** The process stands still and comes back as a zombie; task processes run on. */
  sleep(id: NodeId, duration: Millis): void {
    const node = this.node(id)
    node.asleep = this.now
    this.later(node, duration, () => {
      const since = node.asleep ?? this.now
      node.asleep = null
      // What is seen first on waking: that time has passed, or what has come meanwhile.
      const wake = (): void => this.step(node, { type: 'tick', stalled: this.now - since })
      const mailFirst = this.random.chance(0.5)
      if (!mailFirst) wake()
      for (const event of node.mail.splice(0)) this.deliver(node, event)
      if (mailFirst) wake()
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

  /** All executions of all tasks, in the order in which they began. */
  get executions(): readonly Execution[] {
    return this.tasks.executions
  }

  // ---- a node's process

  private node(id: NodeId): MeshNode {
    const node = this.nodes.get(id)
    if (node === undefined) throw new RangeError(`no node ${id}`)
    return node
  }

  private slotsOf(id: NodeId): number {
    const { slots = 2 } = this.options
    return typeof slots === 'number' ? slots : slots(id)
  }

  /** Plans something for this life of the node. */
  private later(node: MeshNode, delay: Millis, run: () => void): void {
    const { life } = node
    this.agenda.after(delay, () => {
      if (node.life === life) run()
    })
  }

  private host(node: MeshNode): Host {
    const { id, disk, state } = node
    return {
      id,
      disk,
      state,
      later: (delay, run) => this.later(node, delay, run),
      deliver: (event) => this.deliver(node, event),
    }
  }

  private tick(node: MeshNode): void {
    if (node.asleep === null) this.step(node, { type: 'tick', stalled: 0 })
    this.setTick(node, node.asleep === null ? node.state!.tickDue - node.clock : this.now + LIMITS.tickMs)
  }

  /** The one timer of a node's ticks; an earlier one takes the place of a later one. */
  private setTick(node: MeshNode, at: Millis): void {
    node.tickAt = at
    this.later(node, Math.max(0, at - this.now), () => {
      if (node.tickAt === at) this.tick(node)
    })
  }

  private deliver(node: MeshNode, event: Event): void {
    if (node.state === null) return
    if (node.asleep !== null) node.mail.push(event)
    else this.step(node, event)
  }

  private step(node: MeshNode, event: Event): void {
    const state = node.state!
    const effects = step(state, this.now + node.clock, event)
    if (event.type !== 'tick' && state.tickDue - node.clock < node.tickAt)
      this.setTick(node, state.tickDue - node.clock)
    this.options.watch?.(this.now, node.id, event, effects)
    if (event.type === 'tick') this.check(node, state)
    for (const effect of effects) this.carryOut(node, effect)
  }

  /** Invariants that hold at any moment. */
  private check(node: MeshNode, state: State): void {
    if (state.running.size > state.self.slots) throw new Error(`${node.id} runs more than its slots`)
    for (const [id, job] of state.jobs)
      for (const task of job.has)
        if (node.disk.output(id, task) === undefined) throw new Error(`${node.id} has not what it says it has: ${task}`)
  }

  private sayRecord(node: MeshNode, drained: boolean): void {
    const { incarnation, slots, runtimes } = node.state!.self
    const version = (node.disk.members.get(node.id)?.version ?? 0) + 1
    const record = recordOf(node.id, { incarnation, slots, runtimes, version, drained })
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

  private isLinked(a: MeshNode, b: MeshNode): boolean {
    return a !== b && a.state !== null && b.state !== null && !this.cuts.has(linkOf(a.id, b.id))
  }

  private connect(a: MeshNode, b: MeshNode): void {
    for (const [x, y] of [
      [a, b],
      [b, a],
    ] as const)
      this.later(x, this.delay(), () => this.deliver(x, { type: 'peer', peer: y.id, connected: true }))
  }

  private unpeer(node: MeshNode, peer: MeshNode): void {
    if (!this.isLinked(node, peer)) this.deliver(node, { type: 'peer', peer: peer.id, connected: false })
  }

  // ---- effects

  private carryOut(node: MeshNode, effect: Effect): void {
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
        this.tasks.start(this.host(node), effect)
        break
      case 'stop':
        this.tasks.stop(this.host(node), effect.attempt)
        break
      case 'push':
        this.push(node, effect)
        break
      case 'pull':
        this.pull(node, effect)
        break
      case 'save': {
        const sync = node.disk.append(effect.job, structuredClone(effect.delta))
        this.later(node, this.random.between(1, 10), sync)
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
        node.disk.release(effect.job, (task) => isReleased(node.state!, effect.job, task))
        break
      case 'forget':
        node.disk.forget(effect.job, effect.round)
        break
      case 'outcome':
        this.outcomes.push({ at: this.now, node: node.id, job: effect.job, outcome: effect.outcome })
        break
      case 'identity':
        this.identities.push({ node: node.id, problem: effect.problem })
        break
      case 'drained':
        this.drained.push(node.id)
        break
      case 'wake':
        this.later(node, effect.after, () => this.deliver(node, { type: 'wake' }))
        break
      case 'note':
      case 'fetch-catalog':
        break
    }
  }

  private delay(): Millis {
    return this.random.between(...this.network.delay)
  }

  /** A datagram: it may be lost, late or doubled. Direct messages need a link; gossip finds its way. */
  private post(from: MeshNode, to: MeshNode, message: Message, gossip: boolean): void {
    this.messages++
    const carry = (): void => {
      if (this.random.chance(this.network.loss) || this.options.lost?.(from.id, to.id, gossip) === true) return
      this.later(to, this.delay(), () => {
        if (gossip || this.isLinked(from, to)) this.deliver(to, { type: 'message', from: from.id, message })
      })
    }
    carry()
    if (this.random.chance(this.network.duplicate)) this.agenda.after(this.random.below(2_000), carry)
  }

  /** Nodes that are connected with this one, over others too. */
  private reachable(from: MeshNode): MeshNode[] {
    const seen = new Set([from])
    for (const a of seen) for (const b of this.nodes.values()) if (this.isLinked(a, b)) seen.add(b)
    seen.delete(from)
    return [...seen]
  }

  /** A stream to a peer: `done` is called when it ended well, else `failed`, each after a while. */
  private stream(from: MeshNode, to: MeshNode, done: () => void, failed: () => void): void {
    const breaks = this.random.chance(this.network.broken)
    const until = this.now + LIMITS.rpcTimeoutMs
    const meet = (): void => {
      if (!this.isLinked(from, to)) this.later(from, 200, failed)
      else if (to.asleep !== null && this.now < until) this.later(from, 50, meet)
      else if (breaks || to.asleep !== null) failed()
      else done()
    }
    this.later(from, this.delay() * 2, meet)
  }

  private fetch(node: MeshNode, effect: Extract<Effect, { type: 'fetch-job' }>): void {
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

  /** The receiver answers READY, LATER (it does not know the job yet, or is busy) or GONE (the job is over). */
  private push(node: MeshNode, effect: Extract<Effect, { type: 'push' }>): void {
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

  private pull(node: MeshNode, effect: Extract<Effect, { type: 'pull' }>): void {
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

function isReleased({ jobs }: State, id: JobId, task: TaskIndex): boolean {
  const { plan, round } = jobs.get(id)!
  return round.released.has(plan.tasks[task]!.step.index)
}
