/** The state of one node's control plane. Only machine.ts and the files it calls change it. */
import type { Failure, Ledger } from './ledger.ts'
import type { ErrorJson } from './errors.ts'
import { LIMITS } from './limits.ts'
import type { Member } from './membership.ts'
import type { Plan, TaskKind } from './plan.ts'
import type { Bytes, Digest, Incarnation, JobId, JobRecord, Millis, NodeId, TaskIndex } from './types.ts'

export interface Self {
  readonly node: NodeId
  readonly incarnation: Incarnation
  readonly slots: number
  readonly runtime: string
}

export interface Running {
  readonly attempt: string
  readonly job: JobId
  readonly round: number
  readonly task: TaskIndex
  readonly kind: TaskKind
  readonly term: number
  readonly startedAt: Millis
  units: number
  bytes: Bytes
  /** When `units` last moved. */
  movedAt: Millis
  stopping: boolean
}

export interface JobState {
  readonly record: JobRecord
  readonly plan: Plan
  readonly ledger: Ledger
  /** Each reduce partition's ordered list of nodes. */
  readonly placement: readonly (readonly NodeId[])[]
  readonly knownRows: number | null
  /** Bytes of a map task in the mean, at least 1. */
  readonly meanBytes: Bytes
  /** Each task's base order of candidates, computed when first asked for. */
  readonly orders: Map<TaskIndex, readonly NodeId[]>
  /** Maps that this node may run because it has copies of their shards that came after the snapshot was pinned. */
  lateCopies: ReadonlySet<TaskIndex>
  /** Tasks whose whole output this node has; its part of the report. */
  readonly has: Set<TaskIndex>
  failures: Failure[]
  reportSeq: number
  reportDirty: boolean
  /** Since when the report is being signed; null while none is. */
  signingSince: Millis | null
  /** Books of the exchange: consumer task → producer task → digest of what arrived here. Never by attempt. */
  readonly books: Map<TaskIndex, Map<TaskIndex, Digest>>
  /** Pushes under way or waiting: `task>node`. */
  readonly pushes: Map<string, Push>
  /** Pulls under way: producer task → where from. */
  readonly pulls: Map<TaskIndex, NodeId>
  /** Not before this time again, by `task` or `task<node`. */
  readonly backoff: Map<string, { until: Millis; tries: number }>
  /** When a run was first missed here, by producer task: pull only once a push has had time to come. */
  readonly missedAt: Map<TaskIndex, Millis>
  /** What the last look found this node to lack, in the order in which to pull it. */
  wanted: Wanted[]
  /** Not before then is the report signed anew. */
  nextReport: Millis
  /** Not before then is all of the job looked through again; the pause grows with what there was to look at. */
  nextLook: Millis
  /** Not before then is the job searched again for a task to begin, after nothing was found. */
  nextSearch: Millis
  /** Tasks whose output nobody alive had at the last look. */
  orphans: readonly TaskIndex[]
  /** Reduces that are late elsewhere, and whose input this node pulls because it has a slot to spare. */
  helping: ReadonlySet<TaskIndex>
  /** Since when all that reduces consume is known; null while something is not. */
  reducibleSince: Millis | null
  /** How often a task was taken over from an owner that was alive, as seen here: each time others wait longer. */
  readonly overtaken: Map<TaskIndex, number>
  /** When this node came to know the job's present round, in this life. */
  knownAt: Millis
  /** When a task's claim or output last changed here. */
  readonly changedAt: Map<TaskIndex, Millis>
  /** Since when nobody is known to have a task's output, though it exists. */
  readonly orphanedAt: Map<TaskIndex, Millis>
  /** Slot time that this node has spent on the job, or that others had while it had nothing to run. */
  slotMs: Millis
  /** Durations of finished tasks by kind, this node's own and others' as seen from here (bounded, newest). */
  readonly durations: Record<TaskKind, Millis[]>
  /** How many times the median a node's tasks took of late; 1 is usual. */
  readonly pace: Map<NodeId, number>
  released: boolean
  /** Since its parts were asked for again, each has had a live holder. */
  whole: boolean
  /** Why lost parts cannot be made again. */
  hopeless: ErrorJson | null
  /** On this node's clock, also for an outcome of an earlier life, or one that others knew before: then it is earlier. */
  endedAt: Millis | null
  /** Not forgotten before, however long it is over: who brought it to this node, or asked for it here, waits for its result. */
  readonly keptUntil: Millis
  /** Peers that have forgotten it by their own time: they are told of it no more. */
  readonly unwanted: Set<NodeId>
  /** Of a job with a key: the id of its snapshot. */
  readonly pin: Digest | null
  /** Of a job with a key that was forgotten: its result, which no other may take the place of. */
  readonly promised: Digest | null
}

export interface Wanted {
  readonly task: TaskIndex
  readonly consumers: readonly TaskIndex[]
  /** The whole output, to be held here. */
  readonly copy: boolean
}

export interface Push {
  readonly task: TaskIndex
  readonly to: NodeId
  readonly consumers: readonly TaskIndex[]
  state: 'waiting' | 'sent'
  notBefore: Millis
  tries: number
}

