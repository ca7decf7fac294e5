/** A job in this process: the tasks of its plan, one after the other, over arrays and files in memory. */
import { outputOf } from '../core/ledger/manifest.ts'
import { cutFor, filesOf, type Listing, partitionsFor } from '../core/plan/files.ts'
import { outputSteps, producersOf, tasksOf } from '../core/plan/graph.ts'
import { plan } from '../core/plan/plan.ts'
import { aliasOf } from '../core/plan/stages.ts'
import type { Plan } from '../core/plan/steps.ts'
import { type Consumed, workOf } from '../core/plan/work-of.ts'
import type { JobRecord, JobSpec, NodeId, Snapshot } from '../core/types.ts'
import { PART_NAME, PartReader } from '../data/part.ts'
import { MemoryFiles } from '../data/spill.ts'
import type { Value } from '../job.ts'
import type { TaskContext } from '../task/context.ts'
import { CounterSum } from '../task/counters.ts'
import type { Progress } from '../task/reporter.ts'
import { runWork } from '../task/run-work.ts'
import { ListRecords, NO_DIGEST, type RecordList, splitOf } from './list-records.ts'
import { codeInOwnRealm } from './own-realm.ts'
import type { TasksResult, TestRecord } from './result.ts'

/** What is more is spilled, to memory. */
const ARENA = 8 * 1024 * 1024
/** More than the records of a test take. */
const SIDES = 256 * 1024 * 1024
const NODE = 'test' as NodeId

/** Nobody waits to hear how far a test is. */
const SILENT: Progress = {
  records: 0,
  bytes: 0,
  enter: () => undefined,
  tick: () => Number.MAX_SAFE_INTEGER,
  moved: () => undefined,
}

interface Done {
  readonly listing: Listing
  readonly files: MemoryFiles
}

/**
 * Runs a job that a module exports, over its inputs, given in the order of the specification. @throws TaskFailure
 */
export async function runTasks(exported: unknown, spec: JobSpec, inputs: readonly RecordList[]): Promise<TasksResult> {
  const record = recordOf(spec, inputs)
  const planned = plan(spec, record.snapshot)
  const job = codeInOwnRealm(exported, spec.params)
  const skipped: { reason: string; record: unknown }[] = []
  const counters = new CounterSum()
  const done: Done[] = []
  for (const task of planned.tasks) {
    const consumed = [...producersOf(planned, task)].map((producer): Consumed => {
      const of = planned.tasks[producer]!
      const listing = cutFor(done[producer]!.listing, partitionsFor(planned, of, [task.index]))!
      const digest = outputOf({ consumed: '', manifest: listing.manifest }).digest
      return { producer: of, digest, ...listing, files: filesOf(listing).map((file) => `${producer}/${file}`) }
    })
    const lists = task.splits.map(({ input }) => inputs[input]!)
    const splits = task.splits.map(({ input }, i) => splitOf(lists[i]!, aliasOf(spec, task.step.stage, input)))
    const work = workOf(record, planned, task, { splits, agreed: [] }, consumed)
    const files = new MemoryFiles()
    const context: TaskContext = {
      job,
      code: NO_DIGEST,
      arena: ARENA,
      sides: SIDES,
      records: () => new ListRecords(lists, splits),
      input: (name) => {
        const slash = name.indexOf('/')
        return done[Number(name.slice(0, slash))]!.files.open(name.slice(slash + 1))
      },
      files,
      reporter: { ...SILENT },
      attend: () => undefined,
      // Sampling calls map as well, for some of the records; what it skips is skipped again when all are mapped.
      ...(task.step.gives === 'runs'
        ? { onSkip: (batch, at, reason) => void skipped.push({ reason, record: batch.record(at) }) }
        : {}),
    }
    const listing = await runWork(context, work)
    if ('counters' in listing.manifest) counters.add(listing.manifest.counters)
    done.push({ listing, files })
  }
  return { outputs: outputsOf(spec, planned, done), counters: counters.facts, skipped }
}

/** As a mesh of one node knows the job: each list is one file. */
function recordOf(spec: JobSpec, inputs: readonly RecordList[]): JobRecord {
  const witness = { dev: '0', ino: '0', mtimeNs: '0', ctimeNs: '0' }
  const snapshot: Snapshot = {
    inputs: inputs.map(({ dataset, path }, i) => ({
      ...{ alias: spec.inputs[i]!.alias, dataset, replicated: false, omitted: [] },
      // The size is above 0, so that the file is read, and far below what is cut, or dealt out to several partitions.
      shards: [
        { dataset, path, size: 1, cuts: { kind: 'whole' as const }, copies: [{ node: NODE, root: '0', witness }] },
      ],
    })),
  }
  const limits = { copies: 1, taskMemory: null, taskTimeoutMs: null }
  return { id: NO_DIGEST, key: null, spec, snapshot, members: [NODE], format: null, limits }
}

function outputsOf({ outputs = [] }: JobSpec, planned: Plan, done: readonly Done[]): TasksResult['outputs'] {
  return outputSteps(planned).map((step, i) => ({
    name: planned.outputs[i]!.name,
    parts: tasksOf(planned, step).map(({ index }) => recordsOf(done[index]!.files, outputs[i]?.folders === true)),
  }))
}

/** A part as an array; of records in folders what lies in these. */
function recordsOf(files: MemoryFiles, folders: boolean): TestRecord[] {
  const reader = new PartReader(files.open(PART_NAME))
  return [...reader.records()].map((record) => {
    const [key, value] = (folders ? record[1] : record) as readonly [Value, Value]
    return { key, value }
  })
}
