/**
 * A mesh of real `shoal node` processes on loopback, each with a home and data of its own under one throw-away folder.
 * `end` kills all of them and removes the folder; should the test process itself be killed, the nodes end with it, since
 * their stdin is a pipe from here.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type {
  DatasetInfo,
  JobDetail,
  JobSummary,
  MemberInfo,
  NodeApi,
  NodeStatus,
  Receipt,
  StoryEvent,
} from '../../src/control/api.ts'
import { connectControl } from '../../src/control/client.ts'
import { command, plainEnvironment, SHOAL, until, type CommandOptions, type Ended } from './command.ts'

/** Files by path, relative to the dataset's directory. */
export type Files = Readonly<Record<string, string | Uint8Array>>

export interface NodeSpec {
  readonly name: string
  /** By dataset, as `--data` names it: `logs`, or `logs,replicated`, `logs,all` … */
  readonly data?: Readonly<Record<string, Files>>
  readonly args?: readonly string[]
  readonly environment?: NodeJS.ProcessEnv
  /** What it is run by: a command that becomes the one that follows. */
  readonly within?: readonly string[]
}

export class MeshNode {
  readonly spec: NodeSpec
  readonly folder: string
  readonly home: string
  readonly api: NodeApi
  readonly #mesh: Mesh
  #child: ChildProcess | null = null
  #ended: Promise<number | null> = Promise.resolve(null)

  constructor(mesh: Mesh, spec: NodeSpec) {
    this.#mesh = mesh
    this.spec = spec
    this.folder = join(mesh.root, 'nodes', spec.name)
    this.home = join(this.folder, 'home')
    this.api = connectControl(this.home)
    mkdirSync(this.folder, { recursive: true })
    for (const [dataset, files] of Object.entries(spec.data ?? {})) {
      mkdirSync(this.data(dataset), { recursive: true })
      for (const [path, text] of Object.entries(files)) this.write(dataset, path, text)
    }
  }

