/**
 * What a node offers to the faces (CLI, later the page): plain data in, plain data out. `control/server.ts` carries it
 * over HTTP on the node's unix socket, `control/client.ts` is the same interface at the other end.
 * Every method rejects with a ShoalError.
 */
import type { Bytes, Digest, JobLimits, Millis, OutputSpec, ReadOptions, StageSpec } from '../core/types.ts'
import type { ErrorJson } from '../core/errors.ts'
import type { Settings } from '../core/spec/settings.ts'
import type { Coverage, LeftOutInfo } from './coverage.ts'
import type { GraphAnswer, OutputInfo, StageGraph } from './graph.ts'
import type { DiffAnswer, Receipt, VerifyAnswer } from './proofs.ts'

export type { Coverage, LeftOutInfo }
export type * from './graph.ts'
export type * from './proofs.ts'

/** A job as `adapters/esbuild` finds it in a file: everything but the data and what the command line adds. */
export interface PreparedJob extends Settings {
  /** The minified bundle's text; its SHA-256 is the job's code. */
  readonly bundle: string
  readonly sourceMap: string
  /** Absent where the bundle is all that there is. */
  readonly source?: Source
  readonly inputs: readonly PreparedInput[]
  /** Of a job of several stages, whose inputs have the names of the stages that read them. */
  readonly stages?: readonly StageSpec[]
  readonly outputs?: readonly OutputSpec[]
}

/** The files that a job was bundled of, without Shoal's own: they stay what they are when the bundler changes. */
export interface Source {
  /** Of all of them, and of which imports which, see `adapters/esbuild/source.ts`. A job with a key is known by it. */
  readonly digest: Digest
  /** SHA-256 of each, by which a job is known that was made up to format 2. */
  readonly files: readonly Digest[]
}

export interface PreparedInput extends ReadOptions {
  /** '' for a single input. */
  readonly alias: string
  /** DATASET[/GLOB][@SNAPSHOT] */
  readonly data: string
}

export interface SubmitRequest {
  readonly job: PreparedJob
  readonly key: string | null
  readonly allowPartial: boolean
  readonly waitForDataMs: number
  readonly limits: JobLimits
}

export interface SubmitAnswer {
  readonly id: string
  /** The job existed; nothing new was made. */
  readonly attached: boolean
  /** No other live member: the record is on this machine alone. */
  readonly knownHereOnly: boolean
  readonly warnings: readonly string[]
}

/** How a job stands, for people; in the control plane a job has much more state. */
export type JobStatus = 'waiting' | 'running' | 'done' | 'failed' | 'cancelled' | 'disputed'

export interface PhaseProgress {
  /** Of a job of several stages; the copies at the end belong to none. */
  readonly stage?: string
  /** What a step does, in its stage; `shuffle`, `table shuffle` before a step that reads partitions; `copy`. */
  readonly phase: string
  readonly done: number
  readonly total: number
  readonly bytes: Bytes
  readonly bytesTotal: Bytes
}

export interface LaneProgress {
  readonly node: string
  readonly name: string
  readonly done: number
  readonly running: number
}

/** One event of `watch`, and of --progress=json: the first is the present state, the last has `type: "outcome"`. */
export type JobEvent =
  | {
      readonly schema: 'shoal.event/1'
      readonly t: string
      readonly job: string
      readonly type: 'progress'
      readonly state: JobStatus
      readonly phases: readonly PhaseProgress[]
      readonly lanes: readonly LaneProgress[]
      readonly why: string | null
    }
  | {
      readonly schema: 'shoal.event/1'
      readonly t: string
      readonly job: string
      readonly type: 'outcome'
      readonly state: JobStatus
      readonly summary: JobSummary
      readonly error: ErrorJson | null
    }

export interface JobSummary {
  readonly schema: 'shoal.job/1'
  readonly id: string
  readonly name: string
  readonly state: JobStatus
  readonly round: number
  readonly submitted: string
  readonly elapsedMs: number
  readonly coverage: Coverage
  /** `sha256:` and 64 hex digits, once sealed. */
  readonly result: string | null
  /** Parts of the result. */
  readonly partitions: number
  /** Where there are several, in the order of the result. */
  readonly outputs?: readonly OutputInfo[]
  /** Of a job of one output: see `OutputSpec`. */
  readonly folders?: true
  readonly format: string | null
}

