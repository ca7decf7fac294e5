import { compareUtf8 } from '../core/plan/ranks.ts'
import type { CatalogDataset } from './body.ts'
import { compareEntries } from './codec.ts'
import type { OfferedRoot } from './root.ts'

/** The directories of a node as the datasets of its catalog, in the order that a catalog has. */
export function datasetsOf(roots: readonly OfferedRoot[]): CatalogDataset[] {
  const byName = Map.groupBy(roots, ({ offer }) => offer.name)
  const names = [...byName.keys()].toSorted(compareUtf8)
  return names.map((name) => datasetOf(name, byName.get(name)!))
}

function datasetOf(name: string, roots: readonly OfferedRoot[]): CatalogDataset {
  const entries = roots.flatMap((root) => [...root.entries()])
  return {
    name,
    replicated: roots.some(({ offer }) => offer.replicated),
    roots: roots.map((root) => root.facts()).toSorted((a, b) => compareUtf8(a.root, b.root)),
    // Each directory's entries are in order already.
    entries: roots.length === 1 ? entries : entries.toSorted(compareEntries),
  }
}
