/**
 * Anti-entropy over direct streams carries correctness; gossip is only faster. A round with one peer: one hash each over
 * all jobs and all node records; where they differ, stamps; where a job's stamp differs, the hashes of its
 * ranges of tasks; then the ranges that differ. Every message stands alone and joins idempotently, so any of them may be lost.
 */
import { hash32, mix32 } from '../hash.ts'
import { LIMITS } from '../limits.ts'
import { differences, ledgerHash, stepHashes, type Differences } from '../ledger/ledger-hash.ts'
import { faceOf, type Delta, type Ledger, type SignedReport } from '../ledger/ledger.ts'
import type { Effect } from '../effects.ts'
import type { JobStamp, Message, NodeStamp, ReportStamp } from '../messages.ts'
import type { JobState, State } from '../state.ts'
import type { Digest, Millis, NodeId, TaskIndex } from '../types.ts'
import { makeBeat } from '../members/beat.ts'
import { isAsked } from '../members/members.ts'

const sum = (texts: Iterable<string>): string => {
  let h = 0
  let n = 0
  for (const text of texts) {
    h = (h + mix32(hash32(text), 7)) >>> 0
    n++
  }
  return `${n}.${h.toString(36)}`
}

/** What this node tells `to` of its jobs. How long one is over is no part of what the two compare. */
function jobStamps(state: State, to: NodeId | null): JobStamp[] {
  return [...state.jobs.values()]
    .filter((job) => to === null || !job.round.unwanted.has(to))
    .map((job) => {
      const over = job.endedAt === null ? 0 : Math.max(1, Math.floor(state.now - job.endedAt))
      return [job.record.id, job.ledger.round, ledgerHash(job.ledger), over]
    })
}

function nodeStamps(state: State): NodeStamp[] {
  return [...state.members.values()].map(({ record }) => [record.node, record.incarnation.count, record.version])
}

export function hello(state: State, to: NodeId | null = null): Message {
  return {
    type: 'hello',
    beat: makeBeat(state),
    jobs: sum(jobStamps(state, to).map(([id, round, hash]) => `${id} ${round} ${hash}`)),
    nodes: sum(nodeStamps(state).map((s) => s.join(' '))),
  }
}

/** The first message over a new connection. One round serves both sides, so one of them opens it. */
export function greeting(state: State, to: NodeId): Message {
  return state.self.node < to ? hello(state, to) : { type: 'beat', beat: makeBeat(state) }
}

/** Answers a hello: nothing when both sides are equal. */
export function answerHello(state: State, from: NodeId, message: Extract<Message, { type: 'hello' }>): Effect[] {
  const mine = hello(state, from) as Extract<Message, { type: 'hello' }>
  if (mine.jobs === message.jobs && mine.nodes === message.nodes) return []
  return [
    {
      type: 'send',
      to: from,
      message: {
        type: 'stamps',
        jobs: mine.jobs === message.jobs ? [] : someOf(jobStamps(state, from), state.now),
        nodes: mine.nodes === message.nodes ? [] : nodeStamps(state),
      },
    },
  ]
}

/** As many stamps as a message takes, others each time: what none of the peers heard of in one round comes in a later one. */
function someOf(stamps: readonly JobStamp[], now: Millis): readonly JobStamp[] {
  if (stamps.length <= LIMITS.jobsKeptMax) return stamps
  const start = hash32(String(now)) % stamps.length
  return [...stamps.slice(start), ...stamps.slice(0, start)].slice(0, LIMITS.jobsKeptMax)
}

/** Takes the other side's stamps: fetches unknown jobs, compares ranges of others, offers and asks records. */
export function answerStamps(state: State, from: NodeId, message: Extract<Message, { type: 'stamps' }>): Effect[] {
  const effects: Effect[] = []
  for (const [id, round, hash, over] of message.jobs) {
    const job = state.jobs.get(id)
    if (over > 0) learnOver(state, id, round, state.now - over)
    if (job !== undefined) {
      // It was submitted there again.
      job.round.unwanted.delete(from)
      if (ledgerHash(job.ledger) !== hash) effects.push({ type: 'send', to: from, message: ranges(job, false) })
      continue
    }
    const forgotten = state.forgottenJobs.get(id) ?? 0
    if (forgotten >= round) {
      const expired = state.expired.has(id)
      effects.push({ type: 'send', to: from, message: { type: 'dropped', job: id, round: forgotten, expired } })
    } else effects.push(...fetchJob(state, id, from))
  }
  if (message.nodes.length > 0) effects.push(...exchangeRecords(state, from, message.nodes))
  return effects
}

/** That a peer counts a round as over since then: for when it ends here, or has ended. */
function learnOver(state: State, id: JobStamp[0], round: number, since: Millis): void {
  const known = state.overBefore.get(id)
  if (known === undefined || known.round < round || (known.round === round && known.since > since))
    state.overBefore.set(id, { round, since })
  if (state.overBefore.size > LIMITS.jobsKeptMax) state.overBefore.delete(state.overBefore.keys().next().value!)
  const job = state.jobs.get(id)
  if (job !== undefined && job.ledger.round === round && job.endedAt !== null)
    job.endedAt = Math.min(job.endedAt, since)
}