export interface JobDetail extends JobSummary {
  readonly key: string | null
  readonly code: string
  readonly params: Readonly<Record<string, string>>
  readonly inputs: readonly {
    readonly alias: string
    readonly dataset: string
    readonly glob: string
    readonly shards: number
    readonly bytes: Bytes
  }[]
  readonly runtime: string
  readonly snapshot: string
  readonly limits: JobLimits
  readonly tasks: readonly TaskDetail[]
  readonly error: ErrorJson | null
}

export interface TaskDetail {
  readonly task: number
  /** Of a job of several stages. */
  readonly stage?: string
  /** What its step does, in its stage. */
  readonly kind: string
  readonly state: 'open' | 'claimed' | 'running' | 'done' | 'conflict'
  /** Who has done it; until then, who says that it does. */
  readonly owner: string | null
  readonly term: number
  readonly digest: string | null
  readonly holders: readonly string[]
  readonly failures: readonly string[]
  /** `dataset/path` of its splits (the first few), or `partition N`. */
  readonly what: string
  readonly bytes: Bytes
}

/** What jobs take on a node's disk, as measured a few seconds ago (open jobs: a minute). */
export interface DiskUse {
  readonly open: Bytes
  readonly finished: Bytes
  /** What finished jobs may take together; those that ended first make room. null: no bound. */
  readonly most: Bytes | null
  /** How long a finished job is kept. */
  readonly retentionMs: Millis
  /** Jobs that have made room before their time, since the node started. */
  readonly early: number
}

export interface NodeStatus {
  readonly schema: 'shoal.status/1'
  readonly pid: number
  readonly id: string
  readonly name: string
  readonly version: string
  readonly runtime: string
  readonly ready: boolean
  /** Why it is not ready, else ''. */
  readonly why: string
  /** False: it was told to join a mesh and has never met a member of it. */
  readonly joined: boolean
  readonly draining: boolean
  readonly home: string
  readonly listen: readonly string[]
  readonly members: number
  readonly alive: number
  readonly slots: number
  readonly busy: number
  readonly memory: Bytes
  readonly datasets: readonly {
    readonly name: string
    readonly replicated: boolean
    readonly shards: number
    readonly bytes: Bytes
    readonly pending: number
  }[]
  /** `unreadable`: ids of jobs whose record is damaged or gone here, and that no other node has brought again. */
  readonly jobs: { readonly open: number; readonly known: number; readonly unreadable: readonly string[] }
  readonly disk: DiskUse
  /** Connections that are open now, and streams on them. */
  readonly connections: number
  readonly streams: number
  readonly dropped: Readonly<Record<string, number>>
  readonly warnings: readonly string[]
}

export interface MemberInfo {
  readonly id: string
  readonly name: string
  readonly state: 'alive' | 'suspect' | 'away'
  readonly self: boolean
  readonly addresses: readonly string[]
  readonly shards: number
  readonly bytes: Bytes
  readonly version: string
  readonly runtime: string
  readonly slots: number
  readonly drained: boolean
  readonly connected: boolean
}

export interface DatasetInfo {
  readonly name: string
  readonly replicated: boolean
  /** Nodes differ in whether it is replicated. */
  readonly mode: 'own' | 'replicated' | 'mixed'
  readonly shards: readonly ShardInfo[]
  readonly leftOut: readonly LeftOutInfo[]
}

export interface ShardInfo {
  readonly path: string
  readonly bytes: Bytes
  readonly mtime: string
  readonly state: 'offered' | 'pending' | 'unreadable' | 'away'
  /** How it is read where no input says otherwise, `csv in gzip`; or what it looks like that is not read; '' where not known. */
  readonly format: string
  /** Whether it is read where no input says otherwise. */
  readonly read: boolean
  readonly holders: readonly string[]
  readonly why?: string
}

