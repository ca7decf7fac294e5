/**
 * Task processes: one for each slot, kept for the next attempt of the same job, killed when they use more than they may.
 * What runs in them can end them, and nothing else.
 */
import { mkdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { assert, ShoalError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Bytes, Millis } from '../../core/types.ts'
import type { Attempt, AttemptSpec, Tasks } from '../../ports.ts'
import { Guard } from './guard.ts'
import { removeLeftovers } from './leftovers.ts'
import { RunningAttempt } from './running-attempt.ts'
import { SlotFolder } from './slot-folder.ts'
import { TaskProcess } from './task-process.ts'

export interface TasksOptions {
  /** The folder for slots; its disk is the one of `Disk.adopt`. */
  readonly folder: string
  /** The task process's program, see `installProgram`. */
  readonly runner: string
  readonly slots: number
  /** Of all task processes together. */
  readonly memory: Bytes
}

/** A process that waits for more of its job's attempts gives way to a blank one after this time. */
const IDLE_MS: Millis = 2_000
/** After so long without an attempt one blank process is kept, and no more: each takes twenty megabytes. */
const SPARES_MS: Millis = 30_000
/** Between two looks at memory and time at most; beyond it this process itself was held up. */
const STALL_MS: Millis = 1_000

/** @throws ShoalError NODE_SETUP if task processes cannot be confined to `folder` */
export async function createTasks(options: TasksOptions): Promise<Tasks> {
  const made = await mkdir(options.folder, { recursive: true, mode: 0o700 })
  const folder = await realpath(options.folder)
  if (/[*,]/.test(folder)) {
    throw new ShoalError('NODE_SETUP', `a home folder with * or , in its path cannot be used: ${folder}`, {
      why: 'task processes are confined to a folder by its path, in which these are wildcards',
      try: ['--home with another path'],
    })
  }
  // In a new folder there can be no leftovers, and the search for them looks at every process of the machine.
  if (made === undefined) await removeLeftovers(folder)
  return new TaskPool({ ...options, folder })
}

class TaskPool implements Tasks {
  readonly slots: number
  readonly #options: TasksOptions
  readonly #guard = new Guard()
  readonly #processes = new Set<TaskProcess>()
  readonly #attempts = new Set<RunningAttempt>()
  readonly #removals = new Set<Promise<void>>()
  #watch: NodeJS.Timeout | null = null
  #watchedAt: Millis = 0
  #made = 0
  #keepWarm = false
  /** How many attempts ran at once since the node last had nothing to do for long. */
  #peak = 0
  #trim: NodeJS.Timeout | null = null
  #stopped = false

  constructor(options: TasksOptions) {
    this.slots = options.slots
    this.#options = options
  }

  start(spec: AttemptSpec): Attempt {
    assert(!this.#stopped && this.#attempts.size < this.slots, 'an attempt is started in a free slot')
    const process = this.#take(spec)
    process.busy = true
    const attempt = new RunningAttempt(spec, process, performance.now(), (released) => this.#release(released))
    this.#attempts.add(attempt)
    this.#peak = Math.max(this.#peak, this.#attempts.size)
    if (this.#trim !== null) clearTimeout(this.#trim)
    this.#trim = null
    this.#startWatch()
    return attempt
  }

  warm(keep: boolean): void {
    this.#keepWarm = true
    this.#fill()
    this.#keepWarm = keep
  }

  async stop(): Promise<void> {
    this.#stopped = true
    if (this.#watch !== null) clearInterval(this.#watch)
    if (this.#trim !== null) clearTimeout(this.#trim)
    for (const attempt of this.#attempts) attempt.kill('the node stops')
    await Promise.all([...this.#processes].map((process) => this.#drop(process)))
    await Promise.all(this.#removals)
    this.#guard.stop()
  }

  /** Memory of a task unless the job asks for another: what blank processes are made for. */
  get #share(): Bytes {
    return Math.floor(this.#options.memory / this.slots)
  }

  /** A process of this job, else a blank one, else a new one in the place of an idle one. */
  #take(spec: AttemptSpec): TaskProcess {
    const idle = [...this.#processes].filter((process) => !process.busy && !process.ended)
    const fit = idle.filter((process) => process.memory === spec.memory)
    const found = fit.find((process) => process.code === spec.code) ?? fit.find((process) => process.code === null)
    if (found !== undefined) return found
    if (this.#processes.size >= this.slots && idle[0] !== undefined) void this.#drop(idle[0])
    return this.#spawn(spec.memory)
  }

  #spawn(memory: Bytes): TaskProcess {
    const { folder, runner } = this.#options
    const slot = new SlotFolder(join(folder, `slot-${process.pid}-${this.#made++}`), runner)
    const attemptOf = (): RunningAttempt | undefined => [...this.#attempts].find((attempt) => attempt.process === made)
    const made: TaskProcess = new TaskProcess(slot, memory, {
      message: (sent) => attemptOf()?.heard(sent, performance.now()),
      exit: (code, signal, stderr) => {
        this.#guard.drop(made.pid)
        attemptOf()?.exited(code, signal, stderr)
        if (!made.busy) void this.#drop(made)
      },
    })
    if (made.pid > 0) this.#guard.add(made.pid)
    this.#processes.add(made)
    return made
  }

  async #release(attempt: RunningAttempt): Promise<void> {
    if (!this.#attempts.has(attempt)) return
    const { process, spec } = attempt
    if (!attempt.ended) attempt.kill('released before its end')
    const { ok } = await attempt.end
    this.#attempts.delete(attempt)
    // After a failure no one knows what is left in the process.
    if (!ok || process.ended || this.#stopped) await this.#drop(process)
    else {
      // Free at once: the next attempt of its job is often here already, and has folders of its own.
      process.busy = false
      this.#expire(process)
    }
    this.#fill()
    if (this.#attempts.size === 0) this.#trimLater()
    if (ok) await process.folder.clear(spec.attempt)
  }

  /** A process that its job does not need any more makes room for a blank one. */
  #expire(process: TaskProcess): void {
    const used = ++process.uses
    setTimeout(() => {
      if (process.busy || process.uses !== used || this.#stopped) return
      void this.#drop(process).then(() => this.#fill())
    }, IDLE_MS).unref()
  }

  /** What waits for tasks beyond the first blank process ends once there have been none for long. */
  #trimLater(): void {
    if (this.#trim !== null) clearTimeout(this.#trim)
    this.#trim = setTimeout(() => {
      this.#peak = 0
      for (const process of this.#blank().slice(1)) void this.#drop(process)
    }, SPARES_MS).unref()
  }

  #blank(): TaskProcess[] {
    return [...this.#processes].filter((process) => process.code === null && !process.busy && !process.ended)
  }

  /** One blank process for whatever comes next, and as many processes as were of use at once of late. */
  #fill(): void {
    if (!this.#keepWarm || this.#stopped) return
    try {
      while (this.#processes.size < this.slots && (this.#processes.size < this.#peak || this.#blank().length === 0))
        this.#spawn(this.#share)
    } catch {
      // No room on disk, or no process to be had: the spare process is made later, and an attempt will say what is
      // wrong.
    }
  }

  #drop(process: TaskProcess): Promise<void> {
    if (!this.#processes.delete(process)) return Promise.resolve()
    const removal = (async () => {
      process.kill()
      await process.gone()
      // What is left is removed at the next start.
      await process.folder.remove().catch(() => undefined)
    })()
    this.#removals.add(removal)
    return removal.finally(() => this.#removals.delete(removal))
  }

  #startWatch(): void {
    if (this.#watch !== null) return
    this.#watchedAt = performance.now()
    this.#watch = setInterval(() => this.#look(), LIMITS.memoryWatchMs)
  }

  #look(): void {
    const now = performance.now()
    const stalled = now - this.#watchedAt > STALL_MS
    this.#watchedAt = now
    for (const attempt of this.#attempts) {
      if (stalled) attempt.excuse(now)
      attempt.watch(now)
    }
    if (this.#attempts.size > 0 || this.#watch === null) return
    clearInterval(this.#watch)
    this.#watch = null
  }
}
