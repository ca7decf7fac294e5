/** An input over a frozen snapshot. */
import type { Shard, SnapshotInput } from '../core/types.ts'
import { sameWitness, type CatalogEntry, type DescribedShard } from './body.ts'
import { doubtOf, lookOf, type Placed, type SnapshotSource } from './candidates.ts'
import type { ParquetFile } from './column-refusals.ts'
import { noMatch, wrongKind, type Lacking } from './refusals.ts'
import { agreedOf } from './snapshot-columns.ts'

/** What was frozen stays what it is: catalogs only tell how options cut it otherwise than its names say. */
export function pinFrozen(
  request: Placed,
  frozen: SnapshotInput,
  matches: (path: string) => boolean,
  sources: readonly SnapshotSource[],
  terms: { readonly allowPartial: boolean },
  lacking: Lacking[],
): SnapshotInput {
  const taken = frozen.shards.filter(({ path }) => matches(path))
  const omitted = frozen.omitted.filter(({ path }) => matches(path))
  if (taken.length + omitted.length === 0) {
    throw noMatch(request.dataset, request.glob, new Set(frozen.shards.map(({ path }) => path)))
  }
  const now = entriesNow(taken, request, sources)
  const looks = taken.map((shard, i) => shard.look ?? now[i]?.look)
  const wrong = taken.flatMap(({ path }, i) => {
    const { problem, otherwise } = request.readings.of(path, looks[i])
    const found = problem ?? (otherwise ? null : doubtOf(request, now[i]?.doubt))
    return found === null ? [] : [{ name: `${request.dataset}/${path}`, problem: found }]
  })
  if (wrong.length > 0) throw wrongKind(wrong)
  const parquet: ParquetFile[] = []
  const addParquet = (shard: Shard, text: string | undefined): void => {
    if (shard.cuts.kind !== 'row-groups') return
    parquet.push({ name: `${shard.dataset}/${shard.path}`, node: shard.copies[0]!.node, text: text ?? '' })
  }
  const already = lacking.length
  const shards = taken.flatMap((shard, i): Shard[] => {
    const { look: _look, columns, ...pinned } = shard
    const look = lookOf(request, shard.path, looks[i])
    if (!request.readings.of(shard.path, looks[i]).otherwise) {
      addParquet(shard, columns === undefined ? now[i]?.columns : frozen.columns?.[columns])
      return [{ ...pinned, ...look }]
    }
    const told = frozenReading(request, shard, sources)
    if (told?.doubt !== undefined) throw wrongKind([{ name: `${request.dataset}/${shard.path}`, problem: told.doubt }])
    if (told !== null) {
      const read = { ...pinned, ...look, cuts: told.cuts }
      addParquet(read, told.columns)
      return [read]
    }
    const { node } = shard.copies[0]!
    const live = sources.some((source) => source.node === node && source.live)
    const why = live ? 'pending' : 'away'
    const detail = live ? 'it is still being described, or has changed since' : 'its node is away'
    lacking.push({ dataset: shard.dataset, path: shard.path, node, why, detail })
    return []
  })
  const agreed = agreedOf(request, parquet, terms.allowPartial || lacking.length === already)
  const leftOut = frozen.leftOut === undefined ? {} : { leftOut: frozen.leftOut }
  const { alias, dataset } = request
  return { alias, dataset, replicated: frozen.replicated, shards, omitted, ...agreed, ...leftOut }
}

/** What holders say now of frozen files that they still have. */
function entriesNow(
  shards: readonly Shard[],
  { dataset }: Placed,
  sources: readonly SnapshotSource[],
): (CatalogEntry | undefined)[] {
  const offered = new Map<string, CatalogEntry>()
  for (const { node, body } of sources)
    for (const entry of body.datasets.find(({ name }) => name === dataset)?.entries ?? [])
      offered.set(`${node} ${entry.root} ${entry.path}`, entry)
  return shards.map((shard) => {
    for (const { node, root, witness } of shard.copies) {
      const entry = offered.get(`${node} ${root} ${shard.path}`)
      if (entry !== undefined && sameWitness(entry.witness, witness)) return entry
    }
    return undefined
  })
}

function frozenReading(request: Placed, shard: Shard, sources: readonly SnapshotSource[]): DescribedShard | null {
  for (const copy of shard.copies) {
    const source = sources.find(({ node }) => node === copy.node)
    const told = source?.described?.[request.index]?.find(({ root, path }) => root === copy.root && path === shard.path)
    if (told !== undefined && sameWitness(told.witness, copy.witness)) return told
  }
  return null
}
