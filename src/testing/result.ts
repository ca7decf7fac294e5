/** What a job gives. These types are public: they name nothing but the types of jobs. */
import type { Value } from '../job.ts'

export interface TestRecord {
  readonly key: Value
  readonly value: Value
}

/** What a job's tasks gave. */
export interface TasksResult {
  /** By output, the records of each partition in the order in which its reduce emitted them. */
  readonly outputs: readonly { readonly name: string; readonly parts: readonly (readonly TestRecord[])[] }[]
  readonly counters: Readonly<Record<string, number>>
  /** In the order in which tasks read them: stage by stage, of a stage one input after the other. */
  readonly skipped: readonly { readonly reason: string; readonly record: unknown }[]
}
