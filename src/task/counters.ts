import { ShoalError } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'
import { TaskFailure } from './failure.ts'

type Counters = Readonly<Record<string, number>>

/** Sums the counters of the realms of one task. @throws TaskFailure LIMIT */
export class CounterSum {
  readonly #totals = new Map<string, number>()

  add(counters: Counters): void {
    for (const [name, n] of Object.entries(counters)) {
      const total = (this.#totals.get(name) ?? 0) + n
      if (!Number.isSafeInteger(total)) throw refused(`counter ${name} is larger than 2^53`)
      this.#totals.set(name, total)
    }
    if (this.#totals.size > LIMITS.countersMax) throw refused(`a job has at most ${LIMITS.countersMax} counters`)
  }

  /** By name, sorted. */
  get facts(): Counters {
    const names = [...this.#totals.keys()].toSorted()
    return Object.fromEntries(names.map((name) => [name, this.#totals.get(name) as number]))
  }
}

function refused(message: string): TaskFailure {
  return new TaskFailure('user', new ShoalError('JOB_THREW', message))
}
