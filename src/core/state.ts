/** The state of one node's control plane. Only machine.ts and the files it calls change it. */
import type { Ledger } from './ledger/ledger.ts'
import { LIMITS } from './limits.ts'
import type { RoundState } from './round.ts'
import type { Member } from './members/membership.ts'
import type { Plan, Step } from './plan/steps.ts'
import type { Bytes, Digest, Incarnation, JobId, JobRecord, Millis, NodeId, Runtimes, TaskIndex } from './types.ts'

export interface Self {
  readonly node: NodeId
  readonly incarnation: Incarnation
  readonly slots: number
  readonly runtimes: Runtimes
}

export interface Running {
  readonly attempt: string
  readonly job: JobId
  readonly round: number
  readonly task: TaskIndex
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
  /** By number of partitions, each one's ordered list of nodes: what partners over a `same` edge share. */
  readonly placement: Map<number, readonly (readonly NodeId[])[]>
  readonly knownRows: number | null
  /** Each task's base order of candidates, computed when first asked for. */
  readonly orders: Map<TaskIndex, readonly NodeId[]>
  /** Maps that this node may run because it has copies of their shards that came after the snapshot was pinned. */
  lateCopies: ReadonlySet<TaskIndex>
  /** Tasks whose whole output this node has; its part of the report. */
  readonly has: Set<TaskIndex>
  /** Replaced whole when the job's round is. */
  round: RoundState
  reportSeq: number
  reportDirty: boolean
  /** Since when the report is being signed; null while none is. */
  signingSince: Millis | null
  /** Pushes under way or waiting: `task>node`. */
  readonly pushes: Map<string, Push>
  /** Pulls under way: producer task → where from. */
  readonly pulls: Map<TaskIndex, NodeId>
  /** When a run was first missed here, by producer task: pull only once a push has had time to come. */
  readonly missedAt: Map<TaskIndex, Millis>
  /** Not before then is the report signed anew. */
  nextReport: Millis
  /** Slot time that this node has spent on the job, or that others had while it had nothing to run. */
  slotMs: Millis
  /** Durations of finished tasks by step, this node's own and others' as seen from here (bounded, newest). */
  readonly durations: readonly Millis[][]
  /** How many times the median a node's tasks took of late; 1 is usual. */
  readonly pace: Map<NodeId, number>
  /** On this node's clock, also for an outcome of an earlier life, or one that others knew before: then it is earlier. */
  endedAt: Millis | null
  /** Not forgotten before, however long it is over: who brought it to this node, or asked for it here, waits for its result. */
  readonly keptUntil: Millis
  /** Of a job with a key, see `pinnedUnder`. */
  readonly pin: Digest | null
  /** Of a job with a key that was forgotten: its result, which no other may take the place of. */
  readonly promised: Digest | null
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
  readonly forgottenMembers: Set<NodeId>
  /** Members whose record was asked for, and when: a beat of theirs comes before the answer. */
  readonly wanted: Map<NodeId, Millis>
  readonly jobs: Map<JobId, JobState>
  /** Jobs that are asked for: since when, and who has spoken of them. */
  readonly fetching: Map<JobId, { readonly at: Millis; readonly tellers: Set<NodeId> }>
  /** Since when rounds of jobs are over, as peers have counted it, or earlier lives of this node. */
  readonly overBefore: Map<JobId, { readonly round: number; readonly since: Millis }>
  /** Jobs that this node has forgotten, each with the highest round: it takes no part in these any more. */
  readonly forgottenJobs: Map<JobId, number>
  /** Those of them that went by this node's own time or want of room: others may keep them. */
  readonly expired: Set<JobId>
  /** Results of forgotten jobs with a key. */
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
  /** Not before then are members that are not heard asked to speak again. */
  nextAsk: Millis
  /** Not before then is a heartbeat gossiped that peers hear on their streams. */
  nextGossip: Millis
  /** When somebody last asked for this node by gossip: a connection may not carry what it sends. */
  askedAt: Millis
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
    forgottenMembers: new Set(),
    wanted: new Map(),
    jobs: new Map(),
    fetching: new Map(),
    overBefore: new Map(),
    forgottenJobs: new Map(),
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
    nextAsk: now,
    nextGossip: now,
    askedAt: -Infinity,
    nextFlush: now,
    nextSync: now,
    syncTurn: 0,
    dirty: new Map(),
  }
}

/** The median of what a step's tasks took; null while none is known to have ended. */
export function medianOf(job: JobState, step: Step): Millis | null {
  const durations = job.durations[step.index]!
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