/** Asks for a job's record once, until it comes or the asking has clearly failed. */
export function fetchJob(state: State, id: JobStamp[0], from: NodeId): Effect[] {
  const asked = state.fetching.get(id)
  asked?.tellers.add(from)
  if (asked !== undefined && state.now - asked.at < LIMITS.rpcTimeoutMs) return []
  state.fetching.set(id, { at: state.now, tellers: asked?.tellers ?? new Set([from]) })
  return [{ type: 'fetch-job', job: id, from }]
}

function exchangeRecords(state: State, from: NodeId, stamps: readonly NodeStamp[]): Effect[] {
  const theirs = new Map(stamps.map((stamp) => [stamp[0], stamp]))
  const give = [...state.members.values()]
    .filter(({ record }) => {
      const stamp = theirs.get(record.node)
      return (
        stamp === undefined ||
        stamp[1] < record.incarnation.count ||
        (stamp[1] === record.incarnation.count && stamp[2] < record.version)
      )
    })
    .map((member) => member.record)
  const want = stamps
    .filter(([node, count, version]) => {
      if (state.forgottenMembers.has(node)) return false
      const record = state.members.get(node)?.record
      const isOld =
        record === undefined ||
        record.incarnation.count < count ||
        (record.incarnation.count === count && record.version < version)
      return isOld && !isAsked(state, node)
    })
    .map((stamp) => stamp[0])
  const effects: Effect[] = []
  if (give.length > 0) effects.push({ type: 'send', to: from, message: { type: 'records', records: give } })
  if (want.length > 0) effects.push({ type: 'send', to: from, message: { type: 'want-records', nodes: want } })
  return effects
}

/**
 * Asks those who spoke of a job before it was known here to say it again: what they said was lost, and a tiny job may be
 * done before the next round of anti-entropy.
 */
export function askTellers(job: JobState, tellers: Iterable<NodeId>): Effect[] {
  return [...tellers].map((to) => ({ type: 'send', to, message: ranges(job, true) }))
}

function ranges(job: JobState, reply: boolean, detailed: ReadonlySet<number> = new Set()): Message {
  return {
    type: 'ranges',
    job: job.record.id,
    round: job.ledger.round,
    steps: stepHashes(job.ledger, detailed),
    reports: [...job.ledger.reports.values()].map((r): ReportStamp => [r.node, r.incarnation, r.seq]),
    reply,
    ...pinOf(job),
  }
}

/** How the job stands, in the least words. */
export function statement(job: JobState): Message {
  return { type: 'delta', job: job.record.id, delta: chunk(job.ledger, [], [])[0]!, ...pinOf(job) }
}

/** What a message about a job with a key says of its snapshot. */
export function pinOf({ pin }: JobState): { readonly pin?: Digest } {
  return pin === null ? {} : { pin }
}

/** Sends what the other side lacks, and asks back once for what it has: where that is, it says more of than it was told. */
export function answerRanges(job: JobState, from: NodeId, message: Extract<Message, { type: 'ranges' }>): Effect[] {
  const { ledger } = job
  const effects: Effect[] = []
  const wanted = differing(ledger, message)
  // Two submissions at once may have made records of other limits: here they meet.
  for (const delta of chunk(ledger, wanted.tasks, wanted.reports, LIMITS.syncTasks).map((d) => ({
    ...d,
    limits: ledger.limits,
  })))
    effects.push({ type: 'send', to: from, message: { type: 'delta', job: job.record.id, delta, ...pinOf(job) } })
  if (!message.reply) effects.push({ type: 'send', to: from, message: ranges(job, true, wanted.steps) })
  return effects
}

function differing(
  ledger: Ledger,
  message: Extract<Message, { type: 'ranges' }>,
): Differences & { readonly reports: readonly SignedReport[] } {
  if (message.round > ledger.round) return { tasks: [], steps: new Set(), reports: [] }
  const all = message.round < ledger.round
  const found = differences(ledger, message.steps)
  const tasks = all ? [...ledger.tasks.keys()] : found.tasks
  const theirs = new Map(message.reports.map(([node, incarnation, seq]) => [node, { incarnation, seq }]))
  const reports = [...ledger.reports.values()].filter((r) => {
    const stamp = all ? undefined : theirs.get(r.node)
    return (
      stamp === undefined ||
      stamp.incarnation < r.incarnation ||
      (stamp.incarnation === r.incarnation && stamp.seq < r.seq)
    )
  })
  return { tasks, steps: found.steps, reports }
}

/** Deltas of at most so many tasks and one report each; at least one, which carries the outcome. */
export function chunk(
  ledger: Ledger,
  tasks: readonly TaskIndex[],
  reports: readonly SignedReport[],
  tasksMax: number = LIMITS.deltaTasks,
): Delta[] {
  const base = faceOf(ledger)
  const deltas: Delta[] = []
  const stated = tasks.filter((i) => ledger.tasks[i]!.claim !== null || ledger.tasks[i]!.output !== null)
  for (let at = 0; at < stated.length; at += tasksMax)
    deltas.push({
      ...base,
      tasks: stated.slice(at, at + tasksMax).map((i) => [i, ledger.tasks[i]!] as const),
      reports: [],
    })
  for (const report of reports) deltas.push({ ...base, tasks: [], reports: [report] })
  return deltas.length === 0 ? [{ ...base, tasks: [], reports: [] }] : deltas
}