export interface State {
  self: Self
  now: Millis
  readonly members: Map<NodeId, Member>
  /** Peers with an open connection, members whose record has yet to come among them. */
  readonly connected: Set<NodeId>
  readonly forgotten: Set<NodeId>
  readonly jobs: Map<JobId, JobState>
  /** Jobs that are asked for: since when, and who has spoken of them. */
  readonly fetching: Map<JobId, { readonly at: Millis; readonly tellers: Set<NodeId> }>
  /** Since when rounds of jobs are over, as peers have counted it, or earlier lives of this node. */
  readonly overBefore: Map<JobId, { readonly round: number; readonly since: Millis }>
  /** Highest round dropped for good. */
  readonly dropped: Map<JobId, number>
  /** Those of them that went by this node's own time or want of room: others may keep them. */
  readonly expired: Set<JobId>
  /** Results of dropped jobs with a key. */
  readonly promised: Map<JobId, Digest>
  /** How long a job is kept after its outcome. */
  readonly retentionMs: Millis
  readonly running: Map<string, Running>
  attempts: number
  seq: number
  /** The latest life of its own that peers told this node of, and how often in this life it raised itself above one. */
  raisingAbove: number
  raises: number
  draining: boolean
  drainedTold: boolean
  drainBy: Millis
  /** Slot time of the job that last had its turn, at most so far. */
  turn: Millis
  /** When the next tick is to come: whatever happens later than that shows how late this node is. */
  tickDue: Millis
  /** When something last changed, and whether that is so long ago that this node has gone quiet: see quiet.ts. */
  stirredAt: Millis
  quiet: boolean
  /** How far this node distrusts its own judgement of others, 0 … LIMITS.strainMax, and when that last changed. */
  strain: number
  strainAt: Millis
  /** Until when nobody is accused, because this node has just started, or was itself stalled. */
  graceUntil: Millis
  /** Not before then is an event followed by `advance`; ticks always are. */
  nextAdvance: Millis
  /** A `wake` was asked for, and has yet to come. */
  waking: boolean
  nextBeat: Millis
  /** Until then heartbeats are gossip: somebody new must hear one, or does not hear this node otherwise. */
  gossipBeatsUntil: Millis
  /** Not before then is one gossip for the sake of members that are away. */
  nextGossipBeat: Millis
  /** Not before then are members that are not heard asked to speak again. */
  nextAsk: Millis
  nextFlush: Millis
  nextSync: Millis
  syncTurn: number
  /** What gossip has yet to tell: job → tasks, and whether reports or the outcome changed. */
  readonly dirty: Map<JobId, Dirty>
}

export interface Dirty {
  readonly tasks: Set<TaskIndex>
  readonly reports: Set<NodeId>
  outcome: boolean
  /** Since when something is to be told. */
  readonly since: Millis
  /** Somebody may wait for it: an output, a failure, an outcome. The rest waits for company, LIMITS.gossipIntervalMs at most. */
  pressing: boolean
}

export function newState(self: Self, now: Millis, retentionMs: Millis = LIMITS.retentionMs): State {
  return {
    self,
    now,
    members: new Map(),
    connected: new Set(),
    forgotten: new Set(),
    jobs: new Map(),
    fetching: new Map(),
    overBefore: new Map(),
    dropped: new Map(),
    expired: new Set(),
    promised: new Map(),
    retentionMs,
    running: new Map(),
    attempts: 0,
    seq: 0,
    raisingAbove: 0,
    raises: 0,
    draining: false,
    drainedTold: false,
    drainBy: 0,
    turn: 0,
    tickDue: now + LIMITS.tickMs,
    stirredAt: now,
    quiet: false,
    strain: 0,
    strainAt: now,
    graceUntil: now + LIMITS.awayAfterMs,
    nextAdvance: now,
    waking: false,
    nextBeat: now,
    gossipBeatsUntil: now + LIMITS.quietAfterMs,
    nextGossipBeat: now,
    nextAsk: now,
    nextFlush: now,
    nextSync: now,
    syncTurn: 0,
    dirty: new Map(),
  }
}

/** The median of what tasks of a kind took; null while none is known to have ended. */
export function medianOf(job: JobState, kind: TaskKind): Millis | null {
  const durations = job.durations[kind]
  if (durations.length === 0) return null
  return durations.toSorted((a, b) => a - b)[durations.length >> 1]!
}

/** The job's tasks that this node runs now. */
export function runningHere(state: State, job: JobState): Set<TaskIndex> {
  const here = [...state.running.values()].filter((running) => running.job === job.record.id)
  return new Set(here.map((running) => running.task))
}

/** Marks what changed for the next gossip. */
export function touch(state: State, job: JobId): Dirty {
  let dirty = state.dirty.get(job)
  if (dirty === undefined) {
    dirty = { tasks: new Set(), reports: new Set(), outcome: false, since: state.now, pressing: false }
    state.dirty.set(job, dirty)
  }
  return dirty
}
