/**
 * The words of Shoal as types. Ids are branded strings: a raw string becomes one in `wire/` (from a peer),
 * in `catalog/` (from a disk) or in `cli/` (from a person), once, and is trusted from there on.
 */
import type { Compression, LineEnd, Look } from './look.ts'
import type { Format, ReadOptions } from './spec/read-options.ts'
import type { SpecSettings } from './spec/settings.ts'
import type { StageSettings } from './spec/stage-settings.ts'

export type { Compression, Format, LineEnd, ReadOptions }

type Brand<T, Name extends string> = T & { readonly __brand: Name }

/** A member's identity: its libp2p peer id in base58. It stays the same as long as the node keeps its home. */
export type NodeId = Brand<string, 'NodeId'>
/** SHA-256 as 64 lower-case hex digits. */
export type Digest = Brand<string, 'Digest'>
/** The content id of a job, see `job-id.ts`. */
export type JobId = Digest
/** Index of a task within its job, over all stages in plan order; it never shows in a record. */
export type TaskIndex = number
/** Index of a reduce bucket, 0 … partitions − 1. */
export type Partition = number
/** Monotonic milliseconds of one observer; never compared between nodes. */
export type Millis = number
/** A number of bytes. */
export type Bytes = number

/**
 * One life of a node's process. `count` is kept on disk and raised at each boot; `nonce` is drawn at boot, so that
 * two machines with one cloned home show as two nonces for one count.
 */
export interface Incarnation {
  readonly count: number
  readonly nonce: string
}

/** One input of a job: the shards of `dataset` whose path matches `glob`, handed to the map of `alias`. */
export interface InputSpec {
  /** '' where the job has a single input. Inputs are ordered by alias (UTF-8 bytes). */
  readonly alias: string
  readonly dataset: string
  /** '' means every shard of the dataset. */
  readonly glob: string
  /** A frozen snapshot's id, where the input was pinned by `data freeze`. */
  readonly frozen?: Digest
  readonly options: ReadOptions
}

/** What a stage reads under an alias: rows of an input of the job, or the records that another stage gives. */
export type StageRead =
  | { readonly alias: string; readonly input: number }
  | { readonly alias: string; readonly stage: number }

/** What kind of program a task runs: `js`, a bundle and a stage's name in it. Peers may know others. */
export type ProgramKind = string
/** What must be equal for two nodes to give equal answers, by kind of program; see `runtime-id`. */
export type Runtimes = Readonly<Record<ProgramKind, string>>

/** A stage whose records each task of another can look up by key, under an alias. */
export interface SideRead {
  readonly alias: string
  readonly stage: number
  /** No key has two records: it is an error where one has. */
  readonly unique: boolean
}

/** One stage of a job that has several; what its functions are is in the code, under its name. */
export interface StageSpec extends StageSettings {
  readonly name: string
  /** Absent: `js`. */
  readonly program?: ProgramKind
  /** By alias; '' where it reads one thing. All of it rows, or all of it stages before this one. */
  readonly reads: readonly StageRead[]
  /** By alias; stages before this one. */
  readonly sides: readonly SideRead[]
  /** False: pairs pass unchanged. */
  readonly map: boolean
}

/** A stage whose records are part of the result; `name` is '' where there is one output. */
export interface OutputSpec {
  readonly name: string
  readonly stage: number
  /** Its records are [folder, [key, value]], those of a folder side by side: they are written without it, into it. */
  readonly folders?: true
}

/** What a job is, apart from the data: all of it but the name enters its id. Its fields: `spec/spec.ts`. */
export interface JobSpec extends SpecSettings {
  /** SHA-256 of the minified bundle. */
  readonly code: Digest
  readonly inputs: readonly InputSpec[]
  /** Of a job with several stages, each after those that it reads, else in the order of their names; inputs have the names of their stages. */
  readonly stages?: readonly StageSpec[]
  /** Beside `stages`: by name. */
  readonly outputs?: readonly OutputSpec[]
  /** See `runtime-id`: only nodes that offer this for JavaScript run its tasks of that kind. */
  readonly runtime: string
  /** The same of other kinds of programs that the job has. */
  readonly runtimes?: Runtimes
}

