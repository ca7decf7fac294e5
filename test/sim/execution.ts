/** What an attempt of a simulated job does: the production data plane over made-up splits and parts, in memory. */
import type { Listing } from '../../src/core/plan/files.ts'
import { rootOfRows, rowsOf } from '../../src/core/plan/rows.ts'
import type { BoundsManifest, Digest, ReduceManifest, SampleManifest } from '../../src/core/types.ts'
import type { BoundsWork, MapWork, ReduceWork, SampleWork, SplitWork } from '../../src/core/plan/work.ts'
import { MapCollector } from '../../src/data/collector.ts'
import { PartReader } from '../../src/data/part.ts'
import { boundsOf, readSample, SampleChoice, SampleWriter } from '../../src/data/sample.ts'
import type { MemoryFiles } from '../../src/data/spill.ts'
import { hostFactory } from '../../src/data/value.ts'
import type { AttemptSpec } from '../../src/ports.ts'
import { reduce } from './execution-reduce.ts'
import { combineValues, mapPair, programOf, type Pair } from './programs.ts'
import { codeOf, isSalted, isSampled, markOf, sha256, THROWS_AT, wordsOf } from './workload.ts'

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
      return { manifest: reduceOf(execution, work), rows: [] }
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

/** One split, or the one part of another stage: its records, and which of them are sampled for bounds. */
interface Unit {
  readonly input: Digest
  readonly bytes: number
  readonly records: Iterable<Pair>
  readonly samples: (record: number) => boolean
}

function* unitsOf(execution: Execution, { splits, part }: MapWork | SampleWork): Generator<Unit> {
  for (const split of splits) {
    const choice = new SampleChoice(split.dataset, split.path, split.start)
    const input = sha256(wordsOf(split.path).join('\n'))
    yield { input, bytes: split.size, records: rows(execution, split), samples: (line) => choice.takes(line) }
  }
  if (part === null) return
  const records = pairsOf(execution.read(part.file), part.name)
  yield { input: part.digest, bytes: part.bytes, records, samples: isSampled }
}

/** The words of a split, as the job's code sees them. */
function* rows({ spec, salt }: Execution, { path }: SplitWork): Generator<Pair> {
  const code = codeOf(spec.jobFile)
  for (const [line, word] of wordsOf(path).entries()) {
    if (code === 'throws' && word === THROWS_AT) throw new JobThrew(`${path}:${line + 1}`)
    yield [isSalted(code, path) ? word + salt : word, markOf(path, line)]
  }
}

function pairsOf(content: Uint8Array, name: string): Iterable<Pair> {
  return new PartReader(inputOf(content), name).records() as Iterable<Pair>
}

/** What comes out of the stage's map, for one record. */
function emitOf({ spec }: Execution, { stage, map: hasMap }: MapWork | SampleWork, [key, value]: Pair): Pair[] {
  if (!hasMap) return [[key, value]]
  const emitted: Pair[] = []
  mapPair(programOf(spec.params, stage), key, value, (k, v) => emitted.push([k, v]))
  return emitted
}

const NO_SKIPS = { count: 0, samples: [] }

function sample(execution: Execution, work: SampleWork): SampleManifest {
  const writer = new SampleWriter(execution.out.create('keys'))
  const splits = [...unitsOf(execution, work)].map(({ input, bytes, records: pairs, samples }) => {
    writer.beginSplit()
    let [records, emitted] = [0, 0]
    for (const pair of pairs) {
      if (!samples(records++)) continue
      writer.mark()
      for (const [key] of emitOf(execution, work, pair)) {
        writer.emit(key)
        emitted++
      }
      writer.commit()
    }
    return { input, bytes, records, emitted, skips: NO_SKIPS }
  })
  return { kind: 'sample', splits, took: tookOf(work, splits), ...writer.finish() }
}

/** Records that came over each edge: those of a part came over its own. */
function tookOf({ edges, part }: MapWork | SampleWork, splits: readonly { readonly records: number }[]): number[] {
  const took = new Array<number>(edges).fill(0)
  if (part !== null) took[part.edge] = splits[0]!.records
  return took
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
    combine: work.combine ? (a, b) => combineValues(a as number, b as number) : null,
    make: hostFactory,
    memory: 200_000,
    files: execution.out,
  })
  const splits = [...unitsOf(execution, work)].map(({ input, bytes, records: pairs }, index) => {
    collector.beginSplit(index)
    let records = 0
    for (const pair of pairs) {
      records++
      for (const [key, value] of emitOf(execution, work, pair)) collector.emit(key, value)
    }
    const { emitted } = collector.endSplit()
    return { input, bytes, records, emitted, skips: NO_SKIPS }
  })
  const took = tookOf(work, splits)
  const rows = rowsOf(collector.finish(), work.partitions)
  const manifest = { kind: 'map', splits, rows: rootOfRows(rows), took, counters: {}, upstream: work.upstream } as const
  return { manifest, rows }
}

function reduceOf({ spec, out, read }: Execution, work: ReduceWork): ReduceManifest {
  const miscounts = codeOf(spec.jobFile) === 'miscounts'
  return reduce(work, {
    program: programOf(spec.params, work.stage),
    out,
    open: (name) => inputOf(read(name)),
    miscounts,
  })
}

function inputOf(content: Uint8Array): {
  read(offset: number, length: number): Uint8Array
  close(): void
} {
  return { read: (offset, length) => content.subarray(offset, offset + length), close: () => undefined }
}
