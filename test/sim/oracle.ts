/**
 * What a simulated job gives, worked out stage after stage in plain loops: from the specification and the made-up words
 * alone, with nothing of plan, tasks, edges, runs or merges. Keys are dealt out, and values of a key ordered, as
 * docs/record.md and GRAPH say it: by what they are read as, by which of its shards or parts they come from, by position.
 */
import type { Digest, JobRecord, JobSpec, Snapshot, StageSpec } from '../../src/core/types.ts'
import { PartWriter } from '../../src/data/part.ts'
import { SampleChoice } from '../../src/data/sample.ts'
import { MemoryFiles } from '../../src/data/spill.ts'
import { mapPair, programOf, reduceGroup, type Pair } from './programs.ts'
import { codeOf, isSampled, markOf, sha256, THROWS_AT, wordsOf } from './workload.ts'

/** What one stage gives. */
export interface StageAnswer {
  readonly parts: readonly (readonly Pair[])[]
  /** By what it reads, and by each shard or part of that: how many records come out of its map. */
  readonly emitted: readonly (readonly number[])[]
}

export interface Expected {
  readonly result: Digest
  /** In the order of the result: of each output in turn, part by part. */
  readonly records: readonly Pair[]
  readonly stages: readonly StageAnswer[]
  /** The code throws at some record: the job fails, and never ends otherwise. */
  readonly throws: boolean
}

/** One shard, or one part of another stage; `samples` says of each record whether its keys are sampled for bounds. */
interface Unit {
  readonly pairs: readonly Pair[]
  readonly samples: (record: number) => boolean
}

export function expectedOf({ spec, snapshot }: JobRecord): Expected {
  const stages: StageAnswer[] = []
  for (const stage of stagesIn(spec)) stages.push(evaluate(spec, stage, unitsOf(snapshot, stage, stages)))
  const outputs = spec.outputs ?? [{ name: '', stage: 0 }]
  const digests = outputs.map(({ name, stage }) => [name, resultOf(stages[stage]!.parts)] as const)
  const read = snapshot.inputs.flatMap(({ shards }) => shards.flatMap(({ path }) => wordsOf(path)))
  return {
    result: digests.length === 1 ? digests[0]![1] : sha256(`shoal:results:${JSON.stringify(digests)}`),
    records: outputs.flatMap(({ stage }) => stages[stage]!.parts.flat()),
    stages,
    throws: codeOf(spec.name) === 'throws' && read.includes(THROWS_AT),
  }
}

type Stage = Pick<StageSpec, 'name' | 'reads' | 'map' | 'combine' | 'reduce' | 'sort' | 'partitions'>

function stagesIn(spec: JobSpec): readonly Stage[] {
  return spec.stages ?? [{ ...spec, name: '', map: true, reads: [{ alias: '', input: 0 }] }]
}

/** By what the stage reads. */
function unitsOf({ inputs }: Snapshot, { reads }: Stage, before: readonly StageAnswer[]): Unit[][] {
  return reads.map((read) => {
    if ('stage' in read) return before[read.stage]!.parts.map((pairs) => ({ pairs, samples: isSampled }))
    return inputs[read.input]!.shards.map(({ dataset, path }) => {
      const choice = new SampleChoice(dataset, path, 0)
      return {
        pairs: wordsOf(path).map((word, line): Pair => [word, markOf(path, line)]),
        samples: (line) => choice.takes(line),
      }
    })
  })
}

function evaluate(spec: JobSpec, stage: Stage, read: readonly (readonly Unit[])[]): StageAnswer {
  const program = programOf(spec.params, stage.name)
  const groups = new Map<string, number[][]>()
  const sampled: string[] = []
  const emitted = read.map((units, input) =>
    units.map(({ pairs, samples }) => {
      let count = 0
      for (const [record, [key, value]] of pairs.entries()) {
        const emit = (k: string, v: number): void => {
          if (!groups.has(k))
            groups.set(
              k,
              read.map((): number[] => []),
            )
          groups.get(k)![input]!.push(v)
          if (samples(record)) sampled.push(k)
          count++
        }
        if (stage.map) mapPair(program, key, value, emit)
        else emit(key, value)
      }
      return count
    }),
  )
  const partitions = stage.partitions ?? Math.max(1, ...read.map((units) => units.length))
  const place = stage.sort ? byRange(sampled.sort(), partitions) : byHash(partitions)
  const parts = Array.from({ length: partitions }, (): Pair[] => [])
  for (const key of [...groups.keys()].sort()) {
    const part = parts[place(key)]!
    const values = groups.get(key)!
    if (stage.reduce) reduceGroup(program, key, values, (k, v) => part.push([k, v]))
    else if (stage.combine) part.push([key, values.flat().reduce((sum, value) => sum + value, 0)])
    else for (const value of values.flat()) part.push([key, value])
  }
  return { parts, emitted }
}

/** H(partitions, hashes of parts). */
function resultOf(parts: readonly (readonly Pair[])[]): Digest {
  const hashes = parts.map((pairs) => {
    const part = new PartWriter(new MemoryFiles().create('part'))
    for (const [key, value] of pairs) part.emit(key, value)
    return part.finish().part
  })
  return sha256(`shoal:result:${JSON.stringify([hashes.length, ...hashes])}`)
}

/** The words here are ASCII: their order form is a tag, the text, and a zero. */
function byHash(partitions: number): (key: string) => number {
  return (key) => murmur3([0x10, ...Buffer.from(key, 'latin1'), 0]) % partitions
}

/** MurmurHash3 x86 32 under the seed that the format names. */
function murmur3(bytes: readonly number[]): number {
  const turn = (x: number, by: number): number => (x << by) | (x >>> (32 - by))
  const mix = (k: number): number => Math.imul(turn(Math.imul(k, 0xcc9e2d51), 15), 0x1b873593)
  let h = 0x53484f41
  for (let at = 0; at < bytes.length; at += 4) {
    const word = bytes.slice(at, at + 4)
    h ^= mix(word.reduce((k, byte, i) => k | (byte << (8 * i)), 0))
    if (word.length === 4) h = (Math.imul(turn(h, 13), 5) + 0xe6546b64) | 0
  }
  h ^= bytes.length
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** Bounds at even places of the sample; equal ones count once. */
function byRange(sorted: readonly string[], partitions: number): (key: string) => number {
  const places = Array.from({ length: partitions - 1 }, (_, i) => Math.floor(((i + 1) * sorted.length) / partitions))
  const bounds = sorted.length === 0 ? [] : [...new Set(places.map((at) => sorted[at]!))]
  return (key) => bounds.filter((bound) => bound <= key).length
}
