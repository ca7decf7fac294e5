/** What a simulated mesh of control planes is made of. */
import type { Effect } from '../../src/core/effects.ts'
import type { Event } from '../../src/core/events.ts'
import type { Millis, NodeId, Runtimes } from '../../src/core/types.ts'
import type { Behaviour, Execution } from './fake-tasks.ts'

export interface Network {
  /** Chance that a message, gossiped or sent, does not arrive. */
  readonly loss: number
  /** Chance that it arrives once more, later. */
  readonly duplicate: number
  /** Chance that a stream (push, pull, fetch) breaks half-way. */
  readonly broken: number
  readonly delay: readonly [Millis, Millis]
}

export interface WorldOptions {
  readonly nodes: number
  readonly seed: number
  /** Of each node; 2 unless told otherwise. */
  readonly slots?: number | ((node: NodeId) => number)
  /** What each node runs; JavaScript unless told otherwise. */
  readonly offered?: (node: NodeId) => Runtimes
  /** Nodes that are not there at first: `start` lets them join. */
  readonly late?: readonly NodeId[]
  readonly network?: Partial<Network>
  readonly behave?: (execution: Execution) => Behaviour
  /** Messages that never arrive: a link that carries packets in one direction only. */
  readonly lost?: (from: NodeId, to: NodeId, gossip: boolean) => boolean
  /** Told of every step with its effects, for transcripts and debugging. */
  readonly watch?: (at: Millis, node: NodeId, event: Event, effects: readonly Effect[]) => void
}

export const CALM: Network = { loss: 0, duplicate: 0, broken: 0, delay: [1, 8] }
