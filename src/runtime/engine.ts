/** One node over its ports: the loop around the control plane with all that carries out its effects. */
import type { Event } from '../core/events.ts'
import { ShoalError } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'
import { newState } from '../core/state.ts'
import type { Bytes, Incarnation, JobId, Millis, NodeId, Runtimes } from '../core/types.ts'
import type { Clock, Disk, Mesh, MeshEvents, Tasks } from '../ports.ts'
import { answererOf } from './peers/answer.ts'
import { Attempts } from './attempts.ts'
import { loadJobs, loadMembers, lookAtOwnRecord, nextIncarnation } from './boot.ts'
import { Catalogs } from './peers/catalogs.ts'
import type { Context, Offers } from './context.ts'
import { LateCopies } from './home/copies.ts'
import { ControlPlane } from './peers/control-plane.ts'
import { Damage } from './home/damage.ts'
import { performer } from './effects.ts'
import { Frozen } from './home/frozen.ts'
import { keepMembers } from './peers/keep-members.ts'
import { IdleStreams } from './peers/idle-streams.ts'
import { Keeping } from './home/keeping.ts'
import { Keys } from './home/keys.ts'
import { LedgerLog } from './home/ledger-log.ts'
import { Loop } from './loop.ts'
import { Mending } from './peers/mending.ts'
import { OwnLife } from './peers/own-life.ts'
import { pause } from './pause.ts'
import { PROTOCOLS } from './peers/protocols.ts'
import { Receiver } from './peers/receiver.ts'
import { serveCalls } from './peers/rpc.ts'
import { SelfRecord } from './self-record.ts'
import { Sender } from './peers/sender.ts'
import { Removal } from './home/removal.ts'
import { JobStore } from './home/store.ts'
import { Story } from './home/story.ts'
import { Times } from './home/times.ts'

export interface EngineParts {
  readonly clock: Clock
  readonly disk: Disk
  readonly mesh: Mesh
  readonly tasks: Tasks
  readonly catalog: Offers
  readonly incarnation: Incarnation
  readonly runtimes: Runtimes
  readonly version: string
  readonly name: string
  readonly slots: number
  readonly memory: number
  readonly local: boolean
  /**
   * How long a finished job is kept (default: LIMITS.retentionMs), and what all of them may take on disk (default:
   * any).
   */
  readonly retentionMs?: Millis | undefined
  readonly keptBytesMax?: Bytes | null | undefined
  /** Has what was found damaged before the engine was made, and its listeners. Default: a new one without listeners. */
  readonly damage?: Damage
  /** A random word for each further life of this node. */
  nonce(): string
  joinFailed: MeshEvents['joinFailed']
  /** Counts, by kind, hostile or stale input that is dropped, and background work that failed. */
  dropped(kind: string, error: unknown): void
  /** A broken invariant, or IDENTITY_TWICE: the node ends. */
  onFatal(error: unknown): void
}

export class Engine {
  readonly context: Context
  readonly loop: Loop
  readonly times: Times
  readonly frozen: Frozen
  readonly keeping: Keeping
  /** What the mesh tells this node; to be handed to it once `load` has resolved. */
  readonly events: MeshEvents
  readonly #parts: EngineParts
  readonly #self: SelfRecord
  readonly #attempts: Attempts
  readonly #ledgers: LedgerLog
  readonly #control: ControlPlane
  readonly #sender: Sender
  readonly #receiver: Receiver
  readonly #mending: Mending
  readonly #ownLife: OwnLife
  readonly #lateCopies: LateCopies
  readonly #drained = Promise.withResolvers<void>()

  constructor(parts: EngineParts) {
    this.#parts = parts
    const damage = parts.damage ?? new Damage()
    this.times = new Times(parts.clock, parts.disk, damage)
    this.frozen = new Frozen(parts.disk, damage)
    this.context = this.#contextOf(parts, damage)
    damage.listen(({ file, what, job }) => {
      if (job !== null) this.context.story.tell(job, 'damaged', `${parts.disk.path(file)}: ${what}`)
    })
    this.keeping = new Keeping(this.context, parts.keptBytesMax ?? null)
    this.#control = new ControlPlane(this.context)
    this.#sender = new Sender(this.context)
    this.#receiver = new Receiver(this.context)
    this.#attempts = new Attempts(this.context)
    this.#self = new SelfRecord(this.context, parts.version)
    this.#ledgers = new LedgerLog(this.context)
    this.#mending = new Mending(this.context, this.times)
    this.#ownLife = new OwnLife(this.context)
    this.#lateCopies = new LateCopies(this.context)
    const perform = performer({
      context: this.context,
      control: this.#control,
      attempts: this.#attempts,
      sender: this.#sender,
      receiver: this.#receiver,
      times: this.times,
      ledgers: this.#ledgers,
      onIdentity: (problem, count) => this.#onIdentity(problem, count),
      onDrained: () => this.#drained.resolve(),
    })
    this.loop = new Loop(this.context.state, parts.clock, perform, (error) => parts.onFatal(error))
    this.events = this.#meshEvents()
  }