/** Facts of a file that change when its content does; read by fstat, all as decimal strings (64 bit). */
export interface Witness {
  readonly dev: string
  readonly ino: string
  readonly mtimeNs: string
  readonly ctimeNs: string
}

/** How a shard may be cut into splits; the holder finds this out when it offers the shard. */
export type Cuts =
  /** At any line end. CSV, absent for 0: what stands before the first row, up to its header's end, is [0, header). */
  | { readonly kind: 'lines'; readonly header?: Bytes }
  | { readonly kind: 'whole' }
  /** CSV: byte offsets, ascending, none of them 0, at which a record begins; the header's record is [0, header). */
  | { readonly kind: 'offsets'; readonly header: Bytes; readonly at: readonly Bytes[] }
  | { readonly kind: 'row-groups'; readonly groups: readonly RowGroup[] }

export interface RowGroup {
  readonly rows: number
  readonly bytes: Bytes
}

/** Where a node has a shard: `root` is the offered directory's index on that node, `witness` what its file looked like. */
export interface ShardCopy {
  readonly node: NodeId
  readonly root: string
  readonly witness: Witness
}

/** One immutable file of a snapshot. An own shard has one copy; a replicated one several, and a content hash. */
export interface Shard {
  readonly dataset: string
  /** Relative, `/`-separated. */
  readonly path: string
  readonly size: Bytes
  readonly hash?: Digest
  /** What was found in it, where that makes a difference to how it is read. */
  readonly look?: Look
  readonly cuts: Cuts
  /** Of a frozen snapshot, Parquet: which of the snapshot's `columns` it has. */
  readonly columns?: number
  readonly copies: readonly ShardCopy[]
}

/** The type of a column's values where another file of the input has a wider one: bigints, or a finer unit of time. */
export type Widened = 'int64' | 'ms' | 'us' | 'ns'

/** What reading one Parquet file of an input takes from the others, see `data/formats/parquet/metadata/agree.ts`. */
export interface Agreed {
  /** By path, see `data/formats/parquet/metadata/column-path.ts`. */
  readonly widened: readonly (readonly [path: string, as: Widened])[]
  /** Columns that the input names, and that not all files have: records of the others are without. */
  readonly lacking: readonly string[]
}

/** A shard that could not be had when the job was submitted with `--allow-partial`. */
export interface OmittedShard {
  readonly dataset: string
  readonly path: string
  readonly node: NodeId
  readonly why: 'away' | 'pending' | 'unreadable'
}

/** What of one kind a node's directories hold that is no data, see `catalog/left-out.ts`. */
export interface LeftOutFiles {
  readonly node: NodeId
  readonly kind: string
  readonly count: number
  readonly samples: readonly string[]
}

/** The shards of one input of a job; `shards` are ordered by (path, node of the first copy, root). */
export interface SnapshotInput {
  readonly alias: string
  readonly dataset: string
  readonly replicated: boolean
  readonly shards: readonly Shard[]
  readonly omitted: readonly OmittedShard[]
  /** Where its Parquet files have not all the same columns. */
  readonly agreed?: Agreed
  /** Frozen, whose options are not known yet: what columns its Parquet files have, see `data/formats/parquet/metadata/columns.ts`. */
  readonly columns?: readonly string[]
  /** For people, and outside of all ids: a marker file that came or went makes no other job. */
  readonly leftOut?: readonly LeftOutFiles[]
}

/** The closed list of shards that a job is pinned to. */
export interface Snapshot {
  readonly inputs: readonly SnapshotInput[]
}

/** The part of a shard that is read as a unit. For row groups `start` and `end` are group indexes, else byte offsets. */
export interface Split {
  readonly input: number
  readonly shard: number
  readonly start: number
  readonly end: number
  /** Bytes on disk, for weighing. */
  readonly bytes: Bytes
}

/** What a job may use; two submissions join to the larger. Outside the job's id. */
export interface JobLimits {
  readonly copies: number
  readonly taskMemory: Bytes | null
  readonly taskTimeoutMs: Millis | null
}

