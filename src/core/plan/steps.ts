/**
 * A job as a graph: steps of alike tasks, and edges that say how the outputs of one reach the tasks of another. The plan
 * makes it; whatever happens to tasks elsewhere is told by steps and edges, never by what kind a step is.
 */
import type { Bytes, NodeId, ProgramKind, Split, TaskIndex } from '../types.ts'

/** Place of a step in the plan; a step comes after all that it reads. */
export type StepIndex = number

/** What a step's tasks do. Only the plan, what runs in a task process, and words for people tell them apart. */
export type StepKind = 'sample' | 'bounds' | 'map' | 'reduce'

/**
 * How outputs travel: `hash` and `range`: partition p of every producer goes to task p; `same`: output i to task i;
 * `broadcast`: all outputs to every task; `gather`: all outputs to the one task.
 */
export type How = 'hash' | 'range' | 'same' | 'broadcast' | 'gather'

/** What a task's output is: a file for each partition, one file of records, one of sampled keys, or a manifest alone. */
export type OutputKind = 'runs' | 'part' | 'keys' | 'fact'

export interface Edge {
  readonly from: StepIndex
  readonly how: How
}

/** The same edge, as the producer sees it. */
export interface Feed {
  readonly to: StepIndex
  readonly how: How
}

export interface Step {
  readonly index: StepIndex
  /** Place of its stage in the specification; 0 where there is one. */
  readonly stage: number
  /** As people call it. */
  readonly name: string
  readonly kind: StepKind
  /** What its tasks run: only nodes that offer that run them. */
  readonly program: ProgramKind
  /** Its tasks are first … first + count − 1. */
  readonly first: TaskIndex
  readonly count: number
  /** What it reads of other steps, in the order in which that is consumed. */
  readonly inputs: readonly Edge[]
  /** The last of its inputs that bring tables to look up in. */
  readonly sides: number
  readonly feeds: readonly Feed[]
  readonly gives: OutputKind
  /** Into how many partitions what it gives is dealt out, or its bounds divide keys; else 0. */
  readonly deals: number
  /** Its part p holds exactly the keys that hash to p of as many as it has tasks, ascending. */
  readonly isKeyed: boolean
  /** Its tasks read splits of shards, and so lie where these are. */
  readonly readsShards: boolean
  /** Task p reads partition p of something, and lies where placement says. */
  readonly isPlaced: boolean
  /** Its parts are the job's result, or one of its results. */
  readonly isOutput: boolean
  /** Bytes of shards that a task reads in the mean, at least 1. */
  readonly meanBytes: Bytes
}

export interface PlannedTask {
  readonly index: TaskIndex
  readonly step: Step
  /** Its place in the step; of a step that is placed, the partition. */
  readonly at: number
  /** What is read of shards, ordered by (alias, dataset, path, start). */
  readonly splits: readonly Split[]
  /** The nodes that have all of the splits' shards. */
  readonly holders: readonly NodeId[]
  readonly bytes: Bytes
}

export interface Plan {
  /** How many parts the result has. */
  readonly partitions: number
  /** What a step reads comes before it. */
  readonly steps: readonly Step[]
  /** What the result is made of, by name; '' where it is one. */
  readonly outputs: readonly { readonly name: string; readonly step: StepIndex }[]
  /** Step by step. */
  readonly tasks: readonly PlannedTask[]
}
