/** The composition root: the only file that knows everyone. It opens the home, starts the parts, and ends them. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { openDisk } from './adapters/disk/disk.ts'
import { isNearFolder } from './catalog/filesystem.ts'
import { lockHome } from './adapters/disk/lock.ts'
import { systemClock } from './adapters/disk/system-clock.ts'
import { taskProgram } from './adapters/esbuild/own-code.ts'
import { installProgram } from './adapters/tasks/install-program.ts'
import { createTasks } from './adapters/tasks/pool.ts'
import { Catalog } from './catalog/catalog.ts'
import type { NodeApi } from './control/api.ts'
import type { LocalNodeOptions, NodeOptions, RunningNode, SimulatedNodeOptions } from './control/node-options.ts'
import { runtimeId } from './control/runtime-id.ts'
import { VERSION } from './control/version.ts'
import { ShoalError } from './core/errors.ts'
import type { Incarnation, JobId, NodeId } from './core/types.ts'
import type { State } from './core/state.ts'
import { setupInMesh, setupLocal, type Setup } from './node/setup.ts'
import type { AttemptSpec, Disk, Mesh, MeshEvents, Tasks } from './ports.ts'
import { taskName } from './core/plan/graph.ts'
import { nextIncarnation } from './runtime/boot.ts'
import type { Context } from './runtime/context.ts'
import { Damage } from './runtime/home/damage.ts'
import { Warnings } from './runtime/home/warnings.ts'
import { Engine } from './runtime/engine.ts'
import { holdingFirst } from './runtime/hold-first.ts'
import { PROTOCOLS } from './runtime/peers/protocols.ts'
import { createNodeApi } from './runtime/api/node-api.ts'

/** What a mesh, local or real, gives to the node beside the port. */
export interface Network {
  readonly mesh: Mesh
  ticket(): string
  /** Everyone it was told to dial, or knew, has been tried. */
  triedAll(): boolean
  /** What is open now. */
  traffic(): { connections: number; streams: number }
}

/** The home, locked for this process; a `local` one is nobody else's, and whoever made it removes it. */
async function openHome({ home, local }: Setup): Promise<{ disk: Disk; close(): void }> {
  if (local) return { disk: await openDisk(home, isNearFolder), close: () => undefined }
  const lock = await lockHome(home)
  try {
    return { disk: await openDisk(home, isNearFolder), close: () => lock.release() }
  } catch (error) {
    lock.release()
    throw error
  }
}

/**
 * Starts a node in a mesh; resolves when it listens. Throws HOME_IN_USE, HOME_OTHER_MESH, PORT_IN_USE, TICKET,
 * NOT_ADMITTED (a bare address and no key at hand), DATA_DIR, DATASET_MODE, NODE_SETUP.
 */
export function startNode(options: NodeOptions): Promise<RunningNode> {
  return start(setupInMesh(options))
}

/** Starts a mesh of this one process. Throws DATA_DIR, DATASET_MODE, NODE_SETUP. */
export function startLocalNode(options: LocalNodeOptions): Promise<RunningNode> {
  return start(setupLocal(options))
}

/** Starts a node of `shoal sim`; throws as `startNode` does. */
export function startSimulatedNode(options: SimulatedNodeOptions): Promise<RunningNode> {
  return start(setupInMesh(options))
}

async function start(setup: Setup): Promise<RunningNode> {
  const opened = await openHome(setup)
  try {
    return await new Node(setup, opened.disk, opened.close).start()
  } catch (error) {
    opened.close()
    throw error
  }
}

/** Drawn for each life of a node: two lives of one count show a copied home. */
function nonce(): string {
  return randomBytes(8).toString('hex')
}

/** What events reach before all of the node is there. */
interface Late {
  events: MeshEvents | null
  changed: () => void
}

interface Base {
  readonly catalog: Catalog
  readonly tasks: Tasks
  readonly network: Network
  readonly incarnation: Incarnation
}

class Node {
  readonly #setup: Setup
  readonly #disk: Disk
  readonly #close: () => void
  readonly #counts = new Map<string, number>()
  readonly #warnings: Warnings
  readonly #damage = new Damage()
  /** What the catalog warned of and was said; its own list has what holds now. */
  #saidOfData: readonly string[] = []
  readonly #ended = Promise.withResolvers<void>()
  #met = false
  #stopping: Promise<void> | null = null
  #stops: (() => Promise<unknown> | void)[] = []

