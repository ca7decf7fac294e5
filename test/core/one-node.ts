/** One control plane in a test's hands: what peers say is given as events, what it asks for is read from effects. */
import type { Effect } from '../../src/core/effects.ts'
import type { Event, Held } from '../../src/core/events.ts'
import { LIMITS } from '../../src/core/limits.ts'
import type { Delta, Failure, Output, SignedReport, TaskState } from '../../src/core/ledger/ledger.ts'
import type { Message } from '../../src/core/messages.ts'
import { step } from '../../src/core/machine.ts'
import type { Beat, SignedNodeRecord } from '../../src/core/members/membership.ts'
import { newState, type JobState, type State } from '../../src/core/state.ts'
import type { Digest, JobRecord, Millis, NodeId, TaskIndex } from '../../src/core/types.ts'
import { hash, RUNTIME } from './fake-work.ts'

export function recordOf(node: NodeId, over: Partial<SignedNodeRecord> = {}): SignedNodeRecord {
  return {
    node,
    incarnation: { count: 1, nonce: `${node}.1` },
    version: 1,
    name: node,
    addresses: [],
    slots: 2,
    memory: 1e9,
    runtimes: { js: RUNTIME },
    shoal: '0.1.0',
    drained: false,
    catalog: { version: 1, hash: hash('catalog', node), shards: 1, bytes: 1 },
    bytes: new Uint8Array(),
    signature: new Uint8Array(),
    ...over,
  }
}

export function outputOf(what: string, over: Partial<Output> = {}): Output {
  return {
    digest: hash(what),
    input: 'input' as Digest,
    consumed: '',
    part: '',
    read: 1,
    took: [1],
    gave: 1,
    bytes: 1,
    ...over,
  }
}

export function failureOf(task: TaskIndex, over: Partial<Failure> = {}): Failure {
  const error = {
    schema: 'shoal.error/1',
    code: 'JOB_THREW',
    message: 'it threw',
    try: [],
    retryable: false,
    exit: 1,
  } as const
  return { task, attempt: '1-1', term: 1, blame: 'user', place: '', error, ...over }
}

export function reportOf(node: NodeId, over: Partial<SignedReport> = {}): SignedReport {
  return {
    node,
    incarnation: 1,
    seq: 1,
    has: [],
    failures: [],
    bytes: new Uint8Array(),
    signature: new Uint8Array(),
    ...over,
  }
}

/** A node that has listened for long enough to judge, and has just heard all its peers. */
export class OneNode {
  readonly state: State
  now: Millis = LIMITS.awayAfterMs
  readonly effects: Effect[] = []
  private seq = 0

  constructor(self: NodeId, peers: readonly NodeId[], slots: number = 2) {
    const incarnation = { count: 1, nonce: `${self}.1` }
    this.state = newState({ node: self, incarnation, slots, runtimes: { js: RUNTIME } }, 0)
    for (let at = 0; at <= this.now; at += LIMITS.tickMs) step(this.state, at, { type: 'tick', stalled: 0 })
    this.give({ type: 'own-record', record: recordOf(self) })
    for (const peer of peers) {
      this.give({ type: 'peer', peer, connected: true })
      this.give({ type: 'message', from: peer, message: { type: 'records', records: [recordOf(peer)] } })
    }
    this.hear(...peers)
    this.now += LIMITS.tickMs
  }

  /** Takes one event in; gives what it asks for in answer. */
  give(event: Event): Effect[] {
    const effects = step(this.state, this.now, event)
    this.effects.push(...effects)
    return effects
  }

  /** Heartbeats of these nodes, naming what they run. */
  hear(...nodes: readonly (NodeId | Partial<Beat>)[]): void {
    for (const node of nodes) {
      const said = typeof node === 'string' ? { node } : node
      const from = said.node!
      const incarnation = { count: 1, nonce: `${from}.1` }
      const beat = { node: from, incarnation, seq: ++this.seq, record: 1, busy: 0, running: [], ...said }
      this.give({ type: 'message', from, message: { type: 'beat', beat } })
    }
  }

  /** Lets time pass, with a tick every so often and the heartbeats of `alive`; gives all effects of that time. */
  pass(duration: Millis, ...alive: readonly (NodeId | Partial<Beat>)[]): Effect[] {
    const from = this.effects.length
    const end = this.now + duration
    for (let nextBeat = this.now; this.now < end;) {
      this.now = Math.min(end, this.now + LIMITS.tickMs)
      if (this.now >= nextBeat) {
        nextBeat += LIMITS.heartbeatMs
        this.hear(...alive)
      }
      this.give({ type: 'tick', stalled: 0 })
    }
    return this.effects.slice(from)
  }

  add(record: JobRecord, kept: readonly Delta[] = [], holding: readonly Held[] = []): Effect[] {
    return this.give({ type: 'job', record, kept, holding, deaths: [] })
  }

  job(record: JobRecord): JobState {
    return this.state.jobs.get(record.id)!
  }

  /** A peer's facts come in. */
  learn(
    record: JobRecord,
    tasks: readonly (readonly [TaskIndex, Partial<TaskState>])[],
    reports: SignedReport[] = [],
  ): Effect[] {
    const delta: Delta = {
      round: this.job(record).ledger.round,
      outcome: { kind: 'open' },
      tasks: tasks.map(([index, state]) => [index, { claim: null, output: null, ...state }]),
      reports,
    }
    return this.give({ type: 'message', from: 'peer' as NodeId, message: { type: 'delta', job: record.id, delta } })
  }
}

/** The effects of one type. */
export function only<T extends Effect['type']>(effects: readonly Effect[], type: T): Extract<Effect, { type: T }>[] {
  return effects.filter((effect): effect is Extract<Effect, { type: T }> => effect.type === type)
}

/** Facts told of their own accord, each once: to all peers on their streams, or by gossip. */
export function news(effects: readonly Effect[]): Extract<Message, { type: 'delta' }>[] {
  const messages = effects.flatMap((effect) =>
    effect.type === 'gossip' || effect.type === 'send' ? effect.message : [],
  )
  return [...new Set(messages)].filter((message) => message.type === 'delta')
}

/** Indexes of the tasks that these effects start. */
export function started(effects: readonly Effect[]): TaskIndex[] {
  return only(effects, 'start').map((effect) => effect.task)
}
