/**
 * The ledger of one job: a product of join-semilattices, so that copies joined in any order, any number of times, agree.
 *
 *   claim    = (term, rank, owner, incarnation)   join = max; at equal term the lower rank wins
 *   output   = none < digest < CONFLICT           flat
 *   reports  = node → (incarnation, seq, has, failures), written by that node alone; higher wins
 *   outcome  = open < cancelled < failed < sealed < disputed, see outcome.ts
 *
 * `round` is above all of them: the higher round wins whole.
 */
import { canonicalJson } from '../hash.ts'
import { isLasting, joinOutcome, type Outcome } from './outcome.ts'
import type { ErrorJson } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import type { Bytes, Digest, JobLimits, NodeId, TaskIndex } from '../types.ts'

/** "Node `owner` works on this task": a hint that saves work, never a lock. */
export interface Claim {
  readonly term: number
  readonly rank: number
  readonly owner: NodeId
  /** The owner's boot count: claims of an earlier life are void. */
  readonly incarnation: number
}

/** A task's output by content, with the totals that the seal compares; at most 256 bytes. */
export interface Output {
  readonly digest: Digest
  /** Root of the hashes of what was read: two outputs over different input are SHARD_CHANGED, not CONFLICT. */
  readonly input: Digest
  /** Root of the digests of what was consumed; '' for a task that reads shards only. */
  readonly consumed: Digest | ''
  /** Reduce: the part hash, else ''. */
  readonly part: Digest | ''
  /** Records read of shards. */
  readonly read: number
  /** Over each edge, in order, the emitted records that what was read over it stands for. */
  readonly took: readonly number[]
  /** Records emitted, or in the part. */
  readonly gave: number
  /** Its digest is of a manifest of an earlier format. */
  readonly earlier?: true
  readonly bytes: Bytes
}

/** The top of the output lattice: the two least outputs seen, so that every replica names the same pair. */
export interface Conflict {
  readonly conflict: readonly [Output, Output]
}

export interface TaskState {
  readonly claim: Claim | null
  readonly output: Output | Conflict | null
}

/** `user`: the code is to blame; `input`: the data is; `own`: the node is; `death`: the node died while it ran. */
export type Blame = 'user' | 'input' | 'own' | 'death'

export interface Failure {
  readonly task: TaskIndex
  readonly attempt: string
  /** The claim's term under which it ran: that claim is released by this failure. */
  readonly term: number
  readonly blame: Blame
  /** Where in the data; part of what makes two failures equal. */
  readonly place: string
  readonly error: ErrorJson
}

/** What one node says of its own part in a job's round. */
export interface Report {
  readonly node: NodeId
  readonly incarnation: number
  readonly seq: number
  /** Tasks whose whole output this node has on disk, ascending. */
  readonly has: readonly TaskIndex[]
  /** Bounded by LIMITS.failuresPerNode, oldest first. */
  readonly failures: readonly Failure[]
}

/** A report with its writer's signature; `bytes` is what was signed and is relayed as it came. */
export interface SignedReport extends Report {
  readonly bytes: Uint8Array
  readonly signature: Uint8Array
}

export interface Ledger {
  round: number
  outcome: Outcome
  readonly tasks: TaskState[]
  readonly reports: Map<NodeId, SignedReport>
  /** What its tasks may use: the largest that any submission has asked for. In no round do they become less. */
  limits: JobLimits
  /** They are more than those of the job's record. */
  raised: boolean
  /** The step that each task belongs to. */
  readonly steps: Uint16Array
  /** By step its tasks without any output, ascending: it follows from `tasks`, so that nobody looks through them all. */
  readonly blank: readonly Set<TaskIndex>[]
  /** The digest of each task that has exactly one output, for loops over many tasks. */
  readonly digests: (Digest | null)[]
  /** How many tasks have two outputs. */
  conflicts: number
  /** Each task's part of the hashes of ranges (see ledger-hash.ts); UNKNOWN: to be computed. */
  readonly hashes: Int32Array
  /** `ledgerHash`, until the next change. */
  hash: string | null
}

/** Part of a ledger, as it travels and as it is kept on disk: joining it is idempotent. */
export interface Delta {
  readonly round: number
  readonly outcome: Outcome
  readonly tasks: readonly (readonly [TaskIndex, TaskState])[]
  readonly reports: readonly SignedReport[]
  /** Counts in any round. Absent where the job's record says it. */
  readonly limits?: JobLimits
}

