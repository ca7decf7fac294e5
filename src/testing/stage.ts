/** One stage in this process: the tasks that a mesh would run, one after the other, over arrays and files in memory. */
import type { RunRow } from '../core/types.ts'
import { runFile } from '../core/plan/files.ts'
import { PART_NAME, PartReader } from '../data/part.ts'
import { SAMPLE_NAME } from '../data/sample.ts'
import { MemoryFiles } from '../data/spill.ts'
import type { Value } from '../job.ts'
import type { MapWork, ReduceWork } from '../core/plan/work.ts'
import type { TaskContext } from '../task/context.ts'
import { CounterSum } from '../task/counters.ts'
import type { JobShape } from '../task/job-shape.ts'
import { runMap } from '../task/map.ts'
import { runReduce } from '../task/reduce.ts'
import type { Progress } from '../task/reporter.ts'
import { runBounds, runSample } from '../task/sample.ts'
import { ListRecords, NO_DIGEST, type RecordList, splitOf } from './list-records.ts'
import { codeInOwnRealm } from './own-realm.ts'
import type { StageResult, TestRecord } from './result.ts'

/** What a stage is, besides what it reads. */
export interface Stage {
  /** What the job's module exports. */
  readonly exported: unknown
  readonly shape: Pick<JobShape, 'partitions' | 'combine' | 'reduce' | 'sort' | 'onBadRecord'>
  readonly params: Readonly<Record<string, string>>
}

/** For a task that leaves `files` and reads what another one left. */
type ContextOf = (files: MemoryFiles, reads: MemoryFiles) => TaskContext

/** More than the records of a test take. */
const ARENA = 256 * 1024 * 1024

/** Nobody waits to hear how far a test is. */
const SILENT: Progress = {
  records: 0,
  bytes: 0,
  enter: () => undefined,
  tick: () => Number.MAX_SAFE_INTEGER,
  moved: () => undefined,
}

/**
 * Runs a stage over its inputs, given in the order of their aliases; whatever feeds a stage hands its records over here.
 * @throws TaskFailure
 */
export async function runStage(stage: Stage, inputs: readonly RecordList[]): Promise<StageResult> {
  const { combine, onBadRecord, sort, partitions } = stage.shape
  const splits = inputs.map(splitOf)
  // Without a number of its own, a stage over so little data has one partition in a mesh as well.
  const common = {
    ...{ stage: '', splits, part: null, map: true, partitions: partitions ?? 1, combine, onBadRecord },
    ...{ edges: sort ? 1 : 0, upstream: [] },
  }
  const job = codeInOwnRealm(stage.exported, stage.params)
  const contextOf: ContextOf = (files, reads) => ({
    job,
    code: NO_DIGEST,
    arena: ARENA,
    records: () => new ListRecords(inputs, splits),
    input: (name) => reads.open(name),
    files,
    reporter: { ...SILENT },
    attend: () => undefined,
  })

  const bounds = sort ? await boundsOf(contextOf, common) : null
  const runs = new MemoryFiles()
  const skipped: { reason: string; record: unknown }[] = []
  const { manifest, rows } = await runMap(
    {
      ...contextOf(runs, runs),
      onSkip: (batch, at, reason) => void skipped.push({ reason, record: batch.record(at) }),
    },
    { kind: 'map', ...common, bounds },
  )
  const counters = new CounterSum()
  counters.add(manifest.counters)
  const parts: TestRecord[][] = []
  for (let partition = 0; partition < common.partitions; partition++) {
    const files = new MemoryFiles()
    const reduced = await runReduce(contextOf(files, runs), reduceWork(stage, inputs, rows[partition]!))
    counters.add(reduced.counters)
    parts.push(recordsOf(files))
  }
  return { parts, counters: counters.facts, skipped }
}

/** Sampling calls map as well, for some of the records; what it skips is skipped again, and told, when all are mapped. */
async function boundsOf(contextOf: ContextOf, common: Omit<MapWork, 'kind' | 'bounds'>): Promise<readonly string[]> {
  const files = new MemoryFiles()
  await runSample(contextOf(files, files), { kind: 'sample', ...common })
  const { partitions } = common
  const work = { kind: 'bounds', partitions, samples: [SAMPLE_NAME], consumed: NO_DIGEST } as const
  return runBounds(contextOf(files, files), work).bounds
}

function reduceWork({ shape }: Stage, inputs: readonly RecordList[], { partition, digest, bytes }: RunRow): ReduceWork {
  const ranks = inputs.map((_, i) => i)
  return {
    ...{ kind: 'reduce', stage: '', parts: [], keyed: null, edges: inputs.map(() => 0) },
    partition,
    runs: digest === '' ? [] : [{ file: runFile(partition), ranks, aliases: ranks, digest, bytes }],
    aliases: inputs.map(({ alias }) => alias),
    reduce: shape.reduce,
    consumed: NO_DIGEST,
    upstream: [],
  }
}

/** A part as an array. */
function recordsOf(files: MemoryFiles): TestRecord[] {
  const reader = new PartReader(files.open(PART_NAME))
  return [...reader.records()].map(([key, value]) => ({ key: key as Value, value: value as Value }))
}
