import type { Event } from '../../src/core/events.ts'
import type { State } from '../../src/core/state.ts'
import type { Millis, NodeId } from '../../src/core/types.ts'
import { FakeDisk } from './fake-disk.ts'

/** A node of the test's mesh, up or down. */
export interface MeshNode {
  readonly id: NodeId
  readonly disk: FakeDisk
  /** null while the node is down. */
  state: State | null
  /** Counts starts and kills: what was planned for an earlier life does not happen. */
  life: number
  /** This node's monotonic clock is the agenda's plus this. */
  clock: Millis
  /** While it sleeps: since when, and what waits for it. */
  asleep: Millis | null
  mail: Event[]
  receiving: number
  tickAt: Millis
}

/** A node that has not been started yet. */
export function newNode(id: NodeId, clock: Millis): MeshNode {
  return { id, clock, disk: new FakeDisk(), state: null, life: 0, asleep: null, mail: [], receiving: 0, tickAt: 0 }
}
