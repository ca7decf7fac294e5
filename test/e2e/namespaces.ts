/**
 * A small network of our own, for real nodes: each place is a network namespace with one cable (veth) to a switch, a
 * bridge in a namespace of its own. What reaches a place goes through a queue at the switch's end of its cable, and
 * there it is dropped, thinned out or slowed down. It takes root, and ip(8), tc(8), unshare(1) and nsenter(1) alone.
 *
 * A namespace lives as long as a process in it: here `cat`, whose stdin is a pipe from this process. So however the
 * tests end, nothing is left, and no name is taken outside.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { readlinkSync } from 'node:fs'

/** Classes of the queue in front of a place, and in which order its filters are asked. */
const PASSED = '1:10'
const DROPPED = '1:66'
const FILTERS = { refused: 1, cut: 2, loss: 3 } as const

export interface Place {
  readonly address: string
  /** Runs what follows it there. */
  readonly within: readonly string[]
  /** For a node: listen here. */
  readonly environment: NodeJS.ProcessEnv
}

/** Why there can be no such network on this machine; null: there can. */
export function whyNoNamespaces(): string | null {
  if (process.platform !== 'linux') return 'network namespaces are of Linux'
  if (process.getuid?.() !== 0) return 'making network namespaces takes root'
  let lan: Lan | null = null
  try {
    lan = new Lan()
    const [one, other] = [lan.place(), lan.place()]
    lan.cut(one, other)
    lan.refuseDials(one)
    lan.lose(one, 0.5)
    lan.slow(one, '10mbit')
    return null
  } catch (error) {
    return `this machine cannot: ${error instanceof Error ? error.message.trim() : String(error)}`
  } finally {
    lan?.end()
  }
}

/** Said so that nobody takes tests that did not run for tests that passed. */
export function sayLoudly(what: string, why: string): void {
  console.error(`\n!!!! NOT TESTED: ${what}\n!!!! ${why}\n`)
}

export class Lan {
  readonly #switch = new Namespace()
  readonly #places: Namespace[] = []

  constructor() {
    try {
      this.#switch.run('ip', 'link', 'add', 'switch', 'type', 'bridge')
      this.#switch.run('ip', 'link', 'set', 'switch', 'up')
    } catch (error) {
      this.end()
      throw error
    }
  }

  place(): Place {
    const inside = new Namespace()
    this.#places.push(inside)
    const number = this.#places.length
    const address = addressOf(number)
    const port = `port${number}`
    this.#switch.run('ip', 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'cable', 'netns', String(inside.pid))
    this.#switch.run('ip', 'link', 'set', port, 'master', 'switch', 'up')
    inside.run('ip', 'address', 'add', `${address}/24`, 'dev', 'cable')
    for (const link of ['lo', 'cable']) inside.run('ip', 'link', 'set', link, 'up')
    this.#tc('qdisc', 'add', 'dev', port, 'root', 'handle', '1:', 'htb', 'default', '10')
    for (const id of [PASSED, DROPPED]) this.#tc(...classOf('add', port, id, FULL_SPEED))
    // A queue in which no packet has room.
    this.#tc('qdisc', 'add', 'dev', port, 'parent', DROPPED, 'bfifo', 'limit', '1')
    return { address, within: inside.within, environment: { SHOAL_LISTEN: `/ip4/${address}/tcp/0` } }
  }

  /** Nothing goes from one to the other any more; the way back stays. */
  cutOneWay(from: Place, to: Place): void {
    this.#drop(to, FILTERS.cut, 'u32', 'match', 'ip', 'src', `${from.address}/32`)
  }

  cut(one: Place, other: Place): void {
    this.cutOneWay(one, other)
    this.cutOneWay(other, one)
  }

  /** The cable is pulled out of the switch. */
  unplug(place: Place): void {
    this.#switch.run('ip', 'link', 'set', this.#port(place), 'down')
  }

  /** Packets that would open a connection to it are dropped; those of connections that it opens itself pass. */
  refuseDials(place: Place): void {
    const syn = ['match', 'ip', 'protocol', '6', '0xff', 'match', 'u8', '0x02', '0x12', 'at', '33']
    this.#drop(place, FILTERS.refused, 'u32', ...syn)
  }

