/** Randomness and time of a simulated world: one seed gives one history, whatever machine runs it. */
import { Draws } from '../random.ts'

/** Seeded random numbers (mulberry32, Tommy Ettinger 2017, public domain); for tests only. */
export class Random extends Draws {
  private state: number

  constructor(seed: number) {
    super()
    this.state = (seed + 0x9e3779b9) >>> 0
  }

  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0
    let t = this.state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

interface Entry {
  readonly at: number
  readonly order: number
  readonly run: () => void
}

const before = (a: Entry, b: Entry): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)

/** What is to happen, by time; what is due at one time happens in the order in which it was planned. A binary heap. */
export class Agenda {
  now = 0
  private readonly heap: Entry[] = []
  private planned = 0

  /** Plans something `delay` milliseconds from now. */
  after(delay: number, run: () => void): void {
    const entry = { at: this.now + Math.max(0, delay), order: this.planned++, run }
    let i = this.heap.push(entry) - 1
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (!before(entry, this.heap[parent]!)) break
      this.heap[i] = this.heap[parent]!
      i = parent
    }
    this.heap[i] = entry
  }

  /** Does all that is due within the next `duration` milliseconds, and moves the time on to there. */
  run(duration: number): void {
    const end = this.now + duration
    while (this.heap.length > 0 && this.heap[0]!.at <= end) {
      const entry = this.take()
      this.now = entry.at
      entry.run()
    }
    this.now = end
  }

  /** When the next thing is due; Infinity when nothing is. */
  get next(): number {
    return this.heap[0]?.at ?? Infinity
  }

  /** Does the next thing, and moves the time on to it. */
  runNext(): void {
    const entry = this.take()
    this.now = entry.at
    entry.run()
  }

  private take(): Entry {
    const first = this.heap[0]!
    const last = this.heap.pop()!
    if (this.heap.length === 0) return first
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= this.heap.length) break
      if (child + 1 < this.heap.length && before(this.heap[child + 1]!, this.heap[child]!)) child++
      if (!before(this.heap[child]!, last)) break
      this.heap[i] = this.heap[child]!
      i = child
    }
    this.heap[i] = last
    return first
  }
}
