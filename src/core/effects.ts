/** All that a node's control plane may ask for. Each names the events that end it; nothing else may. */
import type { Delta, Report } from './ledger/ledger.ts'
import type { Message } from './messages.ts'
import type { Outcome } from './ledger/outcome.ts'
import type { Digest, JobId, JobRecord, Millis, NodeId, TaskIndex } from './types.ts'

export type Effect =
  /** Fire and forget. */
  | { readonly type: 'gossip'; readonly message: Message }
  | { readonly type: 'send'; readonly to: NodeId; readonly message: Message }
  /** Ends in `job` or `job-missing`. */
  | { readonly type: 'fetch-job'; readonly job: JobId; readonly from: NodeId }
  /** A node's record names a catalog that the runtime may not have yet. No end: the record says it again. */
  | { readonly type: 'fetch-catalog'; readonly node: NodeId; readonly hash: Digest; readonly from: NodeId }
  /** Another node's record was learned or renewed: keep it on disk. */
  | { readonly type: 'keep-record'; readonly node: NodeId }
  /** Ends in `attempt-done` or `attempt-failed`. */
  | {
      readonly type: 'start'
      readonly attempt: string
      readonly job: JobId
      readonly task: TaskIndex
      /** Producers' digests in task order: what this attempt consumes. */
      readonly consumes: readonly Digest[]
    }
  /** The attempt still ends in `attempt-failed` (blame own) or `attempt-done`. */
  | { readonly type: 'stop'; readonly attempt: string; readonly why: string }
  /** Ends in `push-ended`. */
  | {
      readonly type: 'push'
      readonly job: JobId
      readonly task: TaskIndex
      readonly to: NodeId
      readonly consumers: readonly TaskIndex[]
    }
  /** Ends in `pull-ended`. With `copy` the whole output is wanted, to be held here. */
  | {
      readonly type: 'pull'
      readonly job: JobId
      readonly task: TaskIndex
      readonly digest: Digest
      readonly from: NodeId
      readonly consumers: readonly TaskIndex[]
      readonly copy: boolean
    }
  /** Append to the job's log on disk. */
  | { readonly type: 'save'; readonly job: JobId; readonly delta: Delta }
  /** Ends in `report-signed`. */
  | { readonly type: 'sign-report'; readonly job: JobId; readonly round: number; readonly report: Report }
  /** Something is to be done sooner than at the next tick. Ends in `wake`. */
  | { readonly type: 'wake'; readonly after: Millis }
  /** The outcome changed. */
  | { readonly type: 'outcome'; readonly job: JobId; readonly outcome: Outcome }
  /** Runs and what had arrived are needed no more: delete them. */
  | { readonly type: 'release'; readonly job: JobId }
  /**
   * Forget the job whole, and remember the round; `expired`: others may keep it. Of one with a key the record stays,
   * and its result.
   */
  | {
      readonly type: 'forget'
      readonly job: JobId
      readonly round: number
      readonly expired: boolean
      readonly keyed: { readonly record: JobRecord; readonly result: Digest | null } | null
    }
  /** Something to tell in the job's story. */
  | {
      readonly type: 'note'
      readonly job: JobId
      readonly task: TaskIndex | null
      readonly attempt: string | null
      readonly kind: string
      readonly text: string
    }
  /** Another machine runs with this identity; or peers remember a later life of this node than its disk does. */
  | { readonly type: 'identity'; readonly problem: 'twice' | 'behind'; readonly count: number }
  /** All that only this node had is handed over, or the time for it is over. */
  | { readonly type: 'drained' }

export type { Millis }
