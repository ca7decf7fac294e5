import type { Event } from '../core/events.ts'
import type { State } from '../core/state.ts'
import type { JobId, Millis, NodeId } from '../core/types.ts'
import type { Catalog } from '../catalog/catalog.ts'
import type { Clock, Disk, Mesh, Tasks } from '../ports.ts'
import type { Catalogs } from './peers/catalogs.ts'
import type { IdleStreams } from './peers/idle-streams.ts'
import type { Damage } from './home/damage.ts'
import type { Keys } from './home/keys.ts'
import type { Removal } from './home/removal.ts'
import type { JobStore } from './home/store.ts'
import type { Story } from './home/story.ts'

/** What the runtime needs of this node's catalog. */
export type Offers = Pick<
  Catalog,
  'record' | 'resolve' | 'isNear' | 'readPinned' | 'countLines' | 'answerScan' | 'forget' | 'warnings'
>

/** What the parts of the runtime share. The state is read here and changed by `dispatch` alone. */
export interface Context {
  readonly state: State
  dispatch(event: Event): void
  readonly clock: Clock
  readonly disk: Disk
  readonly store: JobStore
  readonly mesh: Mesh
  /** Streams to peers that are open and not used. */
  readonly idle: IdleStreams
  readonly tasks: Tasks
  /** What this node offers. */
  readonly catalog: Offers
  /** What every known node offers. */
  readonly catalogs: Catalogs
  readonly story: Story
  /** Takes forgotten jobs off this disk. */
  readonly removal: Removal
  /** What stays of forgotten jobs with a key. */
  readonly keys: Keys
  /** What is damaged on this node's disk. */
  readonly damage: Damage
  readonly memory: number
  readonly name: string
  readonly local: boolean
  /** Resolves once all that the job's ledger says by now is on this disk; that may be long after, where it is full. */
  readonly durable: (job: JobId) => Promise<void>
  /** Counts, by kind, hostile or stale input that is dropped, and background work that failed. */
  dropped(kind: string, error: unknown): void
}

/** A member's name, for people, with the end of its id where others have that name, too; its id where it is not known. */
export function nameOf({ state }: Context, node: NodeId): string {
  const name = state.members.get(node)?.record.name
  if (name === undefined) return node
  return sharedNames(state).has(name) ? fullName(name, node) : name
}

export function fullName(name: string, node: NodeId): string {
  return `${name}@${node.slice(-8)}`
}

/** Names that several members have, found once for each moment: one answer may name a million holders. */
const shared = new WeakMap<
  State,
  { readonly now: Millis; readonly members: number; readonly names: ReadonlySet<string> }
>()

function sharedNames(state: State): ReadonlySet<string> {
  const known = shared.get(state)
  if (known?.now === state.now && known.members === state.members.size) return known.names
  const all = [...state.members.values()].map(({ record }) => record.name)
  const names = new Set(all.filter((name, i) => all.indexOf(name) < i))
  shared.set(state, { now: state.now, members: state.members.size, names })
  return names
}
