/**
 * Jobs whose tasks are arithmetic: what a task gives is a hash of what it read, so that a wrong, missing or doubled
 * input shows in the result. `expectedResult` computes the answer in one loop, without anything from `src/core`.
 */
import { createHash } from 'node:crypto'
import { jobId } from '../../src/core/plan/job-id.ts'
import type { Output } from '../../src/core/ledger/ledger.ts'
import type { PlannedTask } from '../../src/core/plan/steps.ts'
import type { Digest, JobRecord, JobSpec, NodeId, Shard, Snapshot, TaskIndex } from '../../src/core/types.ts'

const MIB = 2 ** 20
export const RUNTIME = 'runtime-1'

export interface JobShape {
  readonly name?: string
  readonly maps: number
  readonly reduces: number
  readonly members: readonly NodeId[]
  /** How many nodes hold each shard; 1: shards are the nodes' own. */
  readonly holders?: number
  readonly sort?: boolean
  /** On how many nodes each part is wanted. */
  readonly copies?: number
}

/** A job record over `maps` shards of 64 MiB each (one map task a shard), dealt out to the members in turn. */
export function makeJob(shape: JobShape): JobRecord {
  const { members, holders = 1 } = shape
  const replicated = holders > 1
  const shards = Array.from({ length: shape.maps }, (_, i): Shard => {
    const path = `part-${String(i).padStart(5, '0')}`
    const nodes = Array.from({ length: holders }, (_unused, k) => members[(i + k) % members.length]!)
    return {
      dataset: 'logs',
      path,
      size: 64 * MIB,
      ...(replicated ? { hash: hash('shard', path) } : {}),
      cuts: { kind: 'whole' },
      copies: nodes.map((node) => ({ node, root: '0', witness: { dev: '1', ino: '1', mtimeNs: '1', ctimeNs: '1' } })),
    }
  })
  const snapshot: Snapshot = { inputs: [{ alias: '', dataset: 'logs', replicated, shards, omitted: [] }] }
  const spec: JobSpec = {
    code: hash('code', shape.name ?? 'job'),
    name: shape.name ?? 'job',
    params: {},
    inputs: [{ alias: '', dataset: 'logs', glob: '', options: {} }],
    partitions: shape.reduces,
    combine: false,
    reduce: true,
    sort: shape.sort ?? false,
    onBadRecord: 'fail',
    runtime: RUNTIME,
  }
  return {
    id: jobId(spec, snapshot, null),
    key: null,
    spec,
    snapshot,
    members: [...members].sort(),
    format: null,
    limits: { copies: shape.copies ?? 2, taskMemory: null, taskTimeoutMs: null },
  }
}

/** A task's output as it lies on a disk: the statement that enters the ledger, and the runs that consumers read. */
export interface Stored {
  readonly output: Output
  /** Map: content by partition. Otherwise empty. */
  readonly runs: readonly Run[]
}

export interface Run {
  readonly weight: number
  readonly content: Digest
}

export function hash(...what: readonly unknown[]): Digest {
  return createHash('sha256').update(JSON.stringify(what)).digest('hex') as Digest
}

/** What a map gives for one partition; of a sorted job it depends on the bounds, too. */
function runOf(code: Digest, shard: string, bounds: string, partition: number, salt: string): Run {
  const content = hash('run', code, shard, bounds, partition, salt)
  return { content, weight: Number.parseInt(content.slice(0, 2), 16) % 7 }
}

/** `read` gives a producer's output of that digest, from the executing node's disk. A `salt` makes another output of it. */
export function executeTask(
  job: JobRecord,
  task: PlannedTask,
  producers: readonly TaskIndex[],
  consumes: readonly Digest[],
  read: (producer: TaskIndex, digest: Digest) => Stored,
  salt: string = '',
): Stored {
  if (producers.length !== consumes.length) throw new Error(`task ${task.index} was told ${consumes.length} digests`)
  const inputs = producers.map((producer, i) => read(producer, consumes[i]!))
  const shards = task.splits.map((split) => job.snapshot.inputs[split.input]!.shards[split.shard]!.path)
  const code = job.spec.code
  const base = {
    input: hash('input', shards),
    consumed: '',
    part: '',
    read: 0,
    took: [] as number[],
    gave: 0,
    bytes: 1000,
  } as const
  switch (task.step.kind) {
    case 'sample':
      return stored({ ...base, read: 10 }, ['sample', code, shards, salt])
    case 'bounds': {
      const consumed = rootOf(consumes)
      return stored({ ...base, consumed }, ['bounds', consumed, salt])
    }
    case 'map': {
      const bounds = consumes[0] ?? ''
      const runs = Array.from({ length: job.spec.partitions! }, (_, p) => runOf(code, shards.join(), bounds, p, salt))
      const weight = runs.reduce((sum, run) => sum + run.weight, 0)
      return stored({ ...base, consumed: bounds as Digest | '', read: weight, gave: weight }, ['map', runs], runs)
    }
    case 'reduce': {
      const runs = inputs.map((input) => input.runs[task.at]!)
      const weight = runs.reduce((sum, run) => sum + run.weight, 0)
      const part = partOf(task.at, runs, salt)
      return stored({ ...base, consumed: rootOf(consumes), part, took: [weight], gave: runs.length }, ['reduce', part])
    }
  }
}

function stored(facts: Omit<Output, 'digest'>, what: readonly unknown[], runs: readonly Run[] = []): Stored {
  return { output: { ...facts, digest: hash('task', facts, ...what) }, runs }
}

function partOf(partition: number, runs: readonly Run[], salt: string): Digest {
  return hash('part', partition, runs, salt)
}

function rootOf(digests: readonly string[]): Digest {
  return createHash('sha256')
    .update(`shoal:root:${digests.join(',')}`)
    .digest('hex') as Digest
}

/** The result hash of a job whose tasks all do as they should: plan, placement and the order of events play no part. */
export function expectedResult(job: JobRecord): Digest {
  const shards = job.snapshot.inputs[0]!.shards
  // Tasks are in the order of the holders' names, and of paths within.
  const owner = (shard: Shard): string => [...new Set(shard.copies.map((copy) => copy.node))].sort().join(' ')
  const order = [...shards].sort((a, b) => compare(owner(a), owner(b)) || compare(a.path, b.path))
  const code = job.spec.code
  let bounds = ''
  if (job.spec.sort) {
    const samples = order.map((shard) => {
      const facts = {
        input: hash('input', [shard.path]),
        consumed: '',
        part: '',
        read: 10,
        took: [],
        gave: 0,
        bytes: 1000,
      }
      return hash('task', facts, 'sample', code, [shard.path], '')
    })
    const consumed = rootOf(samples)
    const facts = { input: hash('input', []), consumed, part: '', read: 0, took: [], gave: 0, bytes: 1000 }
    bounds = hash('task', facts, 'bounds', consumed, '')
  }
  const parts = Array.from({ length: job.spec.partitions! }, (_, p) =>
    partOf(
      p,
      order.map((shard) => runOf(code, shard.path, bounds, p, '')),
      '',
    ),
  )
  const text = `shoal:result:${JSON.stringify([parts.length, ...parts])}`
  return createHash('sha256').update(text).digest('hex') as Digest
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
