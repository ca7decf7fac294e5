import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { NodeApi } from '../../control/api.ts'
import type { Capacity } from '../../control/capacity.ts'
import type { DataOption } from '../../control/node-options.ts'
import { ShoalError } from '../../core/errors.ts'
import type { Environment } from '../settings.ts'

/** How a simulated node is started. */
export interface NodeRecipe {
  readonly name: string
  /** Its folder: home, list of files, log. */
  readonly folder: string
  readonly hand: readonly DataOption[]
  readonly capacity: Capacity
  readonly environment: Environment
  /** A file with the mesh's ticket; null: this node makes the mesh. */
  readonly ticketFile: string | null
}

const MAIN = fileURLToPath(import.meta.resolve('#main'))
const LOG_LINES_SHOWN = 15

/** One `shoal node` of the simulator, in a process of its own, in a throw-away home. */
export class NodeProcess {
  readonly recipe: NodeRecipe
  readonly home: string
  readonly api: NodeApi
  readonly #died: (node: NodeProcess, log: string) => void
  #child: ChildProcess | null = null
  #killed = false
  #ended: Promise<void> = Promise.resolve()

  /** `died` is called when the process ends without having been killed here, with the end of its log. */
  constructor(recipe: NodeRecipe, connect: (home: string) => NodeApi, died: (node: NodeProcess, log: string) => void) {
    this.recipe = recipe
    this.#died = died
    this.home = join(recipe.folder, 'home')
    this.api = connect(this.home)
  }

  get name(): string {
    return this.recipe.name
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  get running(): boolean {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Starts the process, also again on the same home. */
  start(): void {
    const { folder, hand, capacity, ticketFile, name } = this.recipe
    mkdirSync(this.home, { recursive: true, mode: 0o700 })
    const files = join(folder, 'files.json')
    writeFileSync(files, JSON.stringify(hand))
    const args = ['node', '--home', this.home, '--name', name, '--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns']
    args.push('--slots', String(capacity.slots), '--memory', String(capacity.memory))
    if (ticketFile !== null) args.push('--join', `@${ticketFile}`)
    const log = openSync(join(folder, 'log'), 'a', 0o600)
    this.#child = spawn(process.execPath, [...process.execArgv, MAIN, ...args], {
      cwd: folder,
      env: simulatedEnvironment(this.recipe.environment, files),
      stdio: ['pipe', log, log],
      // A process group of its own: Ctrl-C is for the command, which then ends its nodes.
      detached: true,
    })
    closeSync(log)
    const child = this.#child
    child.stdin?.on('error', () => {})
    this.#killed = false
    this.#ended = new Promise((resolve) => {
      child.once('exit', () => {
        if (!this.#killed) this.#died(this, this.#logEnd())
        resolve()
      })
      child.once('error', () => resolve())
    })
  }

  /** From now on the node keeps its first attempt open. */
  holdFirst(): void {
    writeFileSync(join(this.home, HOLD), '')
  }

  /** `map 3/8`: where it holds its first attempt open; null: it has not begun one. */
  holding(): string | null {
    try {
      return readFileSync(join(this.home, HOLDING), 'utf8').trim() || null
    } catch {
      return null
    }
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill(): Promise<void> {
    this.#killed = true
    this.#child?.kill('SIGKILL')
    await this.#ended
    rmSync(join(this.home, HOLD), { force: true })
    rmSync(join(this.home, HOLDING), { force: true })
  }

  /** @throws ShoalError NODE_SETUP with the end of its log when the process has ended by itself */
  requireRunning(): void {
    if (this.running) return
    throw new ShoalError('NODE_SETUP', `the simulated node ${this.name} has ended`, { why: this.#logEnd() })
  }

  #logEnd(): string {
    const log = join(this.recipe.folder, 'log')
    return existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n').slice(-LOG_LINES_SHOWN).join('\n') : ''
  }
}

/** In the home: the simulator's wish that the first attempt be kept open, and the node's answer. */
const HOLD = 'sim-hold'
const HOLDING = 'sim-holding'

/** Whether to keep an attempt open: the first one, or the first of the stage that the file names. */
export function isToldToHold(home: string, stage: string, isFirst: boolean): boolean {
  try {
    const named = readFileSync(join(home, HOLD), 'utf8')
    return named === '' ? isFirst : named === stage
  } catch {
    return false
  }
}

/** What the shell has set for its own node is not for these. */
function simulatedEnvironment(environment: Environment, files: string): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(([name]) => !name.startsWith('SHOAL_'))
  return { ...Object.fromEntries(kept), SHOAL_SIM_FILES: files, SHOAL_SIM_LEASH: '1' }
}