  /** Of what is sent to it this share is lost, drawn for each packet. */
  lose(place: Place, share: number): void {
    // Load the kernel's random word; below the bound: match, else none.
    const program = `4,32 0 0 4294963256,53 0 1 ${Math.round(share * 2 ** 32)},6 0 0 0,6 0 0 4294967295`
    this.#drop(place, FILTERS.loss, 'bpf', 'bytecode', program)
  }

  /** What is sent to it comes at this rate, such as `8mbit`. */
  slow(place: Place, rate: string): void {
    this.#tc(...classOf('change', this.#port(place), PASSED, rate))
  }

  /** All is well again, but for dials that are refused. */
  heal(): void {
    for (const [i] of this.#places.entries()) {
      const port = `port${i + 1}`
      this.#switch.run('ip', 'link', 'set', port, 'up')
      this.#tc(...classOf('change', port, PASSED, FULL_SPEED))
      for (const filter of [FILTERS.cut, FILTERS.loss])
        if (this.#switch.run('tc', 'filter', 'show', 'dev', port).includes(`pref ${filter} `))
          this.#tc('filter', 'del', 'dev', port, 'parent', '1:', 'prio', String(filter))
    }
  }

  /** Packets that were dropped on their way to a place. */
  dropped(place: Place): number {
    const shown = this.#switch.run('tc', '-s', 'qdisc', 'show', 'dev', this.#port(place))
    return Number(/bfifo[^]*?dropped (\d+)/.exec(shown)?.[1])
  }

  end(): void {
    for (const namespace of [...this.#places, this.#switch]) namespace.end()
  }

  #drop(to: Place, filter: number, ...match: string[]): void {
    const where = ['dev', this.#port(to), 'parent', '1:', 'protocol', 'ip', 'prio', String(filter)]
    this.#tc('filter', 'add', ...where, ...match, 'flowid', DROPPED)
  }

  #port(place: Place): string {
    return `port${place.address.split('.').at(-1)}`
  }

  #tc(...args: readonly string[]): void {
    this.#switch.run('tc', ...args)
  }
}

const FULL_SPEED = '10gbit'

/** The range for tests of networks (RFC 2544): nobody outside has these addresses. */
const addressOf = (number: number): string => `198.18.0.${number}`

const classOf = (verb: 'add' | 'change', port: string, id: string, rate: string): string[] => {
  const shape = ['htb', 'rate', rate, 'quantum', '60000']
  return ['class', verb, 'dev', port, ...(verb === 'add' ? ['parent', '1:'] : []), 'classid', id, ...shape]
}

class Namespace {
  readonly #holder: ChildProcess

  constructor() {
    this.#holder = spawn('unshare', ['--net', 'cat'], { stdio: ['pipe', 'ignore', 'ignore'] })
    this.#holder.on('error', () => {})
    // It holds the namespace, not this process.
    this.#holder.unref()
    if (this.#holder.pid === undefined) throw new Error('unshare(1) does not start')
    this.#waitUntilMade()
  }

  get pid(): number {
    return this.#holder.pid as number
  }

  get within(): readonly string[] {
    return ['nsenter', `--target=${this.pid}`, '--net']
  }

  run(...command: readonly string[]): string {
    const [file, ...args] = [...this.within, ...command] as [string, ...string[]]
    return execFileSync(file, args, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' })
  }

  end(): void {
    this.#holder.kill('SIGKILL')
  }

  /** unshare(1) becomes `cat` once it is inside. */
  #waitUntilMade(): void {
    const here = namespaceOf('self')
    for (let tries = 0; tries < 1_000; tries++) {
      const there = namespaceOf(String(this.pid))
      if (there !== '' && there !== here) return
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    }
    this.end()
    throw new Error('unshare(1) makes no network namespace')
  }
}

function namespaceOf(process: string): string {
  try {
    return readlinkSync(`/proc/${process}/ns/net`)
  } catch {
    return ''
  }
}
