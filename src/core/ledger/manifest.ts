import { contentId, rootOf } from '../hash.ts'
import type { Output } from './ledger.ts'
import type { Listing } from '../plan/files.ts'
import type { Digest, Manifest, MapManifest, SplitFacts } from '../types.ts'

/** A manifest as it is kept and sent: with the root of what the task consumed ('' where it reads shards only). */
export interface TaskManifest {
  readonly consumed: Digest | ''
  readonly manifest: Manifest
  /** As it was written by an earlier format: its digest is over that, and that is what is kept and sent. */
  readonly earlier?: object
}

/** As it is written down. */
export function manifestText({ consumed, manifest, earlier }: TaskManifest): string {
  return JSON.stringify(earlier ?? { consumed, manifest })
}

/** The same with the rows that are at hand. */
export type TaskListing = TaskManifest & Listing

/** What the ledger says of a task with this manifest: its digest is a function of the manifest alone. */
export function outputOf({ consumed, manifest, earlier }: TaskManifest): Output {
  const digest = contentId('manifest', earlier ?? { consumed, manifest })
  const none: Output = {
    ...{ digest, input: rootOf([]), consumed, part: '', read: 0, took: [], gave: 0, bytes: 0 },
    ...(earlier === undefined ? {} : { earlier: true as const }),
  }
  switch (manifest.kind) {
    case 'bounds':
      return none
    case 'reduce':
      return { ...none, part: manifest.part, took: tookOf(manifest), gave: manifest.records, bytes: manifest.bytes }
    case 'sample':
    case 'map': {
      const { splits, took } = manifest
      const sum = (of: (split: SplitFacts) => number): number => splits.reduce((n, split) => n + of(split), 0)
      // What is not read over an edge is read of shards.
      const read = took.reduce(
        (rest, over) => rest - over,
        sum((split) => split.records),
      )
      return {
        ...none,
        input: rootOf(splits.map((split) => split.input)),
        read,
        took: tookOf(manifest),
        gave: sum((split) => split.emitted),
        bytes: sum((split) => split.bytes),
      }
    }
  }
}

/** Edges over which sides come are the last. */
function tookOf({ took, sides = [] }: Pick<MapManifest, 'took' | 'sides'>): readonly number[] {
  return [...took, ...sides]
}