  /** Tells the control plane what the disk has; resolves to the members that were met before. */
  async load(): Promise<readonly NodeId[]> {
    await lookAtOwnRecord(this.context)
    await this.publish()
    const known = await loadMembers(this.context)
    await Promise.all([this.keeping.load(), this.context.removal.load()])
    await Promise.all([loadJobs(this.context, this.times), this.frozen.load()])
    return known
  }

  /** Ticks from now on; `onSweep` is called every LIMITS.sweepMs, and more rarely while all is quiet. */
  start(onSweep: () => void): void {
    const { clock, dropped, idle, keys, removal, state, story } = this.context
    const sweep = (): void => {
      void this.publish()
      removal.catchUp().catch((error: unknown) => dropped('removal', error))
      void this.#ledgers.catchUp().then(() => this.#ledgers.compact())
      void this.keeping.sweep()
      void this.#saveStories()
      this.times
        .save((job) => this.context.state.jobs.has(job))
        .catch((error: unknown) => this.context.dropped('times', error))
      keepMembers(this.context)
      this.#lateCopies.look()
      idle.sweep()
      void this.#mending.sweep()
      void this.#ownLife.ask()
      onSweep()
    }
    let swept = clock.now()
    this.loop.start(() => {
      this.#attempts.tellProgress()
      if (clock.now() - swept < (state.quiet ? LIMITS.quietSweepMs : LIMITS.sweepMs)) return
      swept = clock.now()
      sweep()
    })
    void this.keeping.sweep()
    void this.#mending.readAll()
    story.check([...state.jobs.keys()]).catch((error: unknown) => dropped('story', error))
    keys.check().catch((error: unknown) => dropped('keys', error))
  }

  #saveStories(): Promise<void> {
    const { dropped, state, story } = this.context
    return story.save((job) => state.jobs.has(job)).catch((error: unknown) => dropped('story', error))
  }

  /** Resolves when what was gathered of ledgers is on disk: no timer writes into a home that may be removed next. */
  async stop(): Promise<void> {
    this.#mending.stop()
    this.loop.stop()
    await this.#ledgers.flush()
  }

  /** Signs this node's record anew where something in it has changed. */
  publish(): Promise<void> {
    return this.#self.publish()
  }

  /** Resolves when what only this node has is elsewhere too, or LIMITS.drainMs are over, and peers have been told. */
  async drain(): Promise<void> {
    this.context.dispatch({ type: 'drain' })
    await this.publish()
    await this.#drained.promise
    await this.#saveStories()
    // The last word, that this node takes no work and its shards are away, needs a moment to leave.
    await pause(this.context.clock, LIMITS.gossipIntervalMs * 2)
  }

  #contextOf(parts: EngineParts, damage: Damage): Context {
    const { clock, disk, mesh, tasks, catalog, incarnation, runtimes, slots, memory, local } = parts
    const state = newState({ node: mesh.self, incarnation, slots, runtimes }, clock.now(), parts.retentionMs)
    const store = new JobStore(disk, damage)
    const keys = new Keys(disk, damage)
    const stopped = (job: JobId): Promise<void> => this.#attempts.ended(job)
    return {
      state,
      dispatch: (event: Event) => {
        if (event.type === 'job') this.times.begin(event.record.id)
        this.loop.dispatch(event)
      },
      clock,
      disk,
      store,
      mesh,
      idle: new IdleStreams(clock),
      tasks,
      catalog,
      catalogs: new Catalogs(disk, damage),
      story: new Story(clock, parts.name, disk, damage),
      keys,
      removal: new Removal({ state, disk, damage, store, keys, stopped }),
      damage,
      memory,
      name: parts.name,
      local,
      durable: (job) => this.#ledgers.durable(job),
      dropped: (kind, error) => parts.dropped(kind, error),
    }
  }

  #meshEvents(): MeshEvents {
    const { context } = this
    const control = this.#control
    const answerer = answererOf(context)
    return {
      gossip: (from, bytes) => void control.receive(from, bytes),
      peer: (peer, connected) => {
        if (!connected) {
          control.forget(peer)
          context.idle.forget(peer)
        }
        context.dispatch({ type: 'peer', peer, connected })
      },
      stream: (protocol, stream) => {
        if (protocol === PROTOCOLS.control) void control.serve(stream)
        else if (protocol === PROTOCOLS.push) void this.#receiver.servePush(stream)
        else if (protocol === PROTOCOLS.pull) void this.#sender.servePull(stream)
        else serveCalls(stream, context.clock, answerer).catch((error: unknown) => context.dropped('rpc', error))
      },
      joinFailed: (address, why, message) => this.#parts.joinFailed(address, why, message),
    }
  }

  async #onIdentity(problem: 'twice' | 'behind', count: number): Promise<void> {
    const incarnation = await nextIncarnation(this.context.disk, this.#parts.nonce(), count, this.context.damage)
    this.context.dispatch({ type: 'reborn', incarnation })
    await this.publish()
    if (problem === 'behind') return
    // The node on the copied home must hear this life once more, to find out as well.
    await pause(this.context.clock, LIMITS.sweepMs * 3)
    this.#parts.onFatal(
      new ShoalError('IDENTITY_TWICE', 'another machine runs with the identity of this home', {
        why: 'the home folder was copied',
        try: ['another --home on one of the two'],
      }),
    )
  }
}
