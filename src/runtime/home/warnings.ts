import { refusalOf } from '../../words/thrown.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Millis } from '../../core/types.ts'
import type { Clock } from '../../ports.ts'

/** What the operator of a node is told, each thing once; `status` shows it again. */
export class Warnings {
  readonly #clock: Clock
  readonly #home: string
  readonly #tell: (line: string) => void
  readonly #lines: string[] = []
  /** What the system refused, such as room on the disk, and when last: warnings for as long as it goes on. */
  readonly #refusals = new Map<string, Millis>()

  constructor(clock: Clock, home: string, tell: (line: string) => void) {
    this.#clock = clock
    this.#home = home
    this.#tell = tell
  }

  say(line: string): void {
    if (this.#lines.includes(line)) return
    if (this.#lines.length < LIMITS.warningsMax) this.#lines.push(line)
    this.#tell(line)
  }

  /** An error of work that nobody waits for: a full disk is the operator's to mend. */
  failed(error: unknown): void {
    const refusal = refusalOf(error)
    if (refusal === undefined) return
    const line = `${this.#home}: ${refusal[0]}; ${refusal[1]}`
    if (!this.#refused().includes(line)) this.#tell(line)
    this.#refusals.set(line, this.#clock.now())
  }

  list(): readonly string[] {
    return [...this.#lines, ...this.#refused()]
  }

  #refused(): string[] {
    const now = this.#clock.now()
    return [...this.#refusals].filter(([, at]) => now - at < LIMITS.refusalLastsMs).map(([line]) => line)
  }
}
