/** Real nodes, and what befalls them: kills, restarts, pauses, by one seed. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { NodeApi } from '../../src/control/api.ts'
import { connectControl } from '../../src/control/client.ts'
import { until } from '../../test/e2e/command.ts'
import { Mesh, type MeshNode, type NodeSpec } from '../../test/e2e/mesh.ts'
import type { Random } from '../bench/random.ts'

/** A node that does not answer for so long is passed over: it may be stopped. */
const ANSWER_MS = 20_000
/** A busy machine starts them in its own time. */
const READY_MS = 600_000

export class StormNode {
  readonly node: MeshNode
  readonly api: NodeApi
  paused = false

  constructor(node: MeshNode) {
    this.node = node
    this.api = connectControl(node.home)
  }

  get name(): string {
    return this.node.name
  }

  get awake(): boolean {
    return this.node.running && !this.paused
  }

  pause(): void {
    if (!this.node.running) return
    this.paused = true
    process.kill(this.node.pid, 'SIGSTOP')
  }

  resume(): void {
    if (this.paused && this.node.running) process.kill(this.node.pid, 'SIGCONT')
    this.paused = false
  }

  /** kill -9, and another life some time later. */
  async restart(afterMs: number): Promise<void> {
    this.paused = false
    await this.node.kill()
    await sleep(afterMs)
    this.node.start()
  }
}

/** How hard it blows: milliseconds between two blows, on average, and what they are. */
export interface Weather {
  readonly everyMs: number
  /** Nodes that nothing befalls. */
  readonly spared: readonly string[]
}

export class StormMesh {
  readonly mesh: Mesh = new Mesh()
  readonly nodes: StormNode[] = []
  readonly blows: Record<string, number> = { kill: 0, 'kill of two': 0, 'kill of all': 0, pause: 0 }
  /** Nodes that ended though nobody had killed them. */
  readonly fallen: string[] = []
  readonly #random: Random
  readonly #pending = new Set<Promise<void>>()

  constructor(random: Random) {
    this.#random = random
  }

  /** The first makes the mesh, the others join it. */
  async start(specs: readonly NodeSpec[]): Promise<void> {
    this.nodes.push(...specs.map((spec) => new StormNode(this.mesh.add(spec))))
    const [first, ...others] = this.nodes as [StormNode, ...StormNode[]]
    first.node.start()
    const ticket = await until('the first node has a ticket', () => first.api.ticket(), READY_MS)
    for (const { node } of others) node.start(['--join', ticket])
    await this.ready()
  }

  /** Over the socket, since a command for each question would be a storm of its own. */
  async ready(): Promise<void> {
    await until(
      'all nodes are ready and know each other',
      async () => {
        for (const { api } of this.nodes) {
          const { ready, alive, datasets } = await api.status()
          if (!ready || alive < this.nodes.length || datasets.some(({ pending }) => pending > 0)) return null
        }
        return true
      },
      READY_MS,
    )
  }

  /** One of the nodes that can answer, by the seed; waits while there is none. */
  async anyone(): Promise<StormNode> {
    for (;;) {
      const awake = this.nodes.filter((node) => node.awake)
      if (awake.length > 0) return awake[this.#random.below(awake.length)] as StormNode
      await sleep(50)
    }
  }

  /** Asks somebody; null where no answer came, for whatever reason that a storm gives. */
  async ask<T>(question: (api: NodeApi) => Promise<T>, node?: StormNode): Promise<T | null> {
    const { api } = node ?? (await this.anyone())
    const late = new AbortController()
    try {
      const nothing = sleep(ANSWER_MS, null, { signal: late.signal }).catch(() => null)
      return await Promise.race([question(api).catch(() => null), nothing])
    } finally {
      late.abort()
    }
  }

  /** Blows until the signal, then lets everybody come back. */
  async blow({ everyMs, spared }: Weather, over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      await sleep(everyMs * (0.2 + 1.6 * this.#chance()), undefined, { signal: over }).catch(() => {})
      if (!over.aborted) this.#strike(spared)
    }
    await Promise.all(this.#pending)
    for (const node of this.nodes) {
      node.resume()
      if (node.node.running) continue
      this.fallen.push(`${node.name} ended by itself:\n${node.node.log.slice(-2_000)}`)
      node.node.start()
    }
    await this.ready()
  }

  async end(): Promise<void> {
    await this.mesh.end()
  }

  #strike(spared: readonly string[]): void {
    const near = this.nodes.filter((node) => !spared.includes(node.name) && node.awake)
    const dice = this.#chance()
    if (dice < 0.55) this.#kill('kill', this.#draw(near, 1))
    else if (dice < 0.65) this.#kill('kill of two', this.#draw(near, 2))
    else if (dice < 0.7) this.#kill('kill of all', near)
    else
      for (const node of this.#draw(near, 1)) {
        this.#count('pause')
        node.pause()
        this.#later(sleep(500 + 9_500 * this.#chance()).then(() => node.resume()))
      }
  }

  #kill(blow: string, nodes: readonly StormNode[]): void {
    if (nodes.length === 0) return
    this.#count(blow)
    for (const node of nodes) this.#later(node.restart(4_000 * this.#chance()))
  }

  #later(work: Promise<void>): void {
    this.#pending.add(work)
    void work.finally(() => this.#pending.delete(work))
  }

  #draw(nodes: readonly StormNode[], count: number): StormNode[] {
    const left = [...nodes]
    const drawn: StormNode[] = []
    while (drawn.length < count && left.length > 0) drawn.push(...left.splice(this.#random.below(left.length), 1))
    return drawn
  }

  #count(blow: string): void {
    this.blows[blow] = (this.blows[blow] ?? 0) + 1
  }

  #chance(): number {
    return this.#random.bits() / 2 ** 32
  }
}
