/** The graph of a job of stages, as people read it: what `explain` and `job graph` show. */
import type { Bytes } from '../core/types.ts'

/** What a stage reads of the snapshot. */
export interface RowsRead {
  readonly how: 'rows'
  readonly dataset: string
  readonly glob: string
  readonly shards: number
  readonly bytes: Bytes
}

/** What a step reads of another one: see the edges of a plan. */
export interface StepRead {
  readonly how: 'hash' | 'range' | 'same' | 'broadcast' | 'gather'
  readonly stage: string
  readonly step: string
}

export interface StepGraph {
  /** What it does in its stage: `map`, `reduce`, `map homes` of a stage that joins several, `table reduce`. */
  readonly step: string
  readonly tasks: number
  /** Into how many partitions it deals out what it gives, or its bounds divide keys; else 0. */
  readonly partitions: number
  /** The name of the output that it gives, '' where the job has one; null: it gives none. */
  readonly output: string | null
  readonly reads: readonly (RowsRead | StepRead)[]
}

export interface StageGraph<Step extends StepGraph = StepGraph> {
  /** '' where the job is one stage. */
  readonly stage: string
  readonly steps: readonly Step[]
}

/** One of several outputs of a job. Its parts are neighbours in the result, which has outputs in order of their names. */
export interface OutputInfo {
  readonly output: string
  readonly stage: string
  readonly partitions: number
  /** See `OutputSpec`. */
  readonly folders?: true
}

/** What has gone over an edge to tasks that are done; null where that is not known, or no records go there. */
export type Flow = (RowsRead | StepRead) & {
  readonly went: { readonly records: number | null; readonly bytes: Bytes | null }
}

export interface StepState extends StepGraph {
  readonly done: number
  readonly running: number
  readonly reads: readonly Flow[]
  /** Records that its tasks which are done have given; null where what it gives is no records. */
  readonly gave: number | null
  /** Of parts, as far as they are there; else null. */
  readonly bytes: Bytes | null
}

export interface GraphAnswer {
  readonly schema: 'shoal.graph/1'
  readonly job: string
  readonly name: string
  readonly state: string
  /** In the order of the plan. */
  readonly stages: readonly StageGraph<StepState>[]
}
