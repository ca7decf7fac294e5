/** What a stage gives. These types are public: they name nothing but the types of jobs. */
import type { Value } from '../job.ts'

export interface TestRecord {
  readonly key: Value
  readonly value: Value
}

export interface StageResult {
  /** The records of each partition, in the order in which its reduce emitted them. */
  readonly parts: readonly (readonly TestRecord[])[]
  readonly counters: Readonly<Record<string, number>>
  /** In record order, one input after the other. */
  readonly skipped: readonly { readonly reason: string; readonly record: unknown }[]
}