export interface ExplainAnswer {
  readonly schema: 'shoal.explain/1'
  readonly job: string
  readonly bundleBytes: Bytes
  readonly partitions: number
  readonly shards: number
  readonly bytes: Bytes
  readonly stages: readonly {
    readonly stage: string
    readonly tasks: number
    readonly nodes: readonly {
      readonly node: string
      readonly name: string
      readonly tasks: number
      readonly bytes: Bytes
    }[]
  }[]
  /** Of a job of several stages; the steps of `stages` are called after both, `totals reduce`. */
  readonly graph?: readonly StageGraph[]
  readonly moves: Bytes
  /** Inputs whose Parquet files differ in their columns, and how they are read together. */
  readonly columns: readonly {
    readonly alias: string
    readonly dataset: string
    readonly widened: readonly (readonly [path: string, as: string])[]
    readonly lacking: readonly string[]
  }[]
  /** Input that its holder cannot run, and that another node reads from it over a stream. */
  readonly streamed: readonly {
    readonly from: string
    readonly to: string
    readonly tasks: number
    readonly bytes: Bytes
  }[]
  readonly takeover: readonly {
    readonly node: string
    readonly name: string
    readonly tasks: number
    readonly sole: number
    readonly next: readonly string[]
  }[]
  readonly leftOut: readonly { readonly node: string; readonly why: string }[]
  readonly warnings: readonly string[]
}

export interface DoctorAnswer {
  readonly schema: 'shoal.doctor/1'
  readonly checks: readonly {
    readonly name: string
    readonly ok: boolean
    readonly detail: string
    readonly try?: string
  }[]
}

export interface StoryEvent {
  readonly t: string
  readonly node: string
  readonly task: number | null
  readonly attempt: string | null
  readonly type: string
  readonly text: string
}

/** What a task wrote to its console. */
export interface LogInfo {
  readonly task: number
  /** Of a job of several stages, as people say it: `totals reduce 1/2`. */
  readonly name?: string
  readonly node: string
  readonly text: string
}

export interface NodeApi {
  status(): Promise<NodeStatus>
  members(): Promise<readonly MemberInfo[]>
  /** Id, unique id prefix or name. */
  forgetMember(node: string): Promise<void>
  datasets(): Promise<readonly DatasetInfo[]>
  forgetData(dataset: string): Promise<void>
  /** Pins the dataset as it is now; answers with the snapshot's id. */
  freeze(data: string): Promise<{ readonly snapshot: string; readonly shards: number; readonly bytes: Bytes }>
  snapshots(): Promise<
    readonly { readonly snapshot: string; readonly data: string; readonly shards: number; readonly bytes: Bytes }[]
  >
  ticket(): Promise<string>
  doctor(): Promise<DoctorAnswer>
  /** Resolves when all is handed over; the node then ends. */
  drain(): Promise<void>

  explain(request: SubmitRequest): Promise<ExplainAnswer>
  /** When `signal` fires while it waits for data, it waits no longer, and no job is made. */
  submit(request: SubmitRequest, signal?: AbortSignal): Promise<SubmitAnswer>
  jobs(): Promise<readonly JobSummary[]>
  /** `id` is any unique prefix, here and below. */
  job(id: string): Promise<JobDetail>
  /** One sentence: what the job waits for and whom; or why it failed. */
  why(id: string): Promise<string>
  /** Its stages and steps, and what went from which to which. */
  graph(id: string): Promise<GraphAnswer>
  events(id: string): Promise<readonly StoryEvent[]>
  logs(id: string): Promise<readonly LogInfo[]>
  receipt(id: string): Promise<Receipt>
  /** Reads the sealed result whole and checks everything that the receipt says. */
  verify(id: string, signal?: AbortSignal): Promise<VerifyAnswer>
  diff(a: string, b: string): Promise<DiffAnswer>
  cancel(id: string): Promise<void>
  retry(id: string): Promise<void>
  remove(id: string): Promise<void>
  /** Progress until the outcome, which is the last event. Ends early, without one, when the signal fires. */
  watch(id: string, signal: AbortSignal): AsyncIterable<JobEvent>
  /** The sealed result's parts in partition order: chunks of canonical records (see docs/record.md), checked by hash. */
  result(id: string, signal: AbortSignal): AsyncIterable<ResultChunk>
}

/** `bytes` is whole records; a partition without records gives one empty chunk. */
export interface ResultChunk {
  /** Place of its part in the whole result: of several outputs, they go on from one to the next. */
  readonly partition: number
  readonly bytes: Uint8Array
}
