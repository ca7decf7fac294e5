/** One simulated process: its turns come from the world's agenda, and end with its life. */
import type { Agenda } from '../core/agenda.ts'
import type { Millis } from '../../src/core/types.ts'
import type { Clock } from '../../src/ports.ts'
import type { Random } from './random.ts'

/**
 * What a process waits for is a turn: it comes unless the process has died before, late while it sleeps, and slower on a
 * slow machine.
 */
export class SimProcess {
  /** Counts starts and kills: a turn planned in an earlier life does not come. */
  life = 0
  up = false
  /** Machine speed: everything here takes so many times longer. */
  slowness = 1
  /** Its monotonic clock runs so many times as fast as the world's. */
  rate = 1
  /** Added to its monotonic clock (a suspended machine), and to its wall clock (a hand on the date). */
  ahead: Millis = 0
  wallAhead: Millis = 0
  #asleep = false
  #mail: (() => void)[] = []
  readonly #agenda: Agenda
  readonly #random: Random

  constructor(agenda: Agenda, random: Random) {
    this.#agenda = agenda
    this.#random = random
  }

  /** The world's time. */
  get now(): Millis {
    return this.#agenda.now
  }

  /** Plans something for this life of the process. */
  turn(delay: Millis, run: () => void): void {
    const { life } = this
    this.#agenda.after(delay, () => {
      if (this.life !== life) return
      if (this.#asleep) this.#mail.push(run)
      else run()
    })
  }

  /** After a moment between `low` and `high` milliseconds on a machine of normal speed. */
  soon(low: Millis, high: Millis, run: () => void): void {
    this.turn(this.#random.between(low, high) * this.slowness, run)
  }

  start(): void {
    this.life++
    this.up = true
  }

  die(): void {
    this.life++
    this.up = false
    this.#asleep = false
    this.#mail = []
  }

  get asleep(): boolean {
    return this.#asleep
  }

  sleep(): void {
    this.#asleep = this.up
  }

  wake(): void {
    this.#asleep = false
    for (const run of this.#mail.splice(0)) this.turn(0, run)
  }

  /** The clock of this life. Two machines' monotonic clocks have nothing in common. */
  clock(): Clock {
    const start = this.#random.below(1_000_000) - this.#agenda.now * this.rate
    return {
      now: () => start + this.#agenda.now * this.rate + this.ahead,
      wall: () => new Date(1_700_000_000_000 + this.#agenda.now + this.wallAhead),
      after: (delay, run) => {
        let cancelled = false
        this.turn(delay / this.rate, () => {
          if (!cancelled) run()
        })
        return () => {
          cancelled = true
        }
      },
    }
  }
}