  get name(): string {
    return this.spec.name
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  get running(): boolean {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Resolves when the present life is over: its exit code, null for a violent end. */
  get ended(): Promise<number | null> {
    return this.#ended
  }

  /** What the node has said on stderr, in all its lives. */
  get log(): string {
    const log = join(this.folder, 'log')
    return existsSync(log) ? readFileSync(log, 'utf8') : ''
  }

  /** Where it keeps a dataset. */
  data(dataset: string): string {
    return join(this.folder, 'data', dataset.split(',')[0]!)
  }

  write(dataset: string, path: string, text: string | Uint8Array): void {
    const file = join(this.data(dataset), path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }

  start(more: readonly string[] = []): void {
    const { name, data, args, environment, within } = this.spec
    const offers = Object.keys(data ?? {}).flatMap((dataset) => {
      const [title, ...flags] = dataset.split(',')
      return ['--data', [`${title}=${this.data(dataset)}`, ...flags].join(',')]
    })
    const own = ['--home', this.home, '--name', name, '--no-mdns', '--slots', '1', '--memory', '128MB', ...offers]
    const log = openSync(join(this.folder, 'log'), 'a')
    const words = [...(within ?? []), process.execPath, ...SHOAL, 'node', ...own, ...(args ?? []), ...more]
    const child = spawn(words[0]!, words.slice(1), {
      cwd: this.folder,
      env: { ...this.#mesh.environment, SHOAL_LISTEN: '/ip4/127.0.0.1/tcp/0', SHOAL_SIM_LEASH: '1', ...environment },
      stdio: ['pipe', log, log],
    })
    closeSync(log)
    child.stdin?.on('error', () => {})
    this.#child = child
    this.#ended = new Promise((resolve) => {
      child.once('exit', (code) => resolve(code))
      child.once('error', () => resolve(null))
    })
  }

  /** Sends a signal; resolves with the exit code, null for a violent end. */
  async stop(signal: NodeJS.Signals): Promise<number | null> {
    this.#child?.kill(signal)
    return await this.#ended
  }

  async kill(): Promise<void> {
    await this.stop('SIGKILL')
    this.release()
    rmSync(join(this.home, HOLDING), { force: true })
  }

  /** kill -9, and the next life on the same home; with `hold` its first attempt is kept open. */
  async restart({ hold = false }: { hold?: boolean } = {}): Promise<void> {
    await this.kill()
    if (hold) this.holdFirst()
    this.start()
  }

  /** All jobs that it knows are over, also by its disk: it begins nothing of them in its next life. */
  async atRest(): Promise<void> {
    await until(`${this.name} has nothing left to do`, async () => {
      const jobs = await this.jobs()
      const isKept = (id: string): boolean =>
        /"ended":"/.test(readFileSync(join(this.home, 'jobs', id, 'times.json'), 'utf8'))
      return jobs.every(({ id, state }) => state !== 'running' && state !== 'waiting' && isKept(id)) || null
    })
  }

  /**
   * From now on its first attempt, or its next one of a stage, is begun and kept open: the simulator's switch, so that a
   * kill hits work under way.
   */
  holdFirst(stage = ''): void {
    mkdirSync(this.home, { recursive: true, mode: 0o700 })
    writeFileSync(join(this.home, HOLD), stage)
  }

  /** Takes `holdFirst` back, for an attempt that is not begun yet. */
  release(): void {
    rmSync(join(this.home, HOLD), { force: true })
  }

  get holding(): boolean {
    return existsSync(join(this.home, HOLDING))
  }

  /** What it holds open, `map 1/3`. */
  async held(): Promise<string> {
    return await until(`${this.name} begins a task`, () => {
      const file = join(this.home, HOLDING)
      return existsSync(file) ? readFileSync(file, 'utf8') || null : null
    })
  }

  /** A command by this node. */
  async run(...args: readonly string[]): Promise<Ended> {
    return await this.#mesh.command(['--home', this.home, ...args])
  }

  /** A command that must end well; its standard output. */
  async ok(...args: readonly string[]): Promise<string> {
    const ended = await this.run(...args)
    if (ended.code !== 0) throw new Error(`${this.name}: shoal ${args.join(' ')} ended ${ended.code}\n${ended.stderr}`)
    return ended.stdout
  }

  async json<T>(...args: readonly string[]): Promise<T> {
    return JSON.parse(await this.ok('--json', ...args)) as T
  }

  // What a test asks again and again goes over the socket: a command for each look would keep a small machine busy with
  // nothing else. `three-nodes` and `cli/processes` compare what the commands say.

  status(): Promise<NodeStatus> {
    return this.api.status()
  }

  /** Its own addresses, without those at relays, which come and go. */
  async listens(): Promise<readonly string[]> {
    return (await this.status()).listen.filter((address) => !address.includes('/p2p-circuit'))
  }

  members(): Promise<readonly MemberInfo[]> {
    return this.api.members()
  }

  datasets(): Promise<readonly DatasetInfo[]> {
    return this.api.datasets()
  }

  jobs(): Promise<readonly JobSummary[]> {
    return this.api.jobs()
  }

  job(id: string): Promise<JobDetail> {
    return this.api.job(id)
  }

  why(id: string): Promise<string> {
    return this.api.why(id)
  }

  receipt(id: string): Promise<Receipt> {
    return this.api.receipt(id)
  }

  events(id: string): Promise<readonly StoryEvent[]> {
    return this.api.events(id)
  }

  /** Submits and does not wait. */
  async submit(...args: readonly string[]): Promise<string> {
    return (await this.ok('run', ...args, '--detach')).trim()
  }
}

/** In a home: the wish that the first attempt be kept open, and the node's answer. */
const HOLD = 'sim-hold'
const HOLDING = 'sim-holding'

export class Mesh {
  readonly root: string = mkdtempSync(join(tmpdir(), 'shoal-e2e-'))
  readonly environment: NodeJS.ProcessEnv
  readonly nodes: MeshNode[] = []
  readonly #removeNow = (): void => this.#remove()

  constructor() {
    for (const folder of ['tmp', 'run']) mkdirSync(join(this.root, folder), { mode: 0o700 })
    this.environment = plainEnvironment({ TMPDIR: join(this.root, 'tmp'), XDG_RUNTIME_DIR: join(this.root, 'run') })
    process.once('exit', this.#removeNow)
  }

  /** Makes a node, which does not run yet. */
  add(spec: NodeSpec): MeshNode {
    const node = new MeshNode(this, spec)
    this.nodes.push(node)
    return node
  }

  /** Starts nodes: the first makes the mesh, if there is none, and the others join by its ticket. */
  async start(...specs: readonly NodeSpec[]): Promise<MeshNode[]> {
    const nodes = specs.map((spec) => this.add(spec))
    const [first, ...others] = nodes as [MeshNode, ...MeshNode[]]
    const host = this.nodes.find((node) => node.running)
    first.start(host === undefined ? [] : ['--join', await ticketOf(host)])
    if (others.length > 0) {
      const ticket = await ticketOf(first)
      for (const node of others) node.start(['--join', ticket])
    }
    await this.ready()
    return nodes
  }

  /** Every running node is ready, knows all others as alive, and has read its data. */
  async ready(): Promise<void> {
    const running = this.nodes.filter((node) => node.running)
    await Promise.all(
      running.map((node) =>
        until(`${node.name} is ready`, async () => {
          if (!node.running) throw new Error(`${node.name} has ended: ${node.log}`)
          const { ready, datasets } = await node.status()
          const alive = (await node.members()).filter(
            ({ state, connected, self }) => state === 'alive' && (self || connected),
          )
          return ready && alive.length >= running.length && datasets.every((one) => one.pending === 0) ? true : null
        }),
      ),
    )
  }

  async command(
    args: readonly string[],
    more: NodeJS.ProcessEnv = {},
    options: Pick<CommandOptions, 'input' | 'interruptAt'> = {},
  ): Promise<Ended> {
    return await command(args, { folder: this.root, environment: { ...this.environment, ...more }, ...options })
  }

  /** Writes a job file; answers its path. */
  job(name: string, source: string): string {
    const file = join(this.root, 'jobs', `${name}.ts`)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, source)
    return file
  }

  /** A directory with files, for `--local` runs. */
  folder(name: string, files: Files): string {
    const folder = join(this.root, 'folders', name)
    mkdirSync(folder, { recursive: true })
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    }
    return folder
  }

  /** Kills all nodes and removes everything. */
  async end(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()))
    this.#remove()
    process.off('exit', this.#removeNow)
  }

