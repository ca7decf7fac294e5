import type { ErrorJson } from './errors.ts'
import type { Failure } from './ledger/ledger.ts'
import type { Plan, StepIndex } from './plan/steps.ts'
import type { Digest, Millis, NodeId, TaskIndex } from './types.ts'

export interface Wanted {
  readonly task: TaskIndex
  readonly consumers: readonly TaskIndex[]
  /** The whole output, to be held here. */
  readonly copy: boolean
}

/** What a node does for a job in one round: the next begins with none of it. */
export interface RoundState {
  /** Steps whose outputs were needed no more, here: they are gone, with what had arrived of them. */
  readonly released: Set<StepIndex>
  /** Peers that have forgotten it by their own time: they are told of it no more. */
  readonly unwanted: Set<NodeId>
  /** Books of the exchange: consumer task → producer task → digest of what arrived here. Never by attempt. */
  readonly books: Map<TaskIndex, Map<TaskIndex, Digest>>
  /** Not before this time again, by `task` or `task<node`. */
  readonly backoff: Map<string, { until: Millis; tries: number }>
  /** When this node came to know the job's present round, in this life. */
  knownAt: Millis
  /** When a task's claim or output last changed here. */
  readonly changedAt: Map<TaskIndex, Millis>
  /** Since when nobody is known to have a task's output, though it exists. */
  readonly orphanedAt: Map<TaskIndex, Millis>
  /** How often a task was taken over from an owner that was alive, as seen here: each time others wait longer. */
  readonly overtaken: Map<TaskIndex, number>
  /** Tasks whose output nobody alive had at the last look. */
  orphans: ReadonlySet<TaskIndex>
  /** Since when looks have found them so. */
  readonly orphanSince: Map<TaskIndex, Millis>
  /** What the last look found this node to lack, in the order in which to pull it. */
  wanted: Wanted[]
  /** Tasks that are late elsewhere, and whose input this node pulls because it has a slot to spare. */
  helping: ReadonlySet<TaskIndex>
  /** By step, since when all that its tasks consume is known and had; null while something is not. */
  readonly readySince: (Millis | null)[]
  /** Not before then is all of the job looked through again; the pause grows with what there was to look at. */
  nextLook: Millis
  /** Not before then is it asked again, while the job runs, what of it is needed no more. */
  nextRelease: Millis
  /** Not before then is the job searched again for a task to begin, after nothing was found. */
  nextSearch: Millis
  /** Since its parts were asked for again, each has had a live holder. */
  whole: boolean
  /** Why lost parts cannot be made again. */
  hopeless: ErrorJson | null
  /** Of this node's attempts; its part of the report. */
  failures: Failure[]
}

export function newRound({ steps }: Plan, now: Millis): RoundState {
  return {
    released: new Set(),
    unwanted: new Set(),
    books: new Map(),
    backoff: new Map(),
    knownAt: now,
    changedAt: new Map(),
    orphanedAt: new Map(),
    overtaken: new Map(),
    orphans: new Set(),
    orphanSince: new Map(),
    wanted: [],
    helping: new Set(),
    readySince: steps.map(() => null),
    nextLook: now,
    nextRelease: now,
    nextSearch: now,
    whole: false,
    hopeless: null,
    failures: [],
  }
}
