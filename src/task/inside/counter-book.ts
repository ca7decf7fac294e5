import type { Intrinsics } from './intrinsics.ts'

/** The counters of one realm, by name; what the call at work has added can be taken back. */
export interface CounterBook {
  find(name: string): unknown
  /** A new counter, which asks `guard` before it counts; null if there are too many, or the name is too long. */
  make(name: string, guard: () => void): unknown
  /** The call is finished: what it has counted stands. */
  keep(): void
  undo(): void
  /** JSON: name → total. */
  totals(): string
}

/** Self-contained, see `intrinsics`. */
export function counterBook(own: Intrinsics): CounterBook {
  interface Count {
    total: number
  }
  const counters = own.create(null) as Record<string, { count: Count; counter: unknown }>
  let distinct = 0
  let journal: { count: Count; n: number; before: unknown } | null = null
  return {
    find: (name) => counters[name]?.counter,
    make: (name, guard) => {
      if (distinct >= 1000 || name.length > 200) return null
      distinct++
      const count = { total: 0 }
      const add = (n: unknown = 1): void => {
        guard()
        const total = count.total + (n as number)
        if (!own.isSafeInteger(n) || !own.isSafeInteger(total)) {
          throw new own.TypeFailure(`counter ${name}: add takes a safe integer`)
        }
        count.total = total
        journal = { count, n: n as number, before: journal }
      }
      const counter = own.freeze({ add })
      counters[name] = { count, counter }
      return counter
    },
    keep: () => {
      journal = null
    },
    undo: () => {
      for (; journal !== null; journal = journal.before as typeof journal) journal.count.total -= journal.n
    },
    totals: () => {
      const totals = own.create(null)
      const names = own.ownKeys(counters)
      for (let i = 0; i < names.length; i++) {
        const name = names[i] as string
        const total = (counters[name] as { count: Count }).count.total
        if (total !== 0) totals[name] = total
      }
      return own.stringify(totals) as string
    },
  }
}
