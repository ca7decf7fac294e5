/** All that can happen to a node's control plane. Time comes beside each event, see `step` in machine.ts. */
import type { ErrorJson } from './errors.ts'
import type { Blame, Delta, Output, SignedReport } from './ledger/ledger.ts'
import type { SignedNodeRecord } from './members/membership.ts'
import type { Message } from './messages.ts'
import type { Bytes, Digest, Incarnation, JobId, JobLimits, JobRecord, Millis, NodeId, TaskIndex } from './types.ts'

export type Event =
  /** Comes when `State.tickDue` says; `stalled` is by how much it came late. */
  | { readonly type: 'tick'; readonly stalled: Millis }
  /** Asked for by `wake`. */
  | { readonly type: 'wake' }
  | { readonly type: 'peer'; readonly peer: NodeId; readonly connected: boolean }
  | { readonly type: 'message'; readonly from: NodeId; readonly message: Message }
  /** This node's own record was signed anew. */
  | { readonly type: 'own-record'; readonly record: SignedNodeRecord }
  /** A job's record and bundle are on disk here. `kept` is what the disk remembers of its ledger. */
  | {
      readonly type: 'job'
      readonly record: JobRecord
      readonly kept: readonly Delta[]
      readonly holding: readonly Held[]
      readonly deaths: readonly Death[]
    }
  | { readonly type: 'job-missing'; readonly job: JobId; readonly from: NodeId }
  // Ends of `start`: done | failed.
  | { readonly type: 'attempt-done'; readonly attempt: string; readonly output: Output }
  | {
      readonly type: 'attempt-failed'
      readonly attempt: string
      readonly blame: Blame
      readonly place: string
      readonly error: ErrorJson
    }
  | { readonly type: 'progress'; readonly attempt: string; readonly units: number; readonly bytes: Bytes }
  /** Output of `task` for these consumers is on disk here, by push or pull. `manifest` and runs match `digest`. */
  | {
      readonly type: 'arrived'
      readonly job: JobId
      readonly task: TaskIndex
      readonly digest: Digest
      readonly consumers: readonly TaskIndex[]
    }
  /** The whole output of `task` is on disk here (a copy of a part). */
  | { readonly type: 'copied'; readonly job: JobId; readonly task: TaskIndex; readonly digest: Digest }
  // Ends of `push`: acked | later | gone | failed.
  | {
      readonly type: 'push-ended'
      readonly job: JobId
      readonly task: TaskIndex
      readonly to: NodeId
      readonly end: 'acked' | 'later' | 'gone' | 'failed'
    }
  // Ends of `pull`: done (after `arrived` or `copied`) | gone | failed.
  | {
      readonly type: 'pull-ended'
      readonly job: JobId
      readonly task: TaskIndex
      readonly from: NodeId
      readonly end: 'done' | 'gone' | 'failed'
      readonly why: string
    }
  /** Output that this node said it has is damaged or missing on its disk; or what had arrived here is. */
  | { readonly type: 'lost'; readonly job: JobId; readonly task: TaskIndex; readonly what: 'output' | 'arrived' }
  | { readonly type: 'report-signed'; readonly job: JobId; readonly round: number; readonly report: SignedReport }
  | { readonly type: 'cancel'; readonly job: JobId }
  | { readonly type: 'retry'; readonly job: JobId }
  /** All maps whose shards lie here in copies that the snapshot does not name: they came after it was pinned. */
  | { readonly type: 'late-copies'; readonly job: JobId; readonly tasks: ReadonlySet<TaskIndex> }
  /** Another submission of the job asks for these limits: the larger hold, from the next attempt on. */
  | { readonly type: 'raise'; readonly job: JobId; readonly limits: JobLimits }
  /** What other nodes remember of a job with a key that they have forgotten. */
  | { readonly type: 'remembered'; readonly job: JobId; readonly round: number; readonly result: Digest | null }
  /** Another node has a record of this id over another snapshot. */
  | { readonly type: 'pinned'; readonly job: JobId; readonly pin: Digest }
  /** A person wants it forgotten, by all nodes. */
  | { readonly type: 'forget'; readonly job: JobId }
  /** This node wants its room; others keep it for their own time. An open job stays. */
  | { readonly type: 'expire'; readonly job: JobId }
  | { readonly type: 'forget-member'; readonly node: NodeId }
  | { readonly type: 'drain' }
  /** A peer has heard of this life of this node. */
  | { readonly type: 'own-life'; readonly incarnation: Incarnation }
  /** The life that this node goes on with, raised above what peers remember and on its disk. */
  | { readonly type: 'reborn'; readonly incarnation: Incarnation }

/** Output found whole on this node's disk at boot. */
export interface Held {
  readonly task: TaskIndex
  readonly output: Output
}

/** An attempt that was open when this node last died. */
export interface Death {
  readonly task: TaskIndex
  readonly attempt: string
}