/** Everything a node needs to work on a job, beside the bundle: content-addressed and immutable. */
export interface JobRecord {
  readonly id: JobId
  readonly key: string | null
  /** Of a job with a key: the hash of its sources, see `Source` in control/api.ts. Up to format 2 there was none. */
  readonly source?: Digest
  readonly spec: JobSpec
  readonly snapshot: Snapshot
  /** Live members at submission, sorted; steers placement only. */
  readonly members: readonly NodeId[]
  readonly format: string | null
  readonly limits: JobLimits
}

/** A skipped record, as an example: the place is `dataset/path:line` or `dataset/path#row`. */
export interface SkipSample {
  readonly place: string
  readonly reason: string
  readonly record: string
}

export interface Skips {
  readonly count: number
  readonly samples: readonly SkipSample[]
}

/** What one split gave. `input` is the hash of the bytes read, `line` counts records as the user sees them. */
export interface SplitFacts {
  readonly input: Digest
  readonly bytes: Bytes
  readonly records: number
  readonly emitted: number
  readonly skips: Skips
}

/** One run of a map task: the sorted records of one partition. An empty partition has none. */
export interface RunFacts {
  readonly partition: Partition
  readonly records: number
  /** Emitted records that these stand for. */
  readonly weight: number
  /** Uncompressed bytes. */
  readonly bytes: Bytes
  /** SHA-256 of the uncompressed bytes. */
  readonly digest: Digest
}

/** What is said of one partition of a map task's output: its run's facts, or zeros and '' where it is empty. */
export interface RunRow extends Omit<RunFacts, 'digest'> {
  readonly digest: Digest | ''
}

/** Names the rows of all partitions, see plan/rows.ts. */
export interface RowsRoot {
  readonly root: Digest
  /** As many as there are partitions. */
  readonly count: number
}

/** What a map task produced; splits in task order. Its hash is the task digest. */
export interface MapManifest {
  readonly kind: 'map'
  readonly splits: readonly SplitFacts[]
  readonly rows: RowsRoot
  /** See `Output`; sides apart. */
  readonly took: readonly number[]
  /** Where it has sides: how many records the table of each has. */
  readonly sides?: readonly number[]
  readonly counters: Readonly<Record<string, number>>
  /** What the steps that it depends on tell, in the order of the plan. */
  readonly upstream: readonly StepFacts[]
}

/** Sampled keys of a `sort` job, from one sample task: `digest` names the file of encoded keys. */
export interface SampleManifest {
  readonly kind: 'sample'
  readonly splits: readonly SplitFacts[]
  /** See `Output`; sides apart. */
  readonly took: readonly number[]
  /** Where it has sides: how many records the table of each has. */
  readonly sides?: readonly number[]
  readonly keys: number
  readonly bytes: Bytes
  readonly digest: Digest
}

/** The range bounds of a `sort` job: `bounds` are hex order keys, ascending; partition i holds keys < bounds[i]. */
export interface BoundsManifest {
  readonly kind: 'bounds'
  /** `rootOf` the digests of the sample tasks, in task order. */
  readonly consumed: Digest
  readonly bounds: readonly string[]
}

/** What tasks of one step together tell of their part in a result. */
export interface StepFacts {
  /** Its place in the plan. */
  readonly step: number
  /** Of all its tasks; else of the one alone that whoever says it depends on. */
  readonly whole: boolean
  /** Of shards. */
  readonly bytes: Bytes
  /** What was read, of shards or of other steps. */
  readonly records: number
  readonly gave: number
  readonly counters: Readonly<Record<string, number>>
  readonly skips: Skips
}

/** What a reduce task produced: its part, and the root of all that it consumed. */
export interface ReduceManifest {
  readonly kind: 'reduce'
  readonly partition: Partition
  /** See `consumedRoot` in plan/graph.ts. */
  readonly consumed: Digest
  /** See `Output`; sides apart. */
  readonly took: readonly number[]
  /** Where it has sides: how many records the table of each has. */
  readonly sides?: readonly number[]
  readonly groups: number
  readonly records: number
  /** Uncompressed bytes of the part's canonical records. */
  readonly bytes: Bytes
  /** SHA-256 of the part's canonical records alone. */
  readonly part: Digest
  readonly counters: Readonly<Record<string, number>>
  /** What the steps that it depends on tell, in the order of the plan. */
  readonly upstream: readonly StepFacts[]
}

export type Manifest = MapManifest | SampleManifest | BoundsManifest | ReduceManifest
