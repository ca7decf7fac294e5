import { LIMITS } from '../core/limits.ts'
import type { Bytes, Millis } from '../core/types.ts'
import { type TaskMessage, PROGRESS_EVERY_MS, type WorkPhase } from './protocol.ts'

/** At most so many calls pass between two looks at the clock, so that calls that become slow are soon noticed. */
const BUDGET_MAX = 16

export interface ReporterOptions {
  send(message: TaskMessage): void
  /** Monotonic. */
  now(): Millis
  /** Called with each message; it ends the process when the node has died. */
  check(): void
}

/** How work says that it goes on. */
export interface Progress {
  records: number
  bytes: Bytes
  /** From now on the time is the job's, or Shoal's own. */
  enter(phase: WorkPhase): void
  /** Records finished or values taken since the last call; gives how many may pass until the next. */
  tick(spent: number): number
  /** Shoal's own work has moved on by `units` (bytes). */
  moved(units: number): void
}

/** Tells the node that work goes on: counts cheaply, looks at the clock now and then, tells its progress every 100 ms. */
export class Reporter implements Progress {
  units = 0
  records = 0
  bytes: Bytes = 0
  readonly #options: ReporterOptions
  #phase: WorkPhase = 'own'
  #toldPhase: WorkPhase = 'own'
  #last: Millis
  #lastTick: Millis
  #log = ''

  constructor(options: ReporterOptions) {
    this.#options = options
    this.#last = options.now()
    this.#lastTick = this.#last
  }

  /** A change to `user` is told before user code can begin to loop. */
  enter(phase: WorkPhase): void {
    this.#phase = phase
    if (phase !== this.#toldPhase) this.#send()
  }

  /**
   * While calls are fast the budget grows; when they are slow it is 1. So if nothing is reported for long, it is because
   * a single call is still running.
   */
  tick(spent: number): number {
    const now = this.#options.now()
    const took = now - this.#lastTick
    this.#lastTick = now
    this.units += spent
    if (now - this.#last >= PROGRESS_EVERY_MS) this.#send(now)
    return took < 1 ? Math.min(BUDGET_MAX, spent * 2) : took > 10 ? 1 : Math.max(1, spent)
  }

  moved(units: number): void {
    this.units += units
    const now = this.#options.now()
    if (now - this.#last >= PROGRESS_EVERY_MS) this.#send(now)
  }

  /** Console output of the job; what is not yet told is bounded by the last LIMITS.taskLogBytes characters. */
  log(text: string): void {
    this.#log += text
    if (this.#log.length > 2 * LIMITS.taskLogBytes) this.#log = this.#log.slice(-LIMITS.taskLogBytes)
  }

  takeLog(): string {
    const log = this.#log.slice(-LIMITS.taskLogBytes)
    this.#log = ''
    return log
  }

  #send(now: Millis = this.#options.now()): void {
    this.#options.check()
    this.#last = now
    this.#toldPhase = this.#phase
    const { units, records, bytes } = this
    this.#options.send({ type: 'progress', phase: this.#phase, units, records, bytes, log: this.takeLog() })
  }
}
