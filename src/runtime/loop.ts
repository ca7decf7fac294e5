import type { Effect } from '../core/effects.ts'
import type { Event } from '../core/events.ts'
import { LIMITS } from '../core/limits.ts'
import { step } from '../core/machine.ts'
import type { State } from '../core/state.ts'
import type { Millis } from '../core/types.ts'
import type { Clock } from '../ports.ts'

/** Carries out one kind of effect; what it takes time for ends in an event. */
export type Perform = { readonly [T in Effect['type']]: (effect: Extract<Effect, { type: T }>) => void }

/**
 * The loop of one node: events in, `step`, effects out, one event at a time. It decides nothing.
 * A broken invariant in the core ends the node: `onFatal` is called once. What happens after that, or after `stop`, is no
 * event: an attempt that is killed as the node stops would make room for the next one.
 */
export class Loop {
  readonly #state: State
  readonly #clock: Clock
  readonly #perform: Perform
  readonly #onFatal: (error: unknown) => void
  readonly #queue: Event[] = []
  readonly #listeners = new Set<() => void>()
  #running = false
  #stopped = false
  #beforeTick: (() => void) | null = null
  #cancel: (() => void) | null = null
  /** When the timer that is set is to fire. */
  #tickAt = Infinity
  #lag: Millis = 0

  constructor(state: State, clock: Clock, perform: Perform, onFatal: (error: unknown) => void) {
    this.#state = state
    this.#clock = clock
    this.#perform = perform
    this.#onFatal = onFatal
  }

  dispatch(event: Event): void {
    if (this.#stopped) return
    this.#queue.push(event)
    if (this.#running) return
    this.#running = true
    try {
      for (let next = this.#queue.shift(); next !== undefined && !this.#stopped; next = this.#queue.shift())
        this.#take(next)
    } catch (error) {
      this.stop()
      this.#onFatal(error)
    } finally {
      this.#running = false
    }
    if (this.#state.tickDue < this.#tickAt) this.#setTick(this.#state.tickDue)
    for (const listener of this.#listeners) listener()
  }

  #take(event: Event): void {
    for (const effect of step(this.#state, this.#clock.now(), event)) {
      const perform = this.#perform[effect.type] as (effect: Effect) => void
      perform(effect)
    }
  }

  /** Calls back after every event, until the returned function is called. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  get stopped(): boolean {
    return this.#stopped
  }

  /** The longest that a tick was late: how long this process did nothing else than one thing, or nothing at all. */
  get lagMs(): Millis {
    return this.#lag
  }

  /** Ticks until `stop`, whenever the control plane says that it is due; `beforeTick` tells what has moved since. */
  start(beforeTick: () => void): void {
    this.#beforeTick = beforeTick
    this.#setTick(this.#clock.now() + LIMITS.tickMs)
  }

  stop(): void {
    this.#stopped = true
    this.#cancel?.()
    this.#cancel = null
  }

  #setTick(at: Millis): void {
    if (this.#stopped || this.#beforeTick === null) return
    this.#cancel?.()
    this.#tickAt = at
    this.#cancel = this.#clock.after(Math.max(0, Math.ceil(at - this.#clock.now())), () => this.#tick())
  }

  #tick(): void {
    const stalled = Math.max(0, this.#clock.now() - this.#tickAt)
    this.#lag = Math.max(this.#lag, stalled)
    // The tick itself asks for its successor, also where the events of this turn wanted one earlier.
    this.#tickAt = -Infinity
    this.#beforeTick?.()
    this.dispatch({ type: 'tick', stalled })
    this.#setTick(this.#state.tickDue)
  }
}
