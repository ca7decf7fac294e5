/** What all known nodes offer for one input, and what keeps each file from being read. */
import { isDeepStrictEqual } from 'node:util'
import { PLAIN_TEXT, type Look } from '../core/look.ts'
import { compareUtf8 } from '../core/plan/ranks.ts'
import type { Cuts, NodeId, ReadOptions, SnapshotInput } from '../core/types.ts'
import type { Doubt } from '../data/formats/look/doubt.ts'
import {
  sameWitness,
  type CatalogBody,
  type CatalogDataset,
  type CatalogEntry,
  type CatalogRoot,
  type DescribedShard,
} from './body.ts'
import type { Readings } from './readings.ts'
import { mixedModes, noData, type Lacking } from './refusals.ts'

export interface SnapshotRequest {
  readonly alias: string
  readonly dataset: string
  /** '' means every shard. */
  readonly glob: string
  readonly options: ReadOptions
  /** A frozen snapshot's input: the shards are taken from there, whatever the catalogs say now. */
  readonly frozen?: SnapshotInput
  /** It is pinned for later jobs, whose options are not known yet: they are asked what can be read. */
  readonly freezing?: boolean
}

/** One known node's catalog. Every known node counts, also one that is drained or away. */
export interface SnapshotSource {
  readonly node: NodeId
  /** It answered this submission's scan; what the others had is remembered, and away. */
  readonly live: boolean
  /** The answer was fresh (see ScanAnswer); default true. Else all its shards are still pending. */
  readonly fresh?: boolean
  readonly body: CatalogBody
  /** The answer's `described`: by request, in the order of the requests. */
  readonly described?: readonly (readonly DescribedShard[])[]
}

/** A request with its place among the requests. */
export interface Placed extends SnapshotRequest {
  readonly index: number
  readonly readings: Readings
}

/** One entry of one node, and what keeps it from being read (null: nothing). */
export interface Candidate {
  readonly node: NodeId
  readonly entry: CatalogEntry
  readonly root: CatalogRoot
  readonly cuts: Cuts | null
  readonly columns: string | undefined
  /** What is wrong with it where it is read by the input's options. */
  readonly doubt: Doubt | null
  readonly lack: Lacking | null
}

export interface Offering {
  readonly source: SnapshotSource
  readonly dataset: CatalogDataset
}

export function offeringOf(request: Placed, sources: readonly SnapshotSource[]): Offering[] {
  const offering = sources.flatMap((source) =>
    source.body.datasets.filter(({ name }) => name === request.dataset).map((dataset) => ({ source, dataset })),
  )
  if (offering.length > 0) return offering
  throw noData(request.dataset, new Set(sources.flatMap(({ body }) => body.datasets.map(({ name }) => name))))
}

export function modeOf(dataset: string, offering: readonly Offering[]): boolean {
  const nodes = Map.groupBy(offering, (one) => one.dataset.replicated)
  const own = nodes.get(false)?.map(({ source }) => source.node) ?? []
  const replicated = nodes.get(true)?.map(({ source }) => source.node) ?? []
  if (own.length > 0 && replicated.length > 0) throw mixedModes(dataset, own, replicated)
  return replicated.length > 0
}

/** Everything that the glob takes, whatever its state, in the order of a snapshot: by (path, node, directory). */
export function candidatesOf(
  request: Placed,
  offering: readonly Offering[],
  matches: (path: string) => boolean,
): Candidate[] {
  const candidates: Candidate[] = []
  for (const { source, dataset } of offering) {
    const away = new Map(dataset.roots.filter(({ state }) => state === 'away').map(({ root, why }) => [root, why]))
    const described = describedOf(source, request.index)
    const roots = new Map(dataset.roots.map((root) => [root.root, root]))
    for (const entry of dataset.entries) {
      if (!matches(entry.path)) continue
      const { cuts, columns, doubt = null } = readingOf(request, entry, described)
      const lack = lackOf(request.dataset, source, entry, away.get(entry.root), cuts)
      candidates.push({ node: source.node, entry, root: roots.get(entry.root)!, cuts, columns, doubt, lack })
    }
  }
  return candidates.toSorted(
    (a, b) =>
      compareUtf8(a.entry.path, b.entry.path) || compareUtf8(a.node, b.node) || compareUtf8(a.entry.root, b.entry.root),
  )
}

type Described = ReadonlyMap<string, DescribedShard>

const keyOf = (root: string, path: string): string => `${root}/${path}`

function describedOf(source: SnapshotSource, request: number): Described {
  return new Map(source.described?.[request]?.map((shard) => [keyOf(shard.root, shard.path), shard]))
}

/** `cuts` null where the input's options cut the shard in a way that its holder has not told. */
function readingOf(
  request: Placed,
  entry: CatalogEntry,
  described: Described,
): { readonly cuts: Cuts | null; readonly columns?: string; readonly doubt?: Doubt } {
  // What is not described yet, or cannot be read, is judged by nothing: its name may say less than it holds.
  if (entry.look === undefined) return { cuts: entry.cuts }
  if (!request.readings.of(entry.path, entry.look).otherwise) {
    const { cuts, columns } = entry
    const doubt = doubtOf(request, entry.doubt)
    return { cuts, ...(columns === undefined ? {} : { columns }), ...(doubt === null ? {} : { doubt }) }
  }
  const told = described.get(keyOf(entry.root, entry.path))
  return told !== undefined && sameWitness(told.witness, entry.witness) ? told : { cuts: null }
}

/** A look that makes no difference is left out, so that ordinary files give the same snapshot ids as before. */
export function lookOf(request: Placed, path: string, look: Look | undefined): { readonly look?: Look } {
  if (look === undefined) return {}
  const matters =
    request.freezing === true ? !isDeepStrictEqual(look, PLAIN_TEXT) : request.readings.of(path, look).lookMatters
  return matters ? { look } : {}
}

/** The first doubt that the input's options do not settle: one about an option that was given is no doubt. */
export function doubtOf({ options }: Pick<Placed, 'options'>, doubt: Doubt | undefined): Doubt | null {
  if (doubt === undefined) return null
  return options[doubt.of] === undefined ? doubt : doubtOf({ options }, doubt.then)
}

function lackOf(
  dataset: string,
  source: SnapshotSource,
  entry: CatalogEntry,
  rootAway: string | undefined,
  cuts: Cuts | null,
): Lacking | null {
  const lack = (why: Lacking['why'], detail: string): Lacking => ({
    dataset,
    path: entry.path,
    node: source.node,
    why,
    detail,
  })
  if (!source.live) return lack('away', 'its node is away')
  if (source.fresh === false) return lack('pending', 'its directory is still being looked at')
  if (rootAway !== undefined) return lack('away', rootAway)
  if (entry.state === 'unreadable') return lack('unreadable', entry.why ?? '')
  if (entry.state === 'pending' || cuts === null) return lack('pending', 'it is still being described')
  return null
}

/**
 * A directory that is away and of which no shard is known may have any, and so may one that is still being looked at:
 * what is missing there has no path.
 */
export function unknownShards(dataset: string, { source, dataset: { roots, entries } }: Offering): Lacking[] {
  const lack = (why: Lacking['why'], detail: string): Lacking => ({ dataset, path: '', node: source.node, why, detail })
  if (source.live && source.fresh === false) return [lack('pending', 'its directory is still being looked at')]
  const known = new Set(entries.map(({ root }) => root))
  return roots.filter(({ root, state }) => state === 'away' && !known.has(root)).map(({ why }) => lack('away', why))
}

export const pathsOf = (dataset: CatalogDataset): string[] => dataset.entries.map(({ path }) => path)
