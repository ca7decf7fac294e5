/** Worker processes that share the seeds out; the first violation, by seed as far as it can be told, ends the run. */
import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Variant } from './variant.ts'

const WORKER = fileURLToPath(new URL('./worker.ts', import.meta.url))
/** Seeds that a worker is given at once. */
const BATCH = 8

export interface Found {
  readonly seed: number
  readonly rule: string
  readonly message: string
  readonly nodes: number
  /** The least faults that still show it: their places in the schedule, and in words. */
  readonly keep: readonly number[]
  readonly faults: readonly string[]
}

export interface Totals {
  seeds: number
  events: number
  elapsed: number
  executions: number
  tasks: number
  /** The longest that it took until all was sealed once all was well. */
  healing: number
}

/** What a worker is asked, and what it answers. */
export type Order = { readonly from: number; readonly count: number; readonly trace: boolean }
export type Answer = { readonly totals: Totals; readonly found: Found | null }

export class Crew {
  readonly totals: Totals = { seeds: 0, events: 0, elapsed: 0, executions: 0, tasks: 0, healing: 0 }
  readonly #workers: number
  readonly #variant: Variant
  readonly #trace: boolean

  constructor(workers: number, variant: Variant, trace: boolean) {
    this.#workers = workers
    this.#variant = variant
    this.#trace = trace
  }

  /** Runs the seeds; resolves to the first violation that any worker found, or null. */
  async run(first: number, seeds: number, progress: (done: number) => void): Promise<Found | null> {
    let next = first
    const found: Found[] = []
    const batch = Math.max(1, Math.min(BATCH, Math.floor(seeds / this.#workers)))
    const work = async (): Promise<void> => {
      const worker = fork(WORKER, [JSON.stringify(this.#variant)], { execArgv: process.execArgv, stdio: 'inherit' })
      try {
        while (found.length === 0 && next < first + seeds) {
          const from = next
          const count = Math.min(batch, first + seeds - next)
          next += count
          const answer = await ask(worker, { from, count, trace: this.#trace })
          this.#add(answer.totals)
          progress(this.totals.seeds)
          if (answer.found !== null) found.push(answer.found)
        }
      } finally {
        worker.kill()
      }
    }
    await Promise.all(Array.from({ length: this.#workers }, work))
    return found.toSorted((a, b) => a.seed - b.seed)[0] ?? null
  }

  #add(more: Totals): void {
    const { totals } = this
    totals.seeds += more.seeds
    totals.events += more.events
    totals.elapsed += more.elapsed
    totals.executions += more.executions
    totals.tasks += more.tasks
    totals.healing = Math.max(totals.healing, more.healing)
  }
}

function ask(worker: ChildProcess, order: Order): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null, signal: string | null): void =>
      reject(new Error(`a worker ended (${signal ?? code}) at seeds ${order.from} to ${order.from + order.count - 1}`))
    worker.once('exit', ended)
    worker.once('message', (answer: Answer) => {
      worker.off('exit', ended)
      resolve(answer)
    })
    worker.send(order)
  })
}