  constructor(setup: Setup, disk: Disk, close: () => void) {
    this.#setup = setup
    this.#disk = disk
    this.#close = close
    // Whoever starts a node may look at its end late, or never.
    this.#ended.promise.catch(() => {})
    this.#warnings = new Warnings(systemClock, setup.home, (line) => setup.warn(line))
    this.#damage.listen(({ file, what }) => this.#warnings.say(`${disk.path(file)} is damaged: ${what}`))
  }

  async start(): Promise<RunningNode> {
    try {
      return await this.#start()
    } catch (error) {
      await this.#stopParts()
      throw error
    }
  }

  async #start(): Promise<RunningNode> {
    const late: Late = { events: null, changed: () => {} }
    const base = await this.#open(late)
    const engine = this.#assemble(base)
    late.changed = () => void engine.publish()
    const known = await engine.load()
    this.#sayOfData(base.catalog)
    late.events = engine.events
    for (const peer of base.network.mesh.peers()) engine.events.peer(peer, true)
    engine.start(() => this.#sayOfData(base.catalog))
    this.#stops.unshift(() => engine.stop())
    if (!this.#setup.local) base.tasks.warm(true)
    const api = this.#api(engine, base.network, known.length > 0)
    return { api, ended: this.#ended.promise, stop: () => this.#stop() }
  }

  /** What reaches outside: directories, task processes, the network. Events before all is assembled wait or are dropped. */
  async #open(late: Late): Promise<Base> {
    const disk = this.#disk
    const catalog = new Catalog({
      offers: this.#setup.data,
      disk,
      clock: systemClock,
      onChange: () => late.changed(),
      local: this.#setup.local,
    })
    const [incarnation, tasks] = await Promise.all([
      nextIncarnation(disk, nonce(), 0, this.#damage),
      this.#startTasks(),
      catalog.start(),
    ])
    this.#stops.push(() => catalog.stop())
    const network = await this.#startNetwork((await disk.list('members')).length > 0, {
      gossip: (from, bytes) => late.events?.gossip(from, bytes),
      peer: (peer, connected) => late.events?.peer(peer, connected),
      stream: (protocol, stream) =>
        late.events === null ? stream.abort('not ready') : late.events.stream(protocol, stream),
      joinFailed: (address, why, message) => this.#joinFailed(address, why, message),
    })
    this.#stops.push(() => network.mesh.stop())
    return { catalog, tasks, network, incarnation }
  }

