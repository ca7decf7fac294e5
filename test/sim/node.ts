/** One simulated node: the production runtime, wire and core over simulated ports. */
import type { CatalogBody } from '../../src/catalog/body.ts'
import type { State } from '../../src/core/state.ts'
import type { NodeId } from '../../src/core/types.ts'
import { nextIncarnation } from '../../src/runtime/boot.ts'
import { Engine } from '../../src/runtime/engine.ts'
import { Submission } from '../../src/runtime/api/submit.ts'
import type { SubmitAnswer, SubmitRequest } from '../../src/control/api.ts'
import { SimDisk } from './disk.ts'
import { meshOf, type Endpoint, type Network } from './network.ts'
import type { SimProcess } from './process.ts'
import type { Random } from './random.ts'
import { SimTasks, type TaskWorld } from './tasks.ts'
import { bytesOf } from './workload.ts'

export interface NodeWorld extends TaskWorld {
  /** After every event of a node: the checks. */
  stepped(node: SimNode): void
  /** The node ends by a broken invariant, or because its identity runs twice. */
  fatal(node: SimNode, error: unknown): void
  trace(node: SimNode, text: string): void
}

export class SimNode {
  readonly id: NodeId
  readonly name: string
  readonly process: SimProcess
  readonly disk: SimDisk
  /** What it offers; a body never changes, another one may take its place. */
  catalog: CatalogBody
  endpoint: Endpoint | null = null
  engine: Engine | null = null
  tasks: SimTasks | null = null
  /** The version that it runs: nodes of another one do not execute a job's tasks. */
  runtime = 'simulated-1'
  /** The version of the protocol that it speaks: others are no peers. */
  wire = 1
  drained = false
  /** The machine never comes back. */
  isGone = false
  /** Its disk was lost, or set back. */
  lossy = false
  /** Hostile or stale input, and background work that failed, by kind. */
  readonly dropped: Map<string, number> = new Map<string, number>()
  readonly #network: Network
  readonly #random: Random
  readonly #world: NodeWorld
  readonly #slots: number

  constructor(
    given: { id: NodeId; name: string; catalog: CatalogBody; slots: number; process: SimProcess },
    network: Network,
    random: Random,
    world: NodeWorld,
  ) {
    this.id = given.id
    this.name = given.name
    this.catalog = given.catalog
    this.process = given.process
    this.#slots = given.slots
    this.#network = network
    this.#random = random
    this.#world = world
    this.disk = new SimDisk(given.process, random)
  }

  get state(): State | null {
    return this.engine?.context.state ?? null
  }

  /** Back to the version of the others, from its next start on. */
  downgrade(): void {
    this.runtime = 'simulated-1'
    this.wire = 1
  }

  start(): void {
    if (this.process.up || this.isGone) return
    this.process.start()
    this.drained = false
    const { life } = this.process
    const { id, process, wire } = this
    const endpoint: Endpoint = { id, process, life, wire, events: null, deaf: false, mute: false }
    this.endpoint = endpoint
    void this.#boot(endpoint).catch((error: unknown) => {
      if (this.process.life === life) this.#bootFailed(error)
    })
  }

  async #boot(endpoint: Endpoint): Promise<void> {
    const nonce = (): string => Array.from({ length: 4 }, () => this.#random.below(65_536).toString(16)).join('')
    const incarnation = await nextIncarnation(this.disk, nonce())
    this.#network.join(endpoint)
    const mesh = meshOf(this.#network, endpoint)
    this.tasks = new SimTasks(this.id, this.#slots, this.process, this.disk, this.#random, this.#world)
    const engine = new Engine({
      clock: this.process.clock(),
      disk: this.disk,
      mesh,
      tasks: this.tasks,
      catalog: {
        record: () => this.catalog,
        resolve: (_root, path) => `/data/${path}`,
        isNear: () => true,
        answerScan: async (inputs) => ({
          body: this.catalog,
          fresh: true,
          settled: true,
          walk: 1,
          progress: 1,
          described: inputs.map(() => []),
        }),
        readPinned: async (shard, _copy, start, end) => bytesOf(shard.path, start, end),
        countLines: async () => 0,
        forget: () => Promise.reject(new Error('nothing is forgotten here')),
        warnings: () => [],
      },
      incarnation,
      runtimes: { js: this.runtime },
      version: this.runtime,
      name: this.name,
      slots: this.#slots,
      memory: 1e9,
      local: false,
      nonce,
      joinFailed: () => undefined,
      dropped: (kind, error) => {
        this.dropped.set(kind, (this.dropped.get(kind) ?? 0) + 1)
        this.#world.trace(this, `dropped ${kind}: ${String(error).slice(0, 120)}`)
      },
      onFatal: (error) => this.#world.fatal(this, error),
    })
    await engine.load()
    this.engine = engine
    engine.loop.listen(() => this.#world.stepped(this))
    endpoint.events = engine.events
    for (const peer of mesh.peers()) engine.events.peer(peer, true)
    engine.start(() => undefined)
    this.#world.trace(this, `up, incarnation ${incarnation.count}`)
  }

  /** A disk that is full keeps a node from starting; whoever runs it tries again. */
  #bootFailed(error: unknown): void {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') {
      this.#world.fatal(this, error)
      return
    }
    this.kill(false)
    this.#world.trace(this, 'could not start: its disk is full')
  }

  /** As by SIGKILL; `silently` as by the power cord: then nobody sees its connections close. */
  kill(silently: boolean): void {
    if (!this.process.up) return
    this.disk.crash(silently)
    this.process.die()
    this.engine = null
    this.tasks = null
    this.endpoint = null
    this.#network.leave(this.id, silently)
  }

  async drain(): Promise<void> {
    const { engine, process } = this
    if (engine === null) return
    const { life } = process
    await engine.drain()
    if (process.life !== life) return
    this.drained = true
    this.kill(false)
  }

  submit(request: SubmitRequest): Promise<SubmitAnswer> {
    const { engine } = this
    if (engine === null) return Promise.reject(new Error(`${this.name} is down`))
    return new Submission(engine.context, engine.frozen).submit(request)
  }
}
