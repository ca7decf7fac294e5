import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ownCapacityOf, thisMachine, type Capacity } from '../../control/capacity.ts'
import type { DataOption } from '../../control/node-options.ts'
import { ShoalError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Context } from '../context.ts'
import { parseDataOption } from '../data-option.ts'
import { DATA, KILL, MEMORY, NODES, SLOTS } from '../flags.ts'
import type { Via } from '../follow.ts'
import { dealFiles } from './deal.ts'
import { listFiles } from './files.ts'
import { NodeProcess } from './node-process.ts'

const POLL_MS = 50
/** Each look at a starting node costs it and this command a millisecond or two, which many nodes need themselves. */
const POLL_PER_NODE_MS = 10
/** A node that does not come up in this time will not. */
const START_MS = 60_000
/** How often in all a refused request is repeated: a shard that really cannot be read soon gives the refusal. */
const AGAIN_MAX = 3

/** What the flags ask for. */
export interface SimPlan {
  readonly nodes: number
  readonly kill: number
  readonly hands: readonly (readonly DataOption[])[]
  readonly capacity: Capacity
}

/** @throws ShoalError USAGE, DATA_DIR or MEMORY_SETTING */
export function planSim(context: Context): SimPlan {
  const { settings, io } = context
  const nodes = settings.get(NODES)
  if (nodes === undefined) throw new ShoalError('USAGE', '--nodes is missing', { try: ['shoal sim --nodes 5 …'] })
  const kill = settings.get(KILL) ?? 0
  if (kill >= nodes) throw new ShoalError('USAGE', `--kill ${kill} leaves none of ${nodes} nodes alive`)
  const decks = settings.all(DATA).map((text) => {
    const offer = parseDataOption(text, io.folder)
    const { files, leftOut } = listFiles(offer.dir, offer.all)
    if (leftOut.length > 0) context.hint(`warning: ${offer.name}: not dealt out: ${named(leftOut)}`)
    return { ...offer, files }
  })
  const machine = thisMachine()
  const share = { slots: Math.max(1, Math.floor(machine.cores / nodes)), memory: Math.floor(machine.ram / 4 / nodes) }
  const slots = settings.get(SLOTS) ?? share.slots
  const memory = settings.get(MEMORY) ?? Math.max(share.memory, slots * LIMITS.slotMemoryMin)
  return { nodes, kill, hands: dealFiles(decks, nodes, kill), capacity: ownCapacityOf({ slots, memory }, machine) }
}

/** Names that begin with `_` or `.`, and what is no file, as a node's own catalog would say. */
function named(leftOut: readonly string[]): string {
  const more = leftOut.length > SHOWN ? `, … (${leftOut.length} in all)` : ''
  return `${leftOut.slice(0, SHOWN).join(', ')}${more}; names that begin with _ or ., and what is no file, are no data`
}

const SHOWN = 5

/** N real nodes on this machine. `stop` ends all of them and removes all that they left. */
export class SimMesh {
  readonly nodes: readonly NodeProcess[]
  readonly #root: string
  readonly #removeNow = (): void => this.#end()

  constructor(context: Context, plan: SimPlan) {
    this.#root = mkdtempSync(join(tmpdir(), 'shoal-sim-'))
    process.once('exit', this.#removeNow)
    const ticketFile = join(this.#root, 'ticket')
    this.nodes = plan.hands.map(
      (hand, i) =>
        new NodeProcess(
          {
            name: `node-${i + 1}`,
            folder: join(this.#root, `node-${i + 1}`),
            hand,
            capacity: plan.capacity,
            environment: context.io.environment,
            ticketFile: i === 0 ? null : ticketFile,
          },
          (home) => context.nodeAt(home),
          (node, log) => context.noteLines(`warning: ${node.name} ended by itself; the end of its log:\n${log}`),
        ),
    )
  }

  /** Starts all nodes; resolves when each has met every other and has read its data. */
  async start(signal: AbortSignal): Promise<void> {
    const deadline = performance.now() + START_MS
    const [first, ...others] = this.nodes as [NodeProcess, ...NodeProcess[]]
    first.start()
    const ticket = await this.#until(first, deadline, signal, () => first.api.ticket())
    writeFileSync(join(this.#root, 'ticket'), `${ticket}\n`, { mode: 0o600 })
    for (const node of others) node.start()
    for (const node of this.nodes) await this.#until(node, deadline, signal, () => this.#isComplete(node))
  }

  /**
   * A living node to talk to; when it dies, the next one. A busy machine lets nodes be taken for away that live: what
   * fails for want of them is asked again, once the node sees all that run.
   */
  via(signal: AbortSignal): Via {
    let at = this.nodes[0] as NodeProcess
    let tries = AGAIN_MAX
    return {
      get node() {
        return at.api
      },
      passing: true,
      next: async () => {
        await sleep(POLL_MS, undefined, { signal })
        const running = this.nodes.filter((node) => node.running)
        const next = running.find((node) => node !== at) ?? running[0]
        at = next ?? at
        return next !== undefined
      },
      again: async ({ code }) => {
        if ((code !== 'INCOMPLETE' && code !== 'RESULT_LOST') || tries-- <= 0) return false
        const wait = this.#until(at, performance.now() + START_MS, signal, () => this.#seesAll(at))
        // A node that is dead answers NO_NODE, and the next one is taken.
        const whole = await wait.catch(() => !at.running)
        signal.throwIfAborted()
        return whole
      },
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()))
    this.#end()
    process.off('exit', this.#removeNow)
  }

  #end(): void {
    for (const { pid, running } of this.nodes) if (running && pid > 0) process.kill(pid, 'SIGKILL')
    rmSync(this.#root, { recursive: true, force: true, maxRetries: 5 })
  }

  async #isComplete(node: NodeProcess): Promise<true | null> {
    const status = await node.api.status()
    const scanned = status.datasets.every((dataset) => dataset.pending === 0)
    return status.ready && scanned && (await this.#seesAll(node)) ? true : null
  }

  async #seesAll(node: NodeProcess): Promise<true | null> {
    const members = await node.api.members()
    const alive = new Set(members.filter(({ state }) => state === 'alive').map(({ name }) => name))
    return this.nodes.every(({ running, name }) => !running || alive.has(name)) ? true : null
  }

  async #until<T>(node: NodeProcess, deadline: number, signal: AbortSignal, ask: () => Promise<T | null>): Promise<T> {
    for (;;) {
      signal.throwIfAborted()
      node.requireRunning()
      const answer = await ask().catch((error: unknown) => {
        if (error instanceof ShoalError && error.code === 'NO_NODE') return null
        throw error
      })
      if (answer !== null) return answer
      if (performance.now() > deadline) {
        throw new ShoalError('NODE_SETUP', `the simulated node ${node.name} was not ready within ${START_MS / 1000} s`)
      }
      await sleep(Math.max(POLL_MS, POLL_PER_NODE_MS * this.nodes.length))
    }
  }
}
