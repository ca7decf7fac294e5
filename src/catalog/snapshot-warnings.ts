/** What people should know of the files that an input takes, though nothing forbids to read them. */
import { LIMITS } from '../core/limits.ts'
import { compareUtf8 } from '../core/plan/ranks.ts'
import type { LeftOutFiles } from '../core/types.ts'
import type { CatalogEntry } from './body.ts'
import type { Candidate, Placed } from './candidates.ts'
import { joinLeftOut, leftOutText, type LeftOut } from './left-out.ts'

export interface Seen {
  readonly replicated: boolean
  readonly leftOut: readonly LeftOutFiles[]
  /** As of `SnapshotTerms`. */
  readonly now: number
}

/** Lines for the files of one input, which are in path order. */
export function warningsOf(
  request: Placed,
  candidates: readonly Candidate[],
  { replicated, leftOut, now }: Seen,
): string[] {
  const entries = candidates.map(({ entry }) => entry)
  const lines = [
    ...joinLeftOut(leftOut as readonly LeftOut[]).map(leftOutText),
    ...mixed(request, entries),
    ...unlikeNames(request, entries),
    ...twins(entries),
    ...(replicated ? [] : names(candidates)),
    ...recent(entries, now),
  ]
  return lines.map((line) => `${request.dataset}: ${line}`)
}

/** Files of several formats under one map are an accident as a rule; who says the format has seen to it. */
function mixed({ options, readings }: Placed, entries: readonly CatalogEntry[]): string[] {
  if (options.format !== undefined) return []
  const byFormat = Map.groupBy(entries, ({ path, look }) => readings.of(path, look).format)
  if (byFormat.size < 2) return []
  const kinds = [...byFormat]
    .toSorted(([, a], [, b]) => b.length - a.length || compareUtf8(a[0]!.path, b[0]!.path))
    .map(([format, all]) => `${all.length} as ${format} (${all[0]!.path}${all.length > 1 ? ' …' : ''})`)
  return [`its files are read in different formats: ${kinds.join(', ')}; a glob or format: … says what is meant`]
}

function unlikeNames({ readings }: Placed, entries: readonly CatalogEntry[]): string[] {
  const kinds = new Map<string, { first: string; count: number }>()
  for (const { path, look } of entries) {
    const { unlike } = readings.of(path, look)
    if (unlike === null) continue
    const known = kinds.get(unlike)
    kinds.set(unlike, { first: known?.first ?? path, count: (known?.count ?? 0) + 1 })
  }
  return [...kinds].map(
    ([unlike, { first, count }]) => `${first} ${unlike}${count > 1 ? ` (${count} such files)` : ''}`,
  )
}

/** Names that people, or other file systems, take for one. */
function twins(entries: readonly CatalogEntry[]): string[] {
  const paths = [...new Set(entries.map(({ path }) => path))]
  return [
    ...pair(paths, (path) => path.normalize('NFC')).map(
      ([a, b]) => `${a} and ${b} differ only in their Unicode form (${form(a)}, ${form(b)}); both count`,
    ),
    ...pair(paths, (path) => path.toLowerCase()).map(([a, b]) => `${a} and ${b} differ only in case; both count`),
  ]
}

const form = (path: string): string =>
  path === path.normalize('NFC') ? 'NFC' : path === path.normalize('NFD') ? 'NFD' : 'mixed'

/** The first two that are one by `as`, if there are such. */
function pair(paths: readonly string[], as: (path: string) => string): [string, string][] {
  const seen = new Map<string, string>()
  for (const path of paths) {
    const before = seen.get(as(path))
    if (before !== undefined) return [[before, path]]
    seen.set(as(path), path)
  }
  return []
}

/** One file under several names on a node: by links of either kind, or because two of its directories hold it. */
function names(candidates: readonly Candidate[]): string[] {
  const files = new Map<string, Candidate>()
  const twice: [first: Candidate, other: Candidate][] = []
  for (const one of candidates) {
    const { dev, ino, mtimeNs } = one.entry.witness
    // Size and time as well: some file systems number all files alike.
    const file = `${one.node} ${dev} ${ino} ${mtimeNs} ${one.entry.size}`
    const before = files.get(file)
    if (before === undefined) files.set(file, one)
    else if (one.entry.size > 0) twice.push([before, one])
  }
  if (twice.length === 0) return []
  const [first, other] = twice[0]!
  const more = twice.length === 1 ? '' : ` (${twice.length} such names)`
  return [`${first.entry.path} and ${other.entry.path} are one file by its inode; both count${more}`]
}

function recent(entries: readonly CatalogEntry[], now: number): string[] {
  const since = BigInt(Math.round(now) - LIMITS.recentlyModifiedMs) * 1_000_000n
  const paths = [...new Set(entries.filter(({ witness }) => BigInt(witness.mtimeNs) > since).map(({ path }) => path))]
  if (paths.length === 0) return []
  const what = paths.length === 1 ? `${paths[0]} was` : `${paths.length} files (${paths[0]} …) were`
  return [`${what} modified within the last minute; if it happens again, the job fails (SHARD_CHANGED)`]
}
