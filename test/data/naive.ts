/** The map and reduce sides as a page of arrays and Maps: what collector, merge and fold must agree with. */
import type { Bytes, RunFacts } from '../../src/core/types.ts'
import { type CollectorOptions, MapCollector, type SplitRealm } from '../../src/data/collector.ts'
import { type GroupInput, type GroupOptions, Groups } from '../../src/data/fold.ts'
import { encodeKey } from '../../src/data/order.ts'
import { MemoryFiles } from '../../src/data/spill.ts'
import { hostFactory, valueBytes } from '../../src/data/value.ts'
import { compareKeys } from './arbitrary.ts'

export type Emit = readonly [key: unknown, value: unknown]
/** A map call: its emits, and whether `ctx.skip` ended it. */
export interface Call {
  readonly emits: readonly Emit[]
  readonly skip: boolean
}
export type Split = readonly Call[]
export interface Group {
  readonly key: unknown
  readonly values: unknown[]
  weight: number
}
export type Combine = (a: unknown, b: unknown) => unknown

/** Groups over splits in rank order. */
export function naiveGroups(splits: readonly Split[], combine: Combine | null, blockBytes: Bytes): Group[] {
  const groups: Group[] = []
  const groupOf = (key: unknown): Group => {
    let group = groups.find((g) => compareKeys(g.key, key) === 0)
    if (group === undefined) groups.push((group = { key, values: [], weight: 0 }))
    return group
  }
  for (const split of splits) {
    const emits = split.filter((call) => !call.skip).flatMap((call) => call.emits)
    if (combine === null) {
      for (const [key, value] of emits) {
        const group = groupOf(key)
        group.values.push(value)
        group.weight++
      }
      continue
    }
    for (const [key, blocks] of naiveBlocks(emits, blockBytes)) {
      const group = groupOf(key)
      group.values.push(blocks.map((block) => block.reduce(combine)).reduce(combine))
      group.weight += blocks.flat().length
    }
  }
  return groups.toSorted((a, b) => compareKeys(a.key, b.key))
}

/** The values of each key, block by block. */
function naiveBlocks(emits: readonly Emit[], blockBytes: Bytes): [unknown, unknown[][]][] {
  const keys: [unknown, Map<number, unknown[]>][] = []
  let block = 0
  let used = 0
  for (const [key, value] of emits) {
    let entry = keys.find(([known]) => compareKeys(known, key) === 0)
    if (entry === undefined) keys.push((entry = [key, new Map()]))
    const values = entry[1].get(block) ?? []
    values.push(value)
    entry[1].set(block, values)
    const form = encodeKey(key)
    used += form.order.length + form.shape.length + valueBytes(value)
    if (used >= blockBytes) {
      block++
      used = 0
    }
  }
  return keys.map(([key, blocks]) => [key, [...blocks.values()]])
}

export interface Task {
  readonly facts: RunFacts[]
  readonly files: MemoryFiles
  readonly emitted: number[]
}

/** `follows`: splits follow each other, as those of one input in a task do. */
export function collect(
  splits: readonly Split[],
  options: Partial<CollectorOptions & SplitRealm> = {},
  follows = false,
): Task {
  const files = new MemoryFiles()
  const collector = new MapCollector({
    partitions: 1,
    bounds: null,
    combine: null,
    memory: 1_000_000,
    files,
    make: hostFactory,
    ...options,
  })
  const emitted = splits.map((split, local) => {
    const { combine = null, by = null, sortValues = null, make = hostFactory } = options
    collector.beginSplit(local, { combine, by, sortValues, make }, follows && local > 0)
    for (const call of split) {
      collector.mark()
      for (const [key, value] of call.emits) collector.emit(key, value)
      if (call.skip) collector.rollback()
      else collector.commit()
    }
    return collector.endSplit().emitted
  })
  return { facts: collector.finish(), files, emitted }
}

/** The inputs of one partition; `ranks[t][i]` is the rank of split i of task t. */
export function inputsOf(
  tasks: readonly Task[],
  partition: number,
  ranks: number[][],
  aliases?: number[][],
): GroupInput[] {
  return tasks.flatMap((task, t) => {
    const facts = task.facts.find((run) => run.partition === partition)
    if (facts === undefined) return []
    return [
      {
        name: `task ${t}`,
        open: () => task.files.open(`run-${partition}`),
        ranks: ranks[t]!,
        aliases: aliases?.[t] ?? ranks[t]!.map(() => 0),
        expected: facts,
      },
    ]
  })
}

export function readGroups(inputs: GroupInput[], options: Partial<GroupOptions> = {}): Group[] {
  const files = new MemoryFiles()
  const groups = new Groups({ inputs, aliases: 1, make: hostFactory, files, ...options })
  const read: Group[] = []
  let before = 0
  while (groups.nextGroup()) {
    const { key } = groups
    const values = [...groups.values()]
    read.push({ key, values, weight: 0 })
    // The first record of the next group is read already, unless there is none.
    before = groups.weights[0]!
  }
  if (read.length > 0) read[0]!.weight = before
  groups.close()
  if (files.files.size > 0) throw new Error(`left behind: ${[...files.files.keys()].join()}`)
  return read
}
