/** What nodes say to each other about the control plane: over gossip (may be lost), or directly (may be lost too). */
import type { Delta } from './ledger/ledger.ts'
import type { Beat, SignedNodeRecord } from './members/membership.ts'
import type { Digest, JobId, Millis, NodeId } from './types.ts'

/** Compact statement of a job's ledger: id, round, hash, and for how long the sender has counted it as over (open: 0). */
export type JobStamp = readonly [JobId, number, string, Millis]
/** A node's record: id, boot count, version. */
export type NodeStamp = readonly [NodeId, number, number]
/** A report: node, boot count, seq. */
export type ReportStamp = readonly [NodeId, number, number]

export type Message =
  /** A sign of life. Over gossip, from a quiet node to each of its peers, or at the head of an anti-entropy round. */
  | { readonly type: 'beat'; readonly beat: Beat }
  /** Anti-entropy opens: the sender's life sign and one hash each over its jobs and its node records. */
  | { readonly type: 'hello'; readonly beat: Beat; readonly jobs: string; readonly nodes: string }
  /** Answer to a hello that differs: stamps of all that the sender has. */
  | { readonly type: 'stamps'; readonly jobs: readonly JobStamp[]; readonly nodes: readonly NodeStamp[] }
  /**
   * The sender's hashes of one job, by step (see `ledger/ledger-hash.ts`); asks for what differs. `reply`: it is an answer
   * to such a question already.
   */
  | {
      readonly type: 'ranges'
      readonly job: JobId
      readonly round: number
      readonly steps: readonly (readonly number[])[]
      readonly reports: readonly ReportStamp[]
      readonly reply: boolean
      readonly pin?: Digest
    }
  /** `pin`: see `pinnedUnder`; facts of two are never joined. */
  | { readonly type: 'delta'; readonly job: JobId; readonly delta: Delta; readonly pin?: Digest }
  | { readonly type: 'records'; readonly records: readonly SignedNodeRecord[] }
  /** "Send me your own record" (the beat named a newer version). */
  | { readonly type: 'want-records'; readonly nodes: readonly NodeId[] }
  /** Over gossip: the sender does not hear these, which it thinks alive; they are to say by gossip that they are. */
  | { readonly type: 'unheard'; readonly nodes: readonly NodeId[] }
  /**
   * The sender has forgotten the job up to this round. Who still has it forgets it too; but if it was the sender's own
   * time that was over (`expired`), who knows how the job ended keeps it for its own time.
   */
  | { readonly type: 'dropped'; readonly job: JobId; readonly round: number; readonly expired: boolean }
