/**
 * The closed list of shards that a job is pinned to, out of what all known nodes offer. Pure: the same inputs and
 * catalogs give the same snapshot on every node, in whatever order the catalogs come.
 */
import { assert, ShoalError } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'
import { compareUtf8 } from '../core/plan.ts'
import type { Cuts, NodeId, OmittedShard, ReadOptions, Shard, Snapshot, SnapshotInput } from '../core/types.ts'
import { sameWitness, type CatalogBody, type CatalogDataset, type CatalogEntry, type DescribedShard } from './body.ts'
import { cutsOtherwise } from './describe-as.ts'
import { globMatcher } from './glob.ts'
import { diverged, incomplete, mixedModes, noData, noMatch, type Lacking } from './refusals.ts'

export interface SnapshotRequest {
  readonly alias: string
  readonly dataset: string
  /** '' means every shard. */
  readonly glob: string
  readonly options: ReadOptions
  /** A frozen snapshot's input: the shards are taken from there, whatever the catalogs say now. */
  readonly frozen?: SnapshotInput
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

export interface SnapshotTerms {
  readonly allowPartial: boolean
  /** The submitter's wall clock in ms, for the warning of files modified just now. */
  readonly now: number
}

export type SnapshotOutcome =
  | { readonly ok: true; readonly snapshot: Snapshot; readonly warnings: readonly string[] }
  | {
      readonly ok: false
      readonly refusal: ShoalError
      /** INCOMPLETE: what is missing; the submission may wait for it. Else empty. */
      readonly lacking: readonly Lacking[]
    }

/** A request with its place among the requests. */
interface Placed extends SnapshotRequest {
  readonly index: number
}

/** One entry of one node, and what keeps it from being read (null: nothing). */
interface Candidate {
  readonly node: NodeId
  readonly entry: CatalogEntry
  readonly cuts: Cuts | null
  readonly lack: Lacking | null
}

/**
 * Pins the inputs, or says why not: NO_DATA, DATASET_MODE, REPLICA_DIVERGED, INCOMPLETE, LIMIT, or USAGE for a glob or
 * options that have no meaning. Own datasets: each (node, directory, path) is a shard. Replicated ones: each path is,
 * with its live copies.
 */
export function takeSnapshot(
  requests: readonly SnapshotRequest[],
  sources: readonly SnapshotSource[],
  terms: SnapshotTerms,
): SnapshotOutcome {
  try {
    return pin(
      requests,
      [...sources].toSorted((a, b) => compareUtf8(a.node, b.node)),
      terms,
    )
  } catch (error) {
    if (error instanceof ShoalError) return { ok: false, refusal: error, lacking: [] }
    throw error
  }
}

function pin(
  requests: readonly SnapshotRequest[],
  sources: readonly SnapshotSource[],
  terms: SnapshotTerms,
): SnapshotOutcome {
  const warnings = new Set<string>()
  const lacking: Lacking[] = []
  const inputs = requests
    .map((request, index): Placed => ({ ...request, index }))
    .toSorted((a, b) => compareUtf8(a.alias, b.alias))
    .map((request) => pinInput(request, sources, terms, lacking, warnings))
  const shards = inputs.reduce((sum, input) => sum + input.shards.length, 0)
  if (shards > LIMITS.shardsMax) {
    throw new ShoalError('LIMIT', `the inputs have ${shards} shards, more than ${LIMITS.shardsMax}`, {
      try: ['join small files into larger ones', 'a glob that takes fewer'],
    })
  }
  if (lacking.length > 0 && (!terms.allowPartial || shards === 0)) {
    return { ok: false, refusal: incomplete(lacking, terms.allowPartial), lacking }
  }
  return { ok: true, snapshot: { inputs }, warnings: [...warnings] }
}

function pinInput(
  request: Placed,
  sources: readonly SnapshotSource[],
  terms: SnapshotTerms,
  lacking: Lacking[],
  warnings: Set<string>,
): SnapshotInput {
  const matches = globMatcher(request.glob)
  if (request.frozen !== undefined) return pinFrozen(request, request.frozen, matches, sources, lacking)
  const offering = offeringOf(request, sources)
  const replicated = modeOf(request.dataset, offering)
  const candidates = candidatesOf(request, offering, matches)
  const unknown = offering.flatMap((one) => unknownShards(request.dataset, one))
  if (candidates.length + unknown.length === 0) {
    throw noMatch(request.dataset, request.glob, new Set(offering.flatMap(({ dataset }) => pathsOf(dataset))))
  }
  const { shards, lacks } = replicated
    ? sharedShards(request.dataset, candidates, warnings)
    : ownShards(request.dataset, candidates)
  lacking.push(...lacks, ...unknown)
  for (const { node, detail } of unknown) warnings.add(`${request.dataset} on ${node}: ${detail}`)
  warnRecent(request.dataset, candidates, terms.now, warnings)
  const omitted = lacks
    .filter(({ path }) => !shards.some((shard) => replicated && shard.path === path))
    .map(({ dataset, path, node, why }): OmittedShard => ({ dataset, path, node, why }))
  return { alias: request.alias, dataset: request.dataset, replicated, shards, omitted }
}

interface Offering {
  readonly source: SnapshotSource
  readonly dataset: CatalogDataset
}

function offeringOf(request: Placed, sources: readonly SnapshotSource[]): Offering[] {
  const offering = sources.flatMap((source) =>
    source.body.datasets.filter(({ name }) => name === request.dataset).map((dataset) => ({ source, dataset })),
  )
  if (offering.length > 0) return offering
  throw noData(request.dataset, new Set(sources.flatMap(({ body }) => body.datasets.map(({ name }) => name))))
}

function modeOf(dataset: string, offering: readonly Offering[]): boolean {
  const nodes = Map.groupBy(offering, (one) => one.dataset.replicated)
  const own = nodes.get(false)?.map(({ source }) => source.node) ?? []
  const replicated = nodes.get(true)?.map(({ source }) => source.node) ?? []
  if (own.length > 0 && replicated.length > 0) throw mixedModes(dataset, own, replicated)
  return replicated.length > 0
}

/** Everything that the glob takes, whatever its state, in the order of a snapshot: by (path, node, directory). */
function candidatesOf(request: Placed, offering: readonly Offering[], matches: (path: string) => boolean): Candidate[] {
  const candidates: Candidate[] = []
  for (const { source, dataset } of offering) {
    const away = new Map(dataset.roots.filter(({ state }) => state === 'away').map(({ root, why }) => [root, why]))
    const described = describedOf(source, request.index)
    for (const entry of dataset.entries) {
      if (!matches(entry.path)) continue
      const cuts = cutsOf(request, entry, described)
      const lack = lackOf(request.dataset, source, entry, away.get(entry.root), cuts)
      candidates.push({ node: source.node, entry, cuts, lack })
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

/** null where the input's options cut the shard in a way that its holder has not told. */
function cutsOf(request: Placed, entry: CatalogEntry, described: Described): Cuts | null {
  if (entry.path.endsWith('/') || !cutsOtherwise(entry.path, request.options)) return entry.cuts
  const told = described.get(keyOf(entry.root, entry.path))
  return told !== undefined && sameWitness(told.witness, entry.witness) ? told.cuts : null
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
function unknownShards(dataset: string, { source, dataset: { roots, entries } }: Offering): Lacking[] {
  const lack = (why: Lacking['why'], detail: string): Lacking => ({ dataset, path: '', node: source.node, why, detail })
  if (source.live && source.fresh === false) return [lack('pending', 'its directory is still being looked at')]
  const known = new Set(entries.map(({ root }) => root))
  return roots.filter(({ root, state }) => state === 'away' && !known.has(root)).map(({ why }) => lack('away', why))
}

const pathsOf = (dataset: CatalogDataset): string[] => dataset.entries.map(({ path }) => path)

interface Pinned {
  readonly shards: Shard[]
  /** In the order of the candidates. */
  readonly lacks: Lacking[]
}

function ownShards(dataset: string, candidates: readonly Candidate[]): Pinned {
  const shards: Shard[] = []
  const lacks: Lacking[] = []
  for (const { node, entry, cuts, lack } of candidates) {
    const { path, size, root, witness } = entry
    if (lack !== null || cuts === null) lacks.push(lack!)
    else shards.push({ dataset, path, size, cuts, copies: [{ node, root, witness }] })
  }
  return { shards, lacks }
}

/** Shards by path, each with the copies that can be read now. */
function sharedShards(dataset: string, candidates: readonly Candidate[], warnings: Set<string>): Pinned {
  const byPath = Map.groupBy(candidates, ({ entry }) => entry.path)
  checkAlike(dataset, byPath)
  const shards: Shard[] = []
  const lacks: Lacking[] = []
  let spare = 0
  for (const [path, copies] of byPath) {
    const good = copies.filter(({ lack }) => lack === null)
    const lost = copies.flatMap(({ lack }) => lack ?? [])
    if (good.length > 0) shards.push(sharedShard(dataset, path, good))
    const counts = good.length === 0 && !isCoveredFolder(path, candidates)
    // A copy that is being hashed may turn out to differ from the others: it is waited for even where there are some.
    const missing = lost.find(({ why }) => why === 'pending') ?? (counts ? lost[0] : undefined)
    if (missing !== undefined) lacks.push(missing)
    else spare += lost.length
  }
  if (spare > 0) warnings.add(`${dataset}: ${spare} copies are away or unreadable; others of the same files are read`)
  warnEqual(dataset, shards, warnings)
  return { shards, lacks }
}

function sharedShard(dataset: string, path: string, copies: readonly Candidate[]): Shard {
  const { entry, cuts } = copies[0]!
  assert(cuts !== null && entry.hash !== undefined, 'an offered copy is described and hashed')
  return {
    dataset,
    path,
    size: entry.size,
    hash: entry.hash,
    cuts,
    copies: copies.map(({ node, entry: { root, witness } }) => ({ node, root, witness })),
  }
}

/** A folder that one node cannot read is no loss where another one offers what is in it. */
function isCoveredFolder(path: string, candidates: readonly Candidate[]): boolean {
  return path.endsWith('/') && candidates.some(({ entry, lack }) => lack === null && entry.path.startsWith(path))
}

/** One path has one content, also on nodes that are away: which of two is right, only their owner can say. */
function checkAlike(dataset: string, byPath: ReadonlyMap<string, readonly Candidate[]>): void {
  const different = [...byPath].flatMap(([path, copies]) => {
    const hashed = copies.flatMap(({ node, entry: { hash } }) => (hash === undefined ? [] : [{ node, hash }]))
    return new Set(hashed.map(({ hash }) => hash)).size > 1 ? [{ path, copies: hashed }] : []
  })
  if (different.length > 0) throw diverged(dataset, different)
}

function warnEqual(dataset: string, shards: readonly Shard[], warnings: Set<string>): void {
  const byHash = Map.groupBy(shards, ({ hash }) => hash)
  const twice = byHash.values().find(([first, second]) => second !== undefined && first!.size > 0)
  if (twice === undefined) return
  warnings.add(`${dataset}: ${twice[0]!.path} and ${twice[1]!.path} have the same content; both count`)
}

function warnRecent(dataset: string, candidates: readonly Candidate[], now: number, warnings: Set<string>): void {
  const since = BigInt(Math.round(now) - LIMITS.recentlyModifiedMs) * 1_000_000n
  const recent = candidates.filter(({ lack, entry }) => lack === null && BigInt(entry.witness.mtimeNs) > since)
  const paths = [...new Set(recent.map(({ entry }) => entry.path))]
  if (paths.length === 0) return
  const what = paths.length === 1 ? `${paths[0]} was` : `${paths.length} files (${paths[0]} …) were`
  warnings.add(
    `${dataset}: ${what} modified within the last minute; if it happens again, the job fails (SHARD_CHANGED)`,
  )
}

/** What was frozen stays what it is: catalogs only tell how options cut it otherwise than its names say. */
function pinFrozen(
  request: Placed,
  frozen: SnapshotInput,
  matches: (path: string) => boolean,
  sources: readonly SnapshotSource[],
  lacking: Lacking[],
): SnapshotInput {
  const taken = frozen.shards.filter(({ path }) => matches(path))
  const omitted = frozen.omitted.filter(({ path }) => matches(path))
  if (taken.length + omitted.length === 0) {
    throw noMatch(request.dataset, request.glob, new Set(frozen.shards.map(({ path }) => path)))
  }
  const shards = taken.flatMap((shard): Shard[] => {
    if (!cutsOtherwise(shard.path, request.options)) return [shard]
    const cuts = frozenCuts(request, shard, sources)
    if (cuts !== null) return [{ ...shard, cuts }]
    const { node } = shard.copies[0]!
    const live = sources.some((source) => source.node === node && source.live)
    const why = live ? 'pending' : 'away'
    const detail = live ? 'it is still being described, or has changed since' : 'its node is away'
    lacking.push({ dataset: shard.dataset, path: shard.path, node, why, detail })
    return []
  })
  return { alias: request.alias, dataset: request.dataset, replicated: frozen.replicated, shards, omitted }
}

function frozenCuts(request: Placed, shard: Shard, sources: readonly SnapshotSource[]): Cuts | null {
  for (const copy of shard.copies) {
    const source = sources.find(({ node }) => node === copy.node)
    const told = source?.described?.[request.index]?.find(({ root, path }) => root === copy.root && path === shard.path)
    if (told !== undefined && sameWitness(told.witness, copy.witness)) return told.cuts
  }
  return null
}
