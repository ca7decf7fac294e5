/** What is told of a result: what it is made of, whether that holds, and what two jobs differ in. */
import type { Bytes } from '../core/types.ts'
import type { Coverage } from './coverage.ts'

export interface Receipt {
  readonly schema: 'shoal.receipt/1'
  readonly job: string
  readonly name: string
  readonly result: string
  readonly coverage: Coverage
  readonly counters: Readonly<Record<string, number>>
  readonly skipped: {
    readonly count: number
    readonly samples: readonly { readonly place: string; readonly reason: string; readonly record: string }[]
  }
  readonly records: { readonly read: number; readonly emitted: number; readonly reduced: number; readonly out: number }
  /** Of a job of several stages, step by step in the order of the plan. */
  readonly stages?: readonly StageFacts[]
  /** Where there are several, in the order of the result: the hash of each is that of a job with this output alone. */
  readonly outputs?: readonly {
    readonly output: string
    readonly stage: string
    readonly result: string
    readonly records: number
    readonly bytes: Bytes
  }[]
  readonly partitions: readonly {
    /** Where there are several. */
    readonly output?: string
    readonly partition: number
    readonly records: number
    readonly bytes: Bytes
    readonly part: string
  }[]
  readonly code: string
  readonly params: Readonly<Record<string, string>>
  readonly runtime: string
  readonly snapshot: string
  /** Root of the digests of all map tasks; of a job of several stages, root of what each of its parts has consumed. */
  readonly consumed: string
  /** Tasks that were claimed more than once: after a death, a failure, or beside a straggler. */
  readonly takenOver: number
}

/** What the tasks of one step took and gave. */
export interface StageFacts {
  readonly stage: string
  readonly step: string
  readonly tasks: number
  /** Read, of shards or of other steps. */
  readonly records: number
  readonly gave: number
  readonly skipped: number
  readonly counters: Readonly<Record<string, number>>
}

export interface VerifyAnswer {
  readonly schema: 'shoal.verify/1'
  readonly job: string
  readonly result: string
  readonly ok: boolean
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail: string }[]
}

export interface DiffAnswer {
  readonly schema: 'shoal.diff/1'
  readonly a: string
  readonly b: string
  /** One job. */
  readonly same: boolean
  /** What differs in the specification, as JSON texts. */
  readonly fields: readonly { readonly field: string; readonly a: string; readonly b: string }[]
  readonly onlyA: { readonly count: number; readonly shards: readonly string[] }
  readonly onlyB: { readonly count: number; readonly shards: readonly string[] }
  readonly changed: { readonly count: number; readonly shards: readonly string[] }
  readonly result: { readonly a: string | null; readonly b: string | null; readonly equal: boolean }
  /** Partitions whose parts differ, where both have as many and both are done. */
  readonly parts: readonly number[]
  /** The same by output, where both have the same several: those that differ. */
  readonly outputs?: readonly { readonly output: string; readonly parts: readonly number[] }[]
}
