import type { Event } from '../core/events.ts'
import type { State } from '../core/state.ts'
import type { JobId, NodeId } from '../core/types.ts'
import type { Catalog } from '../catalog/catalog.ts'
import type { Clock, Disk, Mesh, Tasks } from '../ports.ts'
import type { Catalogs } from './peers/catalogs.ts'
import type { Damage } from './home/damage.ts'
import type { Dropped } from './home/dropped.ts'
import type { Keys } from './home/keys.ts'
import type { JobStore } from './home/store.ts'
import type { Story } from './home/story.ts'

/** What the runtime needs of this node's catalog. */
export type Offers = Pick<
  Catalog,
  'record' | 'resolve' | 'readPinned' | 'countLines' | 'answerScan' | 'forget' | 'warnings'
>

/** What the parts of the runtime share. The state is read here and changed by `dispatch` alone. */
export interface Context {
  readonly state: State
  dispatch(event: Event): void
  readonly clock: Clock
  readonly disk: Disk
  readonly store: JobStore
  readonly mesh: Mesh
  readonly tasks: Tasks
  /** What this node offers. */
  readonly catalog: Offers
  /** What every known node offers. */
  readonly catalogs: Catalogs
  readonly story: Story
  /** Which jobs are forgotten. */
  readonly forgotten: Dropped
  /** What stays of forgotten jobs with a key. */
  readonly keys: Keys
  /** What is damaged on this node's disk. */
  readonly damage: Damage
  readonly memory: number
  readonly name: string
  readonly local: boolean
  /** Resolves once all that the job's ledger says by now is on this disk; that may be long after, where it is full. */
  readonly durable: (job: JobId) => Promise<void>
  /** Hostile or stale input from peers: counted by kind, and dropped. */
  dropped(kind: string, error: unknown): void
}

/** A member's name, for people; its id where it is not known. */
export function nameOf(context: Context, node: NodeId): string {
  return context.state.members.get(node)?.record.name ?? node
}
