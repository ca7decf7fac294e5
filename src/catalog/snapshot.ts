/**
 * The closed list of shards that a job is pinned to, out of what all known nodes offer. Pure: the same inputs and
 * catalogs give the same snapshot on every node, in whatever order the catalogs come.
 */
import { assert, ShoalError } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'
import { compareUtf8 } from '../core/plan/ranks.ts'
import type { LeftOutFiles, OmittedShard, Shard, Snapshot, SnapshotInput } from '../core/types.ts'
import {
  candidatesOf,
  lookOf,
  modeOf,
  offeringOf,
  pathsOf,
  unknownShards,
  type Candidate,
  type Offering,
  type Placed,
  type SnapshotRequest,
  type SnapshotSource,
} from './candidates.ts'
import { pinFrozen } from './frozen-input.ts'
import { globMatcher } from './glob.ts'
import { joinLeftOut } from './left-out.ts'
import { checkMounts } from './mounts.ts'
import { Readings } from './readings.ts'
import { diverged, incomplete, noMatch, type Lacking } from './refusals.ts'
import { checkGlob, checkKinds, checkTables } from './snapshot-checks.ts'
import { agreedOf, frozenColumns, parquetFilesOf } from './snapshot-columns.ts'
import { warningsOf } from './snapshot-warnings.ts'

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

/**
 * Pins the inputs, or says why not: NO_DATA, DATASET_MODE, REPLICA_DIVERGED, INCOMPLETE, SCHEMA_DIFFERS, LIMIT, or USAGE for a glob or
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
    .map((request, index): Placed => ({ ...request, index, readings: new Readings(request.options) }))
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
  if (request.frozen !== undefined) return pinFrozen(request, request.frozen, matches, sources, terms, lacking)
  const offering = offeringOf(request, sources)
  const replicated = modeOf(request.dataset, offering)
  const candidates = candidatesOf(request, offering, matches)
  checkGlob(request, candidates)
  const unknown = offering.flatMap((one) => unknownShards(request.dataset, one))
  if (candidates.length + unknown.length === 0) {
    const paths = new Set(offering.flatMap(({ dataset }) => pathsOf(dataset)))
    const roots = offering.flatMap(({ dataset }) => dataset.roots)
    throw noMatch(request.dataset, request.glob, paths, joinLeftOut(roots.flatMap(({ leftOut }) => leftOut)))
  }
  const { shards, lacks } = replicated ? sharedShards(request, candidates, warnings) : ownShards(request, candidates)
  lacking.push(...lacks, ...unknown)
  for (const { node, detail } of unknown) warnings.add(`${request.dataset} on ${node}: ${detail}`)
  const there = candidates.filter(({ lack }) => lack === null)
  checkTables(request, offering, candidates)
  checkKinds(request, there)
  if (!replicated) checkMounts(request.dataset, there)
  const areAll = terms.allowPartial || lacks.length + unknown.length === 0
  const columns =
    request.freezing === true ? frozenColumns(shards, there) : agreedOf(request, parquetFilesOf(request, there), areAll)
  const leftOut = leftOutOf(offering)
  const { now } = terms
  for (const line of warningsOf(request, there, { replicated, leftOut, now })) warnings.add(line)
  const omitted = lacks
    .filter(({ path }) => !shards.some((shard) => replicated && shard.path === path))
    .map(({ dataset, path, node, why }): OmittedShard => ({ dataset, path, node, why }))
  return {
    ...{ alias: request.alias, dataset: request.dataset, replicated, shards, omitted },
    ...columns,
    ...(leftOut.length === 0 ? {} : { leftOut }),
  }
}

function leftOutOf(offering: readonly Offering[]): LeftOutFiles[] {
  return offering.flatMap(({ source, dataset }) =>
    joinLeftOut(dataset.roots.flatMap((root) => root.leftOut)).map((one) => ({ node: source.node, ...one })),
  )
}

interface Pinned {
  readonly shards: Shard[]
  /** In the order of the candidates. */
  readonly lacks: Lacking[]
}

function ownShards(request: Placed, candidates: readonly Candidate[]): Pinned {
  const { dataset } = request
  const shards: Shard[] = []
  const lacks: Lacking[] = []
  for (const { node, entry, cuts, lack } of candidates) {
    const { path, size, root, witness, look } = entry
    if (lack !== null || cuts === null) lacks.push(lack!)
    else shards.push({ dataset, path, size, ...lookOf(request, path, look), cuts, copies: [{ node, root, witness }] })
  }
  return { shards, lacks }
}

/** Shards by path, each with the copies that can be read now. */
function sharedShards(request: Placed, candidates: readonly Candidate[], warnings: Set<string>): Pinned {
  const { dataset } = request
  const byPath = Map.groupBy(candidates, ({ entry }) => entry.path)
  checkAlike(dataset, byPath)
  const shards: Shard[] = []
  const lacks: Lacking[] = []
  let spare = 0
  for (const [path, copies] of byPath) {
    const good = copies.filter(({ lack }) => lack === null)
    const lost = copies.flatMap(({ lack }) => lack ?? [])
    if (good.length > 0) shards.push(sharedShard(request, path, good))
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

function sharedShard(request: Placed, path: string, copies: readonly Candidate[]): Shard {
  const { entry, cuts } = copies[0]!
  assert(cuts !== null && entry.hash !== undefined, 'an offered copy is described and hashed')
  return {
    dataset: request.dataset,
    path,
    size: entry.size,
    hash: entry.hash,
    ...lookOf(request, path, entry.look),
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
