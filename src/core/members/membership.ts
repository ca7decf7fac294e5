/**
 * Who is a member, and who is alive by this observer's own clock. Membership steers work and never decides a result.
 * A member lives as long as its heartbeat advances; a connection that closes is only a reason to look sooner.
 */
import { LIMITS } from '../limits.ts'
import type { Bytes, Digest, Incarnation, JobId, Millis, NodeId, Runtimes, TaskIndex } from '../types.ts'

/** What a node says of itself; signed by it, so that it can be relayed and kept while the node is away. */
export interface NodeRecord {
  readonly node: NodeId
  readonly incarnation: Incarnation
  /** Counts changes within an incarnation. */
  readonly version: number
  readonly name: string
  readonly addresses: readonly string[]
  readonly slots: number
  readonly memory: Bytes
  readonly runtimes: Runtimes
  readonly shoal: string
  /** It has been drained: it takes no work, and its shards are away. */
  readonly drained: boolean
  readonly catalog: CatalogRef
}

export interface CatalogRef {
  readonly version: number
  readonly hash: Digest
  readonly shards: number
  readonly bytes: Bytes
}

export interface SignedNodeRecord extends NodeRecord {
  readonly bytes: Uint8Array
  readonly signature: Uint8Array
}

/** A sign of life, and how the node's running tasks get on. */
export interface Beat {
  readonly node: NodeId
  readonly incarnation: Incarnation
  readonly seq: number
  /** The version of the sender's own record, so that a newer one is asked for. */
  readonly record: number
  readonly busy: number
  readonly running: readonly RunningBeat[]
}

export interface RunningBeat {
  readonly job: JobId
  readonly task: TaskIndex
  /** Any progress at all moves it: bytes read, sorted, merged, folded. */
  readonly units: number
  /** Input bytes read so far, for people. */
  readonly bytes: Bytes
}

export interface Member {
  readonly node: NodeId
  record: SignedNodeRecord
  beat: Beat | null
  /** When its heartbeat last advanced, by this observer's clock; −Infinity: never in this life of ours. */
  heardAt: Millis
  connected: boolean
  /** When its record first came in this life of ours. */
  readonly metAt: Millis
  /** When its connection to this node last opened; −Infinity: never. */
  openedAt: Millis
  /** When its connection to this node last closed; −Infinity: never. */
  closedAt: Millis
  /** When each running task's progress last moved, by `job/task`. */
  readonly moved: Map<string, { units: number; at: Millis }>
}

export type Liveness = 'alive' | 'suspect' | 'away'

/** Orders lives of one node: by count, and for one count by nonce, so that all agree which of two clones is shown. */
export function laterLife(a: Incarnation, b: Incarnation): boolean {
  return a.count !== b.count ? a.count > b.count : a.nonce > b.nonce
}

export function sameLife(a: Incarnation, b: Incarnation): boolean {
  return a.count === b.count && a.nonce === b.nonce
}

/** Whether record `a` is newer than `b`, both of one node. */
export function newerRecord(a: NodeRecord, b: NodeRecord): boolean {
  return sameLife(a.incarnation, b.incarnation) ? a.version > b.version : laterLife(a.incarnation, b.incarnation)
}

/**
 * Liveness by silence, as far as this observer has `listened` since: what it slept through counts for nobody. `patience`
 * (at least 1) multiplies the limits while it does not keep up, see strain.ts. Who was never heard is away.
 */
export function liveness(member: Member, now: Millis, listened: Millis, patience: number): Liveness {
  if (member.heardAt === -Infinity) return 'away'
  const silent = now - Math.max(member.heardAt, listened)
  const scale = patience * haste(member)
  if (silent <= LIMITS.suspectAfterMs * scale) return 'alive'
  return silent <= LIMITS.awayAfterMs * scale ? 'suspect' : 'away'
}

/** When more silence next changes what `liveness` says of a member; Infinity: not at all. */
export function nextLiveness(member: Member, now: Millis, listened: Millis, patience: number): Millis {
  if (member.heardAt === -Infinity) return Infinity
  const scale = patience * haste(member)
  // A limit that is just reached is not exceeded.
  const limits = [LIMITS.suspectAfterMs, LIMITS.awayAfterMs].map(
    (limit) => Math.max(member.heardAt, listened) + limit * scale + 1,
  )
  return limits.find((at) => at > now) ?? Infinity
}

/** When the member became away by this observer's clock (meaningful only while it is). */
export function awaySince(member: Member, patience: number): Millis {
  return member.heardAt + LIMITS.awayAfterMs * patience * haste(member)
}

/**
 * The factor on the patience with a member. It is halved when the member's connection has closed and nothing was heard
 * of it since, but for a heartbeat that was under way. Never less than half: perhaps only the link between the two of
 * us is cut. A member that is still heard over others keeps all of it.
 */
function haste(member: Member): number {
  return !member.connected && member.heardAt <= member.closedAt + LIMITS.heartbeatMs ? 0.5 : 1
}

/** Stands for the progress of a task that its owner's heartbeats name no more. */
const ENDED = -1

/** Takes a heartbeat in; stale and repeated ones change nothing. Returns whether it advanced. */
export function hear(member: Member, beat: Beat, now: Millis): boolean {
  const last = member.beat
  if (last !== null) {
    if (
      sameLife(last.incarnation, beat.incarnation)
        ? beat.seq <= last.seq
        : !laterLife(beat.incarnation, last.incarnation)
    )
      return false
  }
  member.beat = beat
  member.heardAt = now
  const running = new Set<string>()
  for (const { job, task, units } of beat.running) {
    const id = `${job}/${task}`
    running.add(id)
    const before = member.moved.get(id)
    if (before === undefined || before.units !== units) member.moved.set(id, { units, at: now })
  }
  for (const [id, last] of member.moved) {
    if (running.has(id)) continue
    // The task has ended, or was stopped, and its output may still be on its way to us: until then the owner must not
    // look as if it stood still. So this counts as a move too, and is remembered for a while.
    if (last.units !== ENDED) member.moved.set(id, { units: ENDED, at: now })
    else if (now - last.at > LIMITS.standstillMs) member.moved.delete(id)
  }
  return true
}

/** Whether it lives while the tasks in all of its slots stand still: what it has not begun should be done elsewhere. */
export function isStuck(member: Member, now: Millis): boolean {
  const running = member.beat?.running ?? []
  if (running.length === 0 || running.length < member.record.slots) return false
  let still = 0
  for (const { job, task } of running)
    if (now - (member.moved.get(`${job}/${task}`)?.at ?? now) > LIMITS.standstillMs) still++
  return still >= member.record.slots
}
