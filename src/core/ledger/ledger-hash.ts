/**
 * Hashes by which two nodes find out where their ledgers of one job differ. The tasks of each step are cut into ranges of
 * neighbours, and a range's hash is a sum over its tasks: a task that changes moves one range, and the sum of a step's
 * ranges is the hash of the whole step. A step of which every task has an output needs no more than that.
 */
import { canonicalJson, hash32, mix32 } from '../hash.ts'
import { LIMITS } from '../limits.ts'
import type { TaskIndex } from '../types.ts'
import { isConflict, UNKNOWN, type Ledger, type TaskState } from './ledger.ts'

function taskHash(index: TaskIndex, state: TaskState): number {
  if (state.claim === null && state.output === null) return 0
  const claim =
    state.claim === null
      ? ''
      : `${state.claim.term} ${state.claim.rank} ${state.claim.owner} ${state.claim.incarnation}`
  const output =
    state.output === null
      ? ''
      : isConflict(state.output)
        ? `${state.output.conflict[0].digest}${state.output.conflict[1].digest}`
        : state.output.digest
  return mix32(hash32(`${claim}|${output}`), index) >>> 1
}

/** How many neighbours are one range: all ledgers of a job are cut alike, and into about as many ranges whatever its size. */
function rangeSize({ tasks }: Ledger): number {
  return Math.max(LIMITS.syncRangeTasks, Math.ceil(tasks.length / LIMITS.syncRanges))
}

/** By step, the hash of each of its ranges; an empty step has none. */
export function rangeHashes(ledger: Ledger): number[][] {
  const { tasks, steps, hashes, blank } = ledger
  const size = rangeSize(ledger)
  const ranges: number[][] = blank.map(() => [])
  let at = 0
  for (let i = 0; i < tasks.length; i++) {
    if (hashes[i] === UNKNOWN) hashes[i] = taskHash(i, tasks[i]!)
    const own = ranges[steps[i]!]!
    at = i > 0 && steps[i] === steps[i - 1] ? at + 1 : 0
    const range = Math.floor(at / size)
    own[range] = ((own[range] ?? 0) + hashes[i]!) >>> 0
  }
  return ranges
}

/** The hash of a step, from those of its ranges. */
export function sumOf(ranges: readonly number[]): number {
  return ranges.reduce((sum, range) => (sum + range) >>> 0, 0)
}

/**
 * What is said of a ledger: by step one hash where all its tasks have outputs and nobody asked for more (`detailed`), else
 * those of its ranges.
 */
export function stepHashes(ledger: Ledger, detailed: ReadonlySet<number> = new Set()): number[][] {
  return rangeHashes(ledger).map((ranges, step) =>
    ledger.blank[step]!.size === 0 && ranges.length > 1 && !detailed.has(step) ? [sumOf(ranges)] : ranges,
  )
}

export interface Differences {
  /** Tasks of ranges that differ, ascending. */
  readonly tasks: readonly TaskIndex[]
  /** Steps that differ, some of them without being told where. */
  readonly steps: ReadonlySet<number>
}

/** Where a ledger differs from one of which this was said. */
export function differences(ledger: Ledger, said: readonly (readonly number[])[]): Differences {
  const tasks: TaskIndex[] = []
  const differing = new Set<number>()
  const size = rangeSize(ledger)
  let first = 0
  for (const [step, mine] of rangeHashes(ledger).entries()) {
    const theirs = said[step] ?? []
    const count = stepSize(ledger, first, step)
    const isOneHash = theirs.length === 1 && mine.length > 1
    if (isOneHash ? sumOf(mine) !== theirs[0] : mine.some((hash, range) => hash !== theirs[range])) differing.add(step)
    if (!isOneHash)
      for (let i = 0; i < count; i++) {
        const range = Math.floor(i / size)
        if (mine[range] !== theirs[range]) tasks.push(first + i)
      }
    first += count
  }
  return { tasks, steps: differing }
}

function stepSize({ steps }: Ledger, first: TaskIndex, step: number): number {
  let end = first
  while (steps[end] === step) end++
  return end - first
}

/** One text that differs when anything in the ledger does (up to collisions of 32 bits in a range, which the next change undoes). */
export function ledgerHash(ledger: Ledger): string {
  if (ledger.hash !== null) return ledger.hash
  let h = hash32(`${ledger.round} ${canonicalJson(ledger.outcome)} ${canonicalJson(ledger.limits)}`)
  for (const ranges of rangeHashes(ledger)) for (const range of ranges) h = mix32(h, range)
  let reports = 0
  // Mixed before they are added up: of two reports that each go one on, the plain hashes may move by +x and −x.
  for (const r of ledger.reports.values())
    reports = (reports + mix32(hash32(`${r.node} ${r.incarnation} ${r.seq}`), 1)) >>> 0
  ledger.hash = `${h.toString(36)}.${reports.toString(36)}`
  return ledger.hash
}
