/** What a simulated reduce does: merges runs and parts in the order in which it is told to, and folds group by group. */
import { ShoalError } from '../../src/core/errors.ts'
import type { ReduceManifest } from '../../src/core/types.ts'
import type { KeyedPartWork, ReduceWork } from '../../src/core/plan/work.ts'
import { MapCollector } from '../../src/data/collector.ts'
import { Groups, type GroupInput } from '../../src/data/fold.ts'
import { encodeKey } from '../../src/data/order.ts'
import { PartWriter } from '../../src/data/part.ts'
import { partitionOf } from '../../src/data/partition.ts'
import { MemoryFiles, type SpillInput } from '../../src/data/spill.ts'
import { hostFactory } from '../../src/data/value.ts'
import { combineValues, reduceGroup, type Pair, type Program } from './programs.ts'

export interface Surroundings {
  readonly program: Program
  readonly out: MemoryFiles
  /** A file that the attempt was given. */
  open(name: string): SpillInput
  /** The records of a part among these. */
  pairs(name: string): Iterable<Pair>
  /** It tells one record too few of one input, and one too many of another. */
  readonly miscounts: boolean
}

/** @throws ShoalError where an input is damaged */
export function reduce(work: ReduceWork, around: Surroundings): ReduceManifest {
  const { out, open, program } = around
  const part = new PartWriter(out.create('part'))
  const runs = work.runs.map(({ file, ranks, aliases, digest, bytes }): GroupInput => ({
    name: file,
    open: () => open(file),
    ranks,
    aliases,
    expected: { digest, bytes },
  }))
  const groups = new Groups({
    inputs: [...runs, ...work.parts.flatMap((one) => asRun(one, around.pairs(one.file)))],
    aliases: work.aliases.length,
    make: hostFactory,
    files: out,
  })
  const emit = writerOf(work, part)
  while (groups.nextGroup()) {
    const key = groups.key as string
    const inputs = work.aliases.map((_, alias) => [...groups.values(alias)] as number[])
    if (work.reduce) reduceGroup(program, key, inputs, emit)
    else if (program.combine) emit(key, inputs.flat().reduce(combineValues))
    else for (const value of inputs.flat()) emit(key, value)
  }
  const { records, bytes, part: digest } = part.finish()
  const { partition, consumed, upstream } = work
  return {
    kind: 'reduce',
    partition,
    consumed,
    took: tookOver(work, groups, around.miscounts),
    groups: groups.groups,
    records,
    bytes,
    part: digest,
    counters: {},
    upstream,
  }
}

/** A part as a run of its records: a stable sort by key, so that those of equal keys keep their order. */
function asRun({ file, rank, alias }: KeyedPartWork, pairs: Iterable<Pair>): GroupInput[] {
  const files = new MemoryFiles()
  const sorter = new MapCollector({ partitions: 1, bounds: null, combine: null, memory: 200_000, files, make: hostFactory })
  sorter.beginSplit(0)
  for (const [key, value] of pairs) sorter.emit(key, value)
  sorter.endSplit()
  const isEmpty = sorter.finish().length === 0
  const run: GroupInput = { name: file, open: () => files.open('run-0'), ranks: [rank], aliases: [alias], expected: null }
  return isEmpty ? [] : [run]
}

/** Keeps what the plan was promised: keys ascend, and belong here. */
function writerOf({ keyed, partition }: ReduceWork, part: PartWriter): (key: string, value: number) => void {
  let last = ''
  return (key, value) => {
    const { order } = encodeKey(key)
    const isHere = keyed === null || (key >= last && partitionOf(order, 0, order.length, keyed.partitions) === partition)
    if (!isHere) throw new ShoalError('INTERNAL', `${key} is given behind ${last}, in partition ${partition}`)
    last = key
    part.emit(key, value)
  }
}

/** Emitted records that what was read stands for, over each edge. */
function tookOver({ edges }: ReduceWork, { weights }: Groups, miscounts: boolean): number[] {
  const took = new Array<number>(Math.max(-1, ...edges) + 1).fill(0)
  for (const [alias, edge] of edges.entries()) took[edge]! += weights[alias]!
  if (miscounts && took.length > 1 && took[0]! > 0) {
    took[0]!--
    took[1]!++
  }
  return took
}