  #remove(): void {
    for (const { pid, running } of this.nodes) if (running && pid > 0) process.kill(pid, 'SIGKILL')
    rmSync(this.root, { recursive: true, force: true, maxRetries: 5 })
  }
}

async function ticketOf(node: MeshNode): Promise<string> {
  return await until(`${node.name} has a ticket`, async () => {
    if (!node.running) throw new Error(`${node.name} has ended: ${node.log}`)
    return await node.api.ticket()
  })
}

/** The hash on the last line of a summary. */
export function resultOf({ stderr }: Ended): string {
  const found = /result (sha256:[0-9a-f]{64})\s*$/.exec(stderr)
  if (found === null) throw new Error(`no summary:\n${stderr}`)
  return found[1]!
}

/** Key and value of each line of ndjson, in order of keys. */
export function records(ndjson: string): [key: unknown, value: unknown][] {
  return ndjson
    .split('\n')
    .filter((line) => line !== '')
    .map((line): [unknown, unknown] => {
      const { key, value } = JSON.parse(line) as { key: unknown; value: unknown }
      return [key, value]
    })
    .sort((a, b) => Buffer.compare(Buffer.from(String(a[0])), Buffer.from(String(b[0]))))
}

/** Words and how often each occurs, by a plain loop. */
export function countWords(texts: readonly string[]): [word: string, count: number][] {
  const counts = new Map<string, number>()
  for (const text of texts)
    for (const word of text.split(/[^A-Za-z]+/)) if (word !== '') counts.set(word, (counts.get(word) ?? 0) + 1)
  return [...counts].sort((a, b) => Buffer.compare(Buffer.from(a[0]), Buffer.from(b[0])))
}

export const WORD_COUNT = `import { defineJob } from 'shoal/job'
export default defineJob({
  input: 'texts',
  map(line, { emit }) { for (const word of line.match(/[A-Za-z]+/g) ?? []) emit(word, 1) },
  combine: (a, b) => a + b,
  reduce(word, counts, { emit }) { let sum = 0; for (const count of counts) sum += count; emit(word, sum) },
})
`