  #assemble({ catalog, tasks, network, incarnation }: Base): Engine {
    const { name, slots, memory, local, retentionMs, keptBytesMax, holdFirst } = this.#setup
    const holding = (spec: AttemptSpec): Promise<void> => this.#tellHeld(engine.context.state, spec)
    const engine: Engine = new Engine({
      clock: systemClock,
      disk: this.#disk,
      mesh: network.mesh,
      tasks: holdFirst === null ? tasks : holdingFirst(tasks, { wanted: holdFirst, holding }),
      catalog,
      incarnation,
      runtimes: { js: runtimeId() },
      version: VERSION,
      name,
      slots,
      memory,
      local,
      retentionMs,
      keptBytesMax,
      damage: this.#damage,
      nonce,
      joinFailed: (address, why, message) => this.#joinFailed(address, why, message),
      dropped: (kind, error) => this.#count(kind, error),
      onFatal: (error) => this.#fail(error),
    })
    return engine
  }

  /** The simulator reads there which task's attempt is kept open. */
  async #tellHeld(state: State, { attempt, job: id }: AttemptSpec): Promise<void> {
    const job = state.jobs.get(id as JobId)
    const task = job?.plan.tasks[state.running.get(attempt)?.task ?? -1]
    if (job !== undefined && task !== undefined) await this.#disk.put('sim-holding', Buffer.from(taskName(task)))
  }

  #api(engine: Engine, network: Network, knewMembers: boolean): NodeApi {
    const { context, loop, times, frozen, keeping } = engine
    return createNodeApi({
      context,
      loop,
      times,
      frozen,
      keeping,
      version: VERSION,
      readiness: () => this.#readiness(context, network, knewMembers),
      ticket: () => network.ticket(),
      traffic: () => network.traffic(),
      lagMs: () => loop.lagMs,
      warnings: () => [...this.#warnings.list(), ...context.catalog.warnings()],
      counts: () => Object.fromEntries(this.#counts),
      forgetMember: (node) => this.#forget(context, node),
      drain: () => engine.drain().then(() => this.#stop()),
    })
  }

  async #forget(context: Context, node: NodeId): Promise<void> {
    if (node === context.state.self.node)
      throw new ShoalError('USAGE', 'a node does not forget itself', {
        try: ['shoal drain   to leave the mesh, then shoal members forget on the others'],
      })
    context.dispatch({ type: 'forget-member', node })
    context.mesh.drop(node)
    // In this order: a catalog without a record is of a member whose record was lost.
    await context.catalogs.forget(node)
    await this.#disk.remove(`members/${node}.record`)
  }

  async #startTasks(): Promise<Tasks> {
    const runner = await installProgram(join(this.#setup.home, 'runner'), await taskProgram(), (file) =>
      this.#damage.found(`runner/${file}`, 'it was written anew'),
    )
    const { slots, memory, local } = this.#setup
    const tasks = await createTasks({ folder: join(this.#setup.home, 'slots'), runner, slots, memory })
    this.#stops.push(() => tasks.stop())
    // Whoever starts such a node has one job at hand: its process starts beside all the rest, and no other one will come.
    if (local) tasks.warm(false)
    return tasks
  }

  /** libp2p is loaded for a real mesh only: it takes longer to load than a small local job to run. */
  async #startNetwork(startedBefore: boolean, events: MeshEvents): Promise<Network> {
    if (this.#setup.local) {
      const { localNetwork } = await import('./adapters/memory/local-network.ts')
      return localNetwork(Object.values(PROTOCOLS), events)
    }
    const { startNetwork } = await import('./adapters/libp2p/network.ts')
    return startNetwork(
      {
        ...this.#setup,
        protocols: Object.values(PROTOCOLS),
        startedBefore,
        warn: (line) => this.#warnings.say(line),
      },
      events,
    )
  }

  /** Met is who has a connection and has said who it is. */
  #readiness(
    { state }: Context,
    network: Network,
    knewMembers: boolean,
  ): { ready: boolean; why: string; joined: boolean } {
    const told = this.#setup.join.length > 0
    this.#met ||= [...state.members.values()].some((member) => member.node !== state.self.node && member.connected)
    if (this.#met || (!told && !knewMembers) || (knewMembers && network.triedAll()))
      return { ready: true, why: '', joined: this.#met || !told }
    return {
      ready: false,
      why: told ? 'told to join, and has not met a member yet' : 'looks for the members that it knew',
      joined: false,
    }
  }

  #joinFailed(address: string, why: 'refused' | 'unreachable' | 'version', message: string): void {
    if (why === 'unreachable' || this.#met) {
      this.#warnings.say(`${address}: ${message}`)
      return
    }
    this.#fail(
      why === 'refused'
        ? new ShoalError('NOT_ADMITTED', `${address} did not let this node in`, {
            why: message,
            try: ['shoal ticket   on a member prints one with the right key'],
          })
        : new ShoalError('VERSION', `${address} runs another version of Shoal`, { why: message }),
    )
  }

  #sayOfData(catalog: Catalog): void {
    const lines = catalog.warnings()
    for (const line of lines) if (!this.#saidOfData.includes(line)) this.#setup.warn(line)
    this.#saidOfData = lines
  }

  #count(kind: string, error: unknown): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1)
    this.#warnings.failed(error)
    if (process.env['SHOAL_DEBUG'] !== undefined) console.error('dropped', kind, error)
  }

  #fail(error: unknown): void {
    this.#ended.reject(error)
    void this.#stop()
  }

  #stop(): Promise<void> {
    this.#stopping ??= this.#stopParts().then(
      () => this.#ended.resolve(),
      (error: unknown) => this.#ended.reject(error),
    )
    return this.#stopping
  }

  async #stopParts(): Promise<void> {
    for (const stop of this.#stops) {
      try {
        await stop()
      } catch (error) {
        this.#count('stop', error)
      }
    }
    this.#close()
  }
}
