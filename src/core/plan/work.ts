/** What a task process is told to do: no more than its task needs, files by the names that they have in its folder. */
import type { Look } from '../look.ts'
import type { AggregateName } from '../spec/settings.ts'
import type { Agreed, Bytes, Digest, Partition, ReadOptions, StepFacts } from '../types.ts'

/** One split, as the task process is told it; `file` is a TaskFile's name. */
export interface SplitWork {
  readonly file: string
  readonly alias: string
  readonly dataset: string
  readonly path: string
  readonly size: Bytes
  readonly start: number
  readonly end: number
  /** CSV: the length of the header's record, for splits that do not begin at 0. */
  readonly headerBytes: Bytes
  readonly options: ReadOptions
  /** See Shard. */
  readonly look?: Look
  readonly rowGroups: boolean
  /** The file's witness in the snapshot, as `dev:ino:mtimeNs:ctimeNs`; '' if the bytes came over a stream. */
  readonly witness: string
  /** Present if the bytes came over a stream: `file` has these pieces of the shard one after the other, and no more. */
  readonly spool?: Spool
}

/** What a node without a shard has of it, for one split: every byte that its reader reads. */
export interface Spool {
  /** Ascending, apart from each other. */
  readonly pieces: readonly { readonly offset: Bytes; readonly length: Bytes }[]
  /** Lines of the shard that begin before the split's first record. */
  readonly linesBefore: number
}

/** A part that another stage gave, read record by record. */
export interface PartWork {
  readonly file: string
  /** As messages name it. */
  readonly name: string
  readonly digest: Digest
  readonly bytes: Bytes
  readonly records: number
  /** The edge over which it comes. */
  readonly edge: number
}

/** A table to look up in: the one part of a stage, by key. */
export interface SideWork extends Omit<PartWork, 'edge'> {
  readonly alias: string
  /** No key has two records: it is an error where one has. */
  readonly unique: boolean
}

/** What values of a key are folded by. */
export interface AggregateWork {
  readonly name: AggregateName
  /** Of `top`: how many values are kept … */
  readonly n: number
  /** … and whether the stage says what they are compared by. */
  readonly by?: true
}

export interface MapWork {
  readonly kind: 'map'
  /** The stage whose functions are called; '' where the job has one. */
  readonly stage: string
  readonly splits: readonly SplitWork[]
  /** What is read where no shards are: then `splits` is empty. */
  readonly part: PartWork | null
  /** Whether records go through the stage's map; else pairs pass unchanged. */
  readonly map: boolean
  /** Of the splits' inputs whose Parquet files differ in their columns, by alias. */
  readonly agreed?: readonly (readonly [alias: string, Agreed])[]
  readonly partitions: number
  /** Hex order keys, for `sort` jobs; else null: by hash. */
  readonly bounds: readonly string[] | null
  readonly combine: boolean
  /** Then `combine` is false. */
  readonly aggregate?: AggregateWork
  /** Values of a key are in an order of their own: that of what the stage's sortValues gives. */
  readonly sortValues: boolean
  readonly onBadRecord: 'fail' | 'skip'
  /** How many edges the step reads, sides apart. */
  readonly edges: number
  readonly sides: readonly SideWork[]
  /** What the steps before it tell; goes into the manifest as it is. */
  readonly upstream: readonly StepFacts[]
}

export interface SampleWork extends Omit<MapWork, 'kind' | 'bounds' | 'upstream'> {
  readonly kind: 'sample'
}

export interface BoundsWork {
  readonly kind: 'bounds'
  readonly partitions: number
  /** TaskFile names of the sample tasks' keys, in task order. */
  readonly samples: readonly string[]
  readonly consumed: Digest
}

/** One part to merge, in the order of its keys: `alias` is the index of what it is read as, `rank` where that stands. */
export interface KeyedPartWork extends PartWork {
  readonly alias: number
  readonly rank: number
}

/** One run to merge. `ranks[i]` is the global rank of the task's i-th split, `aliases[i]` the index of its input. */
export interface RunWork {
  readonly file: string
  readonly ranks: readonly number[]
  readonly aliases: readonly number[]
  readonly digest: Digest
  readonly bytes: Bytes
}

export interface ReduceWork {
  readonly kind: 'reduce'
  readonly stage: string
  readonly partition: Partition
  readonly runs: readonly RunWork[]
  readonly parts: readonly KeyedPartWork[]
  readonly aliases: readonly string[]
  /** By alias, the edge over which its records come. */
  readonly edges: readonly number[]
  readonly sides: readonly SideWork[]
  readonly combine: boolean
  readonly reduce: boolean
  /** What its runs have accumulators of. */
  readonly aggregate?: AggregateWork
  /** Its runs have sorted values. */
  readonly sortValues: boolean
  /** Each record that reduce gives has to have the key of its group: what reads the part relies on it. */
  readonly keyed: boolean
  /** See `consumedRoot` in graph.ts; goes into the manifest as it is. */
  readonly consumed: Digest
  /** What the steps before it tell; goes into the manifest as it is. */
  readonly upstream: readonly StepFacts[]
}

export type Work = MapWork | SampleWork | BoundsWork | ReduceWork
