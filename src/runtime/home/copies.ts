/** Which shards of a job lie on this node: as its snapshot says, and in copies that came here since. */
import type { CatalogBody, CatalogEntry } from '../../catalog/body.ts'
import { isOver } from '../../core/ledger/outcome.ts'
import { shardOf } from '../../core/plan/ranks.ts'
import type { JobState } from '../../core/state.ts'
import type { Shard, ShardCopy, TaskIndex } from '../../core/types.ts'
import type { Context } from '../context.ts'

/**
 * This node's copies of a shard. A file of a replicated dataset is the shard where dataset, path and content are the
 * same, whenever it came here: its witness is that of the file whose content was hashed.
 */
export function copiesHere({ state, catalog }: Context, shard: Shard): readonly ShardCopy[] {
  const { node } = state.self
  const offered = (shard.hash === undefined ? [] : offeredCopies(catalog.record(), shard)).map(({ root, witness }) => ({
    node,
    root,
    witness,
  }))
  const roots = new Set(offered.map(({ root }) => root))
  return [...offered, ...shard.copies.filter((copy) => copy.node === node && !roots.has(copy.root))]
}

function offeredCopies(body: CatalogBody, { dataset, path, hash }: Shard): readonly CatalogEntry[] {
  if (hash === undefined) return []
  return (offeredIn(body).get(keyOf(dataset, path)) ?? []).filter((entry) => entry.hash === hash)
}

/** Replicated entries of a catalog by dataset and path. A body that is published never changes. */
const indexes = new WeakMap<CatalogBody, ReadonlyMap<string, readonly CatalogEntry[]>>()

function offeredIn(body: CatalogBody): ReadonlyMap<string, readonly CatalogEntry[]> {
  const known = indexes.get(body)
  if (known !== undefined) return known
  const index = new Map<string, CatalogEntry[]>()
  for (const { name, replicated, entries } of body.datasets)
    for (const entry of replicated ? entries : []) {
      if (entry.state !== 'offered') continue
      const key = keyOf(name, entry.path)
      index.set(key, [...(index.get(key) ?? []), entry])
    }
  indexes.set(body, index)
  return index
}

function keyOf(dataset: string, path: string): string {
  return `${dataset}/${path}`
}

/** Tells the control plane of maps that this node may run by late copies alone, whenever what it offers has changed. */
export class LateCopies {
  readonly #context: Context
  /** By which catalog a job was last looked at. */
  readonly #seen = new WeakMap<JobState, CatalogBody>()

  constructor(context: Context) {
    this.#context = context
  }

  look(): void {
    const { state, catalog, dispatch } = this.#context
    const body = catalog.record()
    for (const job of state.jobs.values()) {
      if (isOver(job.ledger.outcome) || this.#seen.get(job) === body) continue
      this.#seen.set(job, body)
      const tasks = this.#tasksOf(job, body)
      if (tasks.size > 0 || job.lateCopies.size > 0) dispatch({ type: 'late-copies', job: job.record.id, tasks })
    }
  }

  #tasksOf({ record, plan }: JobState, body: CatalogBody): Set<TaskIndex> {
    const { node } = this.#context.state.self
    const { snapshot } = record
    const found = new Set<TaskIndex>()
    if (!snapshot.inputs.some((input) => input.replicated)) return found
    for (const { index, splits, holders } of plan.tasks) {
      if (splits.length === 0 || holders.includes(node)) continue
      if (splits.every((split) => offeredCopies(body, shardOf(snapshot, split)).length > 0)) found.add(index)
    }
    return found
  }
}