export const BLANK: TaskState = { claim: null, output: null }

/** The least that a job may have. */
const LEAST: JobLimits = { copies: 1, taskMemory: null, taskTimeoutMs: null }

/** Of steps of so many tasks each. */
export function newLedger(sizes: readonly number[], round: number = 1, limits: JobLimits = LEAST): Ledger {
  const steps = Uint16Array.from(sizes.flatMap((size, step) => new Array<number>(size).fill(step)))
  const tasks = steps.length
  const ledger: Ledger = {
    round,
    limits,
    raised: false,
    outcome: { kind: 'open' },
    tasks: new Array<TaskState>(tasks).fill(BLANK),
    reports: new Map(),
    steps,
    blank: sizes.map(() => new Set()),
    digests: new Array<Digest | null>(tasks).fill(null),
    conflicts: 0,
    hashes: new Int32Array(tasks).fill(UNKNOWN),
    hash: null,
  }
  steps.forEach((step, index) => ledger.blank[step]!.add(index))
  return ledger
}

/** Some task has no output yet. */
export function hasBlanks({ blank }: Ledger): boolean {
  return blank.some((tasks) => tasks.size > 0)
}

/** A hash that has yet to be computed: hashes are of 31 bits, and never negative. */
export const UNKNOWN = -1

/** A task's state changes here and nowhere else; `blank` and `conflicts` follow it. */
function setTask(ledger: Ledger, index: TaskIndex, state: TaskState): void {
  const before = ledger.tasks[index]!
  ledger.tasks[index] = state
  ledger.hashes[index] = UNKNOWN
  ledger.digests[index] = agreed(state)?.digest ?? null
  if (state.output !== null) ledger.blank[ledger.steps[index]!]!.delete(index)
  ledger.conflicts += Number(isConflict(state.output)) - Number(isConflict(before.output))
}

export function isConflict(output: Output | Conflict | null): output is Conflict {
  return output !== null && 'conflict' in output
}

/** The output where there is exactly one. */
export function agreed(state: TaskState | undefined): Output | null {
  const output = state?.output ?? null
  return output === null || isConflict(output) ? null : output
}

/** Whether claim `a` beats `b`. */
export function beats(a: Claim, b: Claim): boolean {
  if (a.term !== b.term) return a.term > b.term
  if (a.rank !== b.rank) return a.rank < b.rank
  if (a.owner !== b.owner) return a.owner < b.owner
  return a.incarnation > b.incarnation
}

/** The term of whoever begins a task after this claim. */
export function nextTerm(claim: Claim | null): number {
  return Math.min((claim?.term ?? 0) + 1, LIMITS.termMax)
}

export function joinClaim(a: Claim | null, b: Claim | null): Claim | null {
  if (a === null || b === null) return a ?? b
  return beats(b, a) ? b : a
}

/**
 * Two outputs of one task are a conflict, but for one that an earlier format counted: the same output has another digest
 * now, so what says it in the present form takes its place. (The id of a job with a key outlives formats.)
 */
export function joinOutput(a: Output | Conflict | null, b: Output | Conflict | null): Output | Conflict | null {
  if (a === null || b === null) return a ?? b
  const all = [...(isConflict(a) ? a.conflict : [a]), ...(isConflict(b) ? b.conflict : [b])]
  const present = all.filter((output) => output.earlier !== true)
  const distinct = new Map((present.length > 0 ? present : all).map((output) => [output.digest, output]))
  const [first, second] = [...distinct.values()].sort((x, y) => (x.digest < y.digest ? -1 : 1))
  if (distinct.size === 1) return first!
  return { conflict: [first!, second!] }
}

export function joinTask(a: TaskState, b: TaskState): TaskState {
  const claim = joinClaim(a.claim, b.claim)
  const output = joinOutput(a.output, b.output)
  return sameClaim(claim, a.claim) && sameOutput(output, a.output) ? a : { claim, output }
}

function sameClaim(a: Claim | null, b: Claim | null): boolean {
  return a === b || (a !== null && b !== null && !beats(a, b) && !beats(b, a))
}

function sameOutput(a: Output | Conflict | null, b: Output | Conflict | null): boolean {
  return a === b || (a !== null && b !== null && canonicalJson(a) === canonicalJson(b))
}

