import { type ChildProcess, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { reasonOf } from '../../words/reason.ts'
import type { Bytes, Digest } from '../../core/types.ts'
import { memoryFlags } from '../../task/memory.ts'
import { type Command, frame, FrameParser } from '../../task/protocol.ts'
import { kill } from './leftovers.ts'
import type { SlotFolder } from './slot-folder.ts'

/** The last of what a process wrote on stderr is kept, up to so many characters: V8 says there why it gave up. */
const STDERR_CHARS = 8192

export interface ProcessEvents {
  message(sent: unknown): void
  /** Exactly once; after it nothing more is told. */
  exit(code: number | null, signal: NodeJS.Signals | null, stderr: string): void
}

/** One task process: blank, or bound to the code of one job. */
export class TaskProcess {
  readonly folder: SlotFolder
  readonly memory: Bytes
  /** null: blank. A process that has loaded code never runs other code. */
  code: Digest | null = null
  busy = false
  /** Attempts that it has finished. */
  uses = 0
  ended = false
  readonly #child: ChildProcess
  #stderr = ''

  constructor(folder: SlotFolder, memory: Bytes, events: ProcessEvents) {
    this.folder = folder
    this.memory = memory
    const grants = ['--permission', `--allow-fs-read=${folder.path}/`, `--allow-fs-write=${folder.path}/`]
    const closed = ['--expose-internals', '--disallow-code-generation-from-strings', '--no-warnings', '--no-addons']
    const args = [...grants, ...closed, ...memoryFlags(memory), folder.runner, folder.path]
    this.#child = spawn(process.execPath, args, {
      cwd: folder.path,
      env: { TZ: 'UTC', LANG: 'C' },
      stdio: ['pipe', 'ignore', 'pipe', 'pipe'],
      // A group of its own: Ctrl-C in the node's terminal is for the node alone.
      detached: true,
    })
    this.#listen(events)
  }

  get pid(): number {
    return this.#child.pid ?? -1
  }

  send(command: Command): void {
    this.#child.stdin?.write(frame(command))
  }

  kill(): void {
    if (!this.ended && this.#child.pid !== undefined) kill(this.#child.pid)
  }

  /** Resolves when the process is gone. */
  gone(): Promise<void> {
    if (this.ended) return Promise.resolve()
    return new Promise((resolve) => {
      this.#child.once('close', () => resolve())
      this.#child.once('error', () => resolve())
    })
  }

  #listen(events: ProcessEvents): void {
    const child = this.#child
    const parser = new FrameParser()
    const messages = child.stdio[3] as Readable | null
    messages?.on('data', (chunk: Buffer) => {
      try {
        for (const message of parser.push(chunk)) events.message(message)
      } catch {
        // Shoal's half of the task process never sends such a message.
        this.#stderr += '\n(it broke the protocol)'
        this.kill()
      }
    })
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString('latin1')).slice(-STDERR_CHARS)
    })
    for (const stream of [messages, child.stderr, child.stdin as Writable | null]) stream?.on('error', () => undefined)
    const end = (code: number | null, signal: NodeJS.Signals | null): void => {
      if (this.ended) return
      this.ended = true
      events.exit(code, signal, this.#stderr)
    }
    // `close` comes after the last message was read; `exit` would come before.
    child.once('close', end)
    child.once('error', (error) => {
      this.#stderr += reasonOf(error, 'the system refuses it')
      if (child.pid === undefined) end(null, null)
    })
  }
}
