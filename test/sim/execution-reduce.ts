/** What a simulated reduce does: merges runs and parts in the order in which it is told to, and folds group by group. */
import { ShoalError } from '../../src/core/errors.ts'
import type { ReduceManifest } from '../../src/core/types.ts'
import type { ReduceWork } from '../../src/core/plan/work.ts'
import { Groups, type GroupInput } from '../../src/data/fold.ts'
import { PartWriter } from '../../src/data/part.ts'
import type { MemoryFiles, SpillInput } from '../../src/data/spill.ts'
import { hostFactory } from '../../src/data/value.ts'
import { combineValues, reduceGroup, type Program } from './programs.ts'

export interface Surroundings {
  readonly program: Program
  readonly out: MemoryFiles
  /** A file that the attempt was given. */
  open(name: string): SpillInput
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
    inputs: runs,
    parts: work.parts.map(({ file, name, rank, alias, digest, bytes }) => ({
      ...{ name, rank, alias },
      open: () => open(file),
      expected: { digest, bytes },
    })),
    aliases: work.aliases.length,
    make: hostFactory,
    files: out,
  })
  while (groups.nextGroup()) {
    const key = groups.key as string
    const emit = (given: string, value: number): void => {
      if (work.keyed && given !== key) throw new ShoalError('INTERNAL', `${given} is given in the group of ${key}`)
      part.emit(given, value)
    }
    const inputs = work.aliases.map((_, alias) => [...groups.values(alias)] as number[])
    if (work.reduce) reduceGroup(program, key, inputs, emit)
    else if (work.combine) emit(key, inputs.flat().reduce(combineValues))
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