/** Whether report `a` is newer than `b`, both of one node. */
export function newer(a: Report, b: Report): boolean {
  return a.incarnation !== b.incarnation ? a.incarnation > b.incarnation : a.seq > b.seq
}

/** The larger of each; null, a node's own default, is less than any that was asked for. */
export function joinLimits(a: JobLimits, b: JobLimits): JobLimits {
  const larger = (x: number | null, y: number | null): number | null =>
    x === null || y === null ? (x ?? y) : Math.max(x, y)
  return {
    copies: Math.max(a.copies, b.copies),
    taskMemory: larger(a.taskMemory, b.taskMemory),
    taskTimeoutMs: larger(a.taskTimeoutMs, b.taskTimeoutMs),
  }
}

/** Round, outcome and limits: what every delta of this ledger says. */
export function faceOf({ round, outcome, limits, raised }: Ledger): Pick<Delta, 'round' | 'outcome' | 'limits'> {
  return { round, outcome, ...(raised ? { limits } : {}) }
}

/** What a join changed: tasks by index, and whether reports, outcome (or limits) or round did. */
export interface Change {
  readonly tasks: readonly TaskIndex[]
  readonly reports: readonly NodeId[]
  readonly outcome: boolean
  readonly round: boolean
}

/**
 * Joins a delta into the ledger. A delta of a lower round changes nothing but a seal, which counts in any round;
 * one of a higher round replaces claims and reports (outputs that agree are adopted by the caller, see machine.ts).
 */
export function joinDelta(ledger: Ledger, delta: Delta): Change {
  const round = delta.round > ledger.round
  if (round) openRound(ledger, delta.round)
  const before = ledger.outcome
  if (delta.round === ledger.round || isLasting(delta.outcome)) ledger.outcome = joinOutcome(before, delta.outcome)
  const tasks: TaskIndex[] = []
  const reports: NodeId[] = []
  if (delta.round === ledger.round) {
    for (const [index, state] of delta.tasks) if (joinOne(ledger, index, state)) tasks.push(index)
    for (const report of delta.reports) if (joinReport(ledger, report)) reports.push(report.node)
  }
  ledger.hash = null
  const raised = raise(ledger, delta.limits)
  return { tasks, reports, outcome: ledger.outcome !== before || raised, round }
}

function raise(ledger: Ledger, limits: JobLimits | undefined): boolean {
  if (limits === undefined) return false
  const joined = joinLimits(ledger.limits, limits)
  if (canonicalJson(joined) === canonicalJson(ledger.limits)) return false
  ledger.limits = joined
  ledger.raised = true
  return true
}

function joinOne(ledger: Ledger, index: TaskIndex, state: TaskState): boolean {
  const mine = ledger.tasks[index]
  if (mine === undefined) return false
  const joined = joinTask(mine, state)
  if (joined === mine) return false
  setTask(ledger, index, joined)
  return true
}

/** What names a task that the job has not is no report of it. */
function joinReport(ledger: Ledger, report: SignedReport): boolean {
  const beyond = ledger.tasks.length
  if ((report.has.at(-1) ?? 0) >= beyond || report.failures.some(({ task }) => task >= beyond)) return false
  const mine = ledger.reports.get(report.node)
  if (mine !== undefined && !newer(report, mine)) return false
  if (mine === undefined && ledger.reports.size >= LIMITS.membersMax) return false
  ledger.reports.set(report.node, report)
  return true
}

/**
 * The outputs that the next round adopts: none of those in conflict, and where there is one, nothing that was made of
 * other tasks' outputs.
 */
export function adopted(ledger: Ledger): (Output | null)[] {
  const disputed = ledger.tasks.some((task) => isConflict(task.output))
  return ledger.tasks.map((task) => {
    const output = agreed(task)
    return disputed && output?.consumed !== '' ? null : output
  })
}

/** Opens a later round in place: adopted outputs stay; conflicts, claims, failures and the outcome start anew. */
export function openRound(ledger: Ledger, round: number): void {
  const outputs = adopted(ledger)
  ledger.round = round
  if (!isLasting(ledger.outcome)) ledger.outcome = { kind: 'open' }
  for (const tasks of ledger.blank) tasks.clear()
  outputs.forEach((output, index) => {
    if (output === null) ledger.blank[ledger.steps[index]!]!.add(index)
    setTask(ledger, index, { claim: null, output })
  })
  ledger.reports.clear()
  ledger.hash = null
}
