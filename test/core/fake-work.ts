/**
 * Jobs whose tasks are arithmetic: what a task gives is a hash of what it read, so that a wrong, missing or doubled
 * input shows in the result. `expectedResult` computes the answer in one loop, without anything from `src/core`.
 */
import { createHash } from 'node:crypto'
import { jobId } from '../../src/core/plan/job-id.ts'
import type { Output } from '../../src/core/ledger/ledger.ts'
import { plan } from '../../src/core/plan/plan.ts'
import type { How, PlannedTask, Step } from '../../src/core/plan/steps.ts'
import type {
  Digest,
  JobRecord,
  JobSpec,
  NodeId,
  OutputSpec,
  Shard,
  Snapshot,
  StageSpec,
  TaskIndex,
} from '../../src/core/types.ts'

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
  /** Of a job of several stages, which read one dataset each or each other; else it has one. */
  readonly graph?: Graph
}

/** Stages in the order of a plan; a stage that reads rows reads all of the job's shards. */
export interface Graph {
  readonly stages: readonly (Pick<StageSpec, 'name'> & Partial<StageSpec>)[]
  readonly outputs: readonly OutputSpec[]
}

const STAGE = {
  reads: [],
  map: true,
  combine: false,
  reduce: true,
  keepsKey: false,
  sort: false,
  partitions: null,
  sides: [],
  onBadRecord: 'fail',
} as const

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
  const stages = shape.graph?.stages.map((stage): StageSpec => ({ ...STAGE, ...stage }))
  const aliases = stages?.flatMap(({ name, reads }) => (reads.some((read) => 'input' in read) ? name : [])) ?? ['']
  const inputs = aliases.map((alias) => ({ alias, dataset: 'logs', replicated, shards, omitted: [] }))
  const snapshot: Snapshot = { inputs }
  const spec: JobSpec = {
    code: hash('code', shape.name ?? 'job'),
    name: shape.name ?? 'job',
    params: {},
    inputs: aliases.map((alias) => ({ alias, dataset: 'logs', glob: '', options: {} })),
    partitions: shape.reduces,
    combine: false,
    reduce: true,
    sort: shape.sort ?? false,
    onBadRecord: 'fail',
    ...(stages === undefined ? {} : { stages, outputs: shape.graph!.outputs }),
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

/**
 * `steps` are those of the job's plan, `read` gives a producer's output of that digest from the executing node's disk. A
 * `salt` makes another output of it.
 */
export function executeTask(
  job: JobRecord,
  steps: readonly Step[],
  task: PlannedTask,
  producers: readonly TaskIndex[],
  consumes: readonly Digest[],
  read: (producer: TaskIndex, digest: Digest) => Stored,
  salt: string = '',
): Stored {
  if (producers.length !== consumes.length) throw new Error(`task ${task.index} was told ${consumes.length} digests`)
  const inputs = producers.map((producer, i) => read(producer, consumes[i]!))
  const shards = task.splits.map((split) => job.snapshot.inputs[split.input]!.shards[split.shard]!.path)
  const { kind, name, deals } = task.step
  const code = (task.step.stage === 0 ? job.spec.code : hash(job.spec.code, name)) as Digest
  const edges = perEdge(steps, task)
  const over = edges.map(({ from, to }) => inputs.slice(from, to))
  const took = over.map((given) => given.reduce((sum, one) => sum + weightFor(one, task), 0))
  const consumed = consumedOver(edges.map(({ how, from, to }) => ({ how, digests: consumes.slice(from, to) })))
  const base = { input: hash('input', shards), consumed, part: '', read: 0, took, gave: 0, bytes: 1000 } as const
  const source = [...shards, ...inputs.flatMap(({ output }) => (output.part === '' ? [] : output.part))]
  const rows = shards.length > 0
  switch (kind) {
    case 'sample':
      return stored({ ...base, read: rows ? 10 : 0 }, ['sample', code, source, salt])
    case 'bounds':
      return stored(base, ['bounds', consumed, salt])
    case 'map': {
      const at = edges.find(({ how }) => how === 'broadcast')
      const bounds = at === undefined ? '' : consumes[at.from]!
      const runs = Array.from({ length: deals }, (_, p) => runOf(code, source.join(), bounds, p, salt))
      const weight = runs.reduce((sum, run) => sum + run.weight, 0)
      return stored({ ...base, read: rows ? weight : 0, gave: weight }, ['map', runs], runs)
    }
    case 'reduce': {
      const runs = inputs.map(
        ({ output, runs: dealt }): Run => dealt[task.at] ?? { weight: output.gave, content: output.part as Digest },
      )
      const part = partOf(task.at, runs, salt)
      return stored({ ...base, part, gave: runs.length }, ['reduce', part])
    }
  }
}

/** Which of a task's producers, in order, come over each of its edges. */
function perEdge(steps: readonly Step[], task: PlannedTask): { how: How; from: number; to: number }[] {
  let to = 0
  return task.step.inputs.map(({ how, from }) => {
    const begin = to
    to += how === 'same' ? 1 : steps[from]!.count
    return { how, from: begin, to }
  })
}

/** Records that an output holds for a task; keys and bounds are none. */
function weightFor({ output, runs }: Stored, task: PlannedTask): number {
  if (output.part !== '') return output.gave
  return runs[task.at]?.weight ?? 0
}

function consumedOver(edges: readonly { how: How; digests: readonly Digest[] }[]): Digest | '' {
  const roots = edges.map(({ how, digests }) =>
    how === 'broadcast' && digests.length === 1 ? digests[0]! : rootOf(digests),
  )
  return roots.length > 1 ? rootOf(roots) : (roots[0] ?? '')
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
    const facts = { input: hash('input', []), consumed, part: '', read: 0, took: [0], gave: 0, bytes: 1000 }
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

/** The result of a job of any shape: its tasks one after the other, each over what those before it gave. */
export function sequentialResult(job: JobRecord): Digest {
  const { steps, tasks, outputs } = plan(job.spec, job.snapshot)
  const done: Stored[] = []
  for (const task of tasks) {
    const producers = task.step.inputs.flatMap(({ from, how }) => {
      const { first, count } = steps[from]!
      return how === 'same' ? [first + task.at] : Array.from({ length: count }, (_, i) => first + i)
    })
    const consumes = producers.map((producer) => done[producer]!.output.digest)
    done.push(executeTask(job, steps, task, producers, consumes, (producer) => done[producer]!))
  }
  const digests = outputs.map(({ name, step }) => {
    const { first, count } = steps[step]!
    const parts = Array.from({ length: count }, (_, i) => done[first + i]!.output.part)
    return [name, sha256(`shoal:result:${JSON.stringify([parts.length, ...parts])}`)] as const
  })
  return digests.length === 1 ? digests[0]![1] : sha256(`shoal:results:${JSON.stringify(digests)}`)
}

function sha256(text: string): Digest {
  return createHash('sha256').update(text).digest('hex') as Digest
}
