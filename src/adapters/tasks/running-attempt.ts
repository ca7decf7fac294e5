import { assert } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import { reasonOf } from '../../words/reason.ts'
import type { Millis } from '../../core/types.ts'
import type { Attempt, AttemptEnd, AttemptFailure, AttemptProgress, AttemptSpec } from '../../ports.ts'
import { filesOf } from '../../core/plan/files.ts'
import { isListingOf } from '../../task/check-manifest.ts'
import { checkMessage } from './check-message.ts'
import { endedItself, killed, outOfMemory, outOfTime } from './ending.ts'
import { residentBytes } from './resident.ts'
import type { TaskProcess } from './task-process.ts'

/** One attempt in its process: what it tells, what it may use, and how it ends. */
export class RunningAttempt implements Attempt {
  readonly spec: AttemptSpec
  readonly process: TaskProcess
  readonly end: Promise<AttemptEnd>
  readonly #release: (attempt: RunningAttempt) => Promise<void>
  #finish!: (end: AttemptEnd) => void
  #ended = false
  #progress: AttemptProgress = { units: 0, records: 0, bytes: 0 }
  #log = ''
  #inUserCode = false
  #heardAt: Millis
  /** Why the process is being killed; it ends with this, whatever it says until then. */
  #verdict: AttemptFailure | null = null

  constructor(
    spec: AttemptSpec,
    process: TaskProcess,
    now: Millis,
    release: (attempt: RunningAttempt) => Promise<void>,
  ) {
    this.spec = spec
    this.process = process
    this.#heardAt = now
    this.#release = release
    this.end = new Promise((resolve) => {
      this.#finish = resolve
    })
    this.#begin().catch((error: unknown) => {
      this.#stop(killed(reasonOf(error, 'its folder cannot be used')))
    })
  }

  get pid(): number {
    return this.process.pid
  }

  get ended(): boolean {
    return this.#ended
  }

  progress(): AttemptProgress {
    return this.#progress
  }

  kill(why: string): void {
    this.#stop(killed(why))
  }

  release(): Promise<void> {
    return this.#release(this)
  }

  async #begin(): Promise<void> {
    const { spec, process } = this
    if (process.code === null) {
      process.code = spec.code
      await process.folder.linkJob(spec)
    }
    assert(process.code === spec.code, 'a process runs the code of one job')
    const packed = await process.folder.linkInput(spec.attempt, spec.files)
    const { attempt, code, params, memory, work } = spec
    process.send({ type: 'start', attempt, code, params, memory, work, packed })
  }

  heard(sent: unknown, now: Millis): void {
    if (this.#ended || this.#verdict !== null) return
    const message = checkMessage(sent)
    this.#heardAt = now
    if (message === null) return this.#distrust()
    if (message.type === 'ready') return
    this.#log = (this.#log + message.log).slice(-LIMITS.taskLogBytes)
    if (message.type === 'progress') {
      const { phase, units, records, bytes } = message
      this.#inUserCode = phase === 'user'
      this.#progress = { units, records, bytes }
    } else if (message.type === 'failed') {
      this.#conclude({ ok: false, failure: message.failure, log: this.#log })
    } else {
      if (!isListingOf(this.spec.work, message)) return this.#distrust()
      const { manifest, rows } = message
      this.process.folder.output(this.spec.attempt, filesOf(message)).then(
        (files) => this.#conclude({ ok: true, manifest, rows, files, log: this.#log }),
        () => this.#distrust(),
      )
    }
  }

  /** Looks at memory and time, every LIMITS.memoryWatchMs. */
  watch(now: Millis): void {
    if (this.#ended || this.#verdict !== null) return
    const { memory, timeoutMs, jobFile } = this.spec
    const resident = residentBytes(this.process.pid)
    if (resident > memory) return this.#stop(outOfMemory(jobFile, memory, resident))
    if (this.#inUserCode && now - this.#heardAt > timeoutMs)
      this.#stop(outOfTime(jobFile, timeoutMs, this.#progress.records, this.spec.work))
  }

  /** The node itself stood still: the process's silence meanwhile is not its own. */
  excuse(now: Millis): void {
    this.#heardAt = now
  }

  exited(code: number | null, signal: NodeJS.Signals | null, stderr: string): void {
    const { jobFile, memory } = this.spec
    const failure = this.#verdict ?? endedItself(jobFile, memory, { code, signal, stderr })
    this.#conclude({ ok: false, failure, log: this.#log })
  }

  /** It sent what no task process sends: user code has got hold of the pipe, or Shoal has a bug. */
  #distrust(): void {
    const exit = { code: 1, signal: null, stderr: 'it sent a message that is none' }
    this.#stop(endedItself(this.spec.jobFile, this.spec.memory, exit))
  }

  #stop(failure: AttemptFailure): void {
    if (this.#ended || this.#verdict !== null) return
    this.#verdict = failure
    this.process.kill()
    if (this.process.ended) this.#conclude({ ok: false, failure, log: this.#log })
  }

  #conclude(end: AttemptEnd): void {
    if (this.#ended) return
    this.#ended = true
    this.#finish(end)
  }
}
