/** What an attempt of a simulated job does: the production data plane over made-up splits, in memory. */
import type { Listing } from '../../src/core/plan/files.ts'
import { rootOfRows, rowsOf } from '../../src/core/plan/rows.ts'
import type { BoundsManifest, ReduceManifest, SampleManifest } from '../../src/core/types.ts'
import { MapCollector } from '../../src/data/collector.ts'
import { END, Groups } from '../../src/data/fold.ts'
import { PartWriter } from '../../src/data/part.ts'
import { boundsOf, readSample, SampleChoice, SampleWriter } from '../../src/data/sample.ts'
import type { MemoryFiles } from '../../src/data/spill.ts'
import { hostFactory } from '../../src/data/value.ts'
import type { AttemptSpec } from '../../src/ports.ts'
import type { BoundsWork, MapWork, ReduceWork, SampleWork, SplitWork } from '../../src/core/plan/work.ts'
import { codeOf, isSalted, sha256, THROWS_AT, wordsOf } from './workload.ts'

export interface Execution {
  readonly spec: AttemptSpec
  /** Differs with each execution on any node: what code that is no function adds to its words. */
  readonly salt: string
  readonly out: MemoryFiles
  /** A file that the attempt was given, by its name. */
  read(name: string): Uint8Array
}

/** The user's code threw. */
export class JobThrew extends Error {
  readonly place: string

  constructor(place: string) {
    super(`no ${THROWS_AT}, please`)
    this.place = place
  }
}

/** @throws JobThrew; ShoalError where an input is damaged */
export function execute(execution: Execution): Listing {
  const { work } = execution.spec
  switch (work.kind) {
    case 'sample':
      return { manifest: sample(execution, work), rows: [] }
    case 'bounds':
      return { manifest: bounds(execution, work), rows: [] }
    case 'map':
      return map(execution, work)
    case 'reduce':
      return { manifest: reduce(execution, work), rows: [] }
  }
}

/** The names of what it leaves. */
export function filesOf({ manifest, rows }: Listing): string[] {
  switch (manifest.kind) {
    case 'sample':
      return ['keys']
    case 'bounds':
      return []
    case 'map':
      return rows.flatMap(({ partition, records }) => (records > 0 ? [`run-${partition}`] : []))
    case 'reduce':
      return ['part']
  }
}

/** The words of a split, as the job's code sees them. */
function* mapped({ spec, salt }: Execution, { path }: SplitWork): Generator<string> {
  const code = codeOf(spec.jobFile)
  for (const [line, word] of wordsOf(path).entries()) {
    if (code === 'throws' && word === THROWS_AT) throw new JobThrew(`${path}:${line + 1}`)
    yield isSalted(code, path) ? word + salt : word
  }
}

const NO_SKIPS = { count: 0, samples: [] }

function sample(execution: Execution, work: SampleWork): SampleManifest {
  const writer = new SampleWriter(execution.out.create('keys'))
  const splits = work.splits.map((split) => {
    const choice = new SampleChoice(split.dataset, split.path, split.start)
    writer.beginSplit()
    let [records, emitted] = [0, 0]
    for (const word of mapped(execution, split)) {
      if (choice.takes(records++)) {
        writer.mark()
        writer.emit(word)
        writer.commit()
        emitted++
      }
    }
    return { input: sha256(wordsOf(split.path).join('\n')), bytes: split.size, records, emitted, skips: NO_SKIPS }
  })
  return { kind: 'sample', splits, took: new Array<number>(work.edges).fill(0), ...writer.finish() }
}

function bounds({ read }: Execution, work: BoundsWork): BoundsManifest {
  const keys = work.samples.flatMap((name) => readSample(inputOf(read(name)), name))
  const found = boundsOf(keys, work.partitions).map((bound) => Buffer.from(bound).toString('hex'))
  return { kind: 'bounds', consumed: work.consumed, bounds: found }
}

function map(execution: Execution, work: MapWork): Listing {
  const collector = new MapCollector({
    partitions: work.partitions,
    bounds: work.bounds?.map((bound) => Buffer.from(bound, 'hex')) ?? null,
    combine: work.combine ? (a: unknown, b: unknown): unknown => (a as number) + (b as number) : null,
    make: hostFactory,
    memory: 200_000,
    files: execution.out,
  })
  const splits = work.splits.map((split, index) => {
    collector.beginSplit(index)
    for (const word of mapped(execution, split)) collector.emit(word, 1)
    const { emitted } = collector.endSplit()
    const words = wordsOf(split.path)
    const input = sha256(words.join('\n'))
    return { input, bytes: split.size, records: words.length, emitted, skips: NO_SKIPS }
  })
  const rows = rowsOf(collector.finish(), work.partitions)
  const took = new Array<number>(work.edges).fill(0)
  const manifest = { kind: 'map', splits, rows: rootOfRows(rows), took, counters: {}, upstream: work.upstream } as const
  return { manifest, rows }
}

function reduce({ out, read }: Execution, work: ReduceWork): ReduceManifest {
  const part = new PartWriter(out.create('part'))
  const groups = new Groups({
    inputs: work.runs.map(({ file, ranks, aliases, digest, bytes }) => ({
      name: file,
      open: () => inputOf(read(file)),
      ranks,
      aliases,
      expected: { digest, bytes },
    })),
    aliases: 1,
    make: hostFactory,
    files: out,
  })
  while (groups.nextGroup()) {
    let sum = 0
    for (let value = groups.nextValue(0); value !== END; value = groups.nextValue(0)) sum += value as number
    part.emit(groups.key, sum)
  }
  const { records, bytes, part: digest } = part.finish()
  const { weights, groups: count } = groups
  const { partition, consumed, upstream } = work
  return {
    kind: 'reduce',
    partition,
    consumed,
    took: weights,
    groups: count,
    records,
    bytes,
    part: digest,
    counters: {},
    upstream,
  }
}

function inputOf(content: Uint8Array): {
  read(offset: number, length: number): Uint8Array
  close(): void
} {
  return { read: (offset, length) => content.subarray(offset, offset + length), close: () => undefined }
}
