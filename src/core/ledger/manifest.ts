import { contentId, rootOf } from '../hash.ts'
import type { Output } from './ledger.ts'
import type { Listing } from '../plan/files.ts'
import type { Digest, Manifest } from '../types.ts'

/** A manifest as it is kept and sent: with the root of what the task consumed ('' where it reads shards only). */
export interface TaskManifest {
  readonly consumed: Digest | ''
  readonly manifest: Manifest
}

/** The same with the rows that are at hand. */
export type TaskListing = TaskManifest & Listing

/** What the ledger says of a task with this manifest: its digest is a function of the manifest alone. */
export function outputOf({ consumed, manifest }: TaskManifest): Output {
  const digest = contentId('manifest', { consumed, manifest })
  const none = { digest, input: rootOf([]), consumed, part: '', records: 0, weight: 0, bytes: 0 } as const
  switch (manifest.kind) {
    case 'bounds':
      return none
    case 'reduce':
      return { ...none, part: manifest.part, records: manifest.records, weight: manifest.weight, bytes: manifest.bytes }
    case 'sample':
    case 'map': {
      const { splits } = manifest
      return {
        ...none,
        input: rootOf(splits.map((split) => split.input)),
        records: splits.reduce((sum, split) => sum + split.records, 0),
        weight: splits.reduce((sum, split) => sum + split.emitted, 0),
        bytes: splits.reduce((sum, split) => sum + split.bytes, 0),
      }
    }
  }
}
