/**
 * Catalogs and scan answers as bytes: CBOR arrays by position, in deterministic form. Decoding makes trusted types out
 * of bytes that a peer or a disk brings: every count, length, order and form is checked, and what is wrong throws a
 * plain Error for the caller to count.
 */
import { decode, encode } from 'cborg'
import { LIMITS } from '../core/limits.ts'
import { compareUtf8 } from '../core/plan.ts'
import type { Cuts, Digest, RowGroup, Witness } from '../core/types.ts'
import type { CatalogBody, CatalogDataset, CatalogEntry, CatalogRoot, DescribedShard, ScanAnswer } from './body.ts'
import { isDatasetName, isShardPath } from './path.ts'

const FORM = 2
const STATES = ['offered', 'pending', 'unreadable'] as const
const ROOT_STATES = ['ok', 'away'] as const
/** ISO 8601 with milliseconds, years of up to six digits. */
const MTIME = /^[+-]?\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/
const DECIMAL = /^(0|-?[1-9]\d{0,19})$/
const HASH = /^[0-9a-f]{64}$/
const ROOT = /^[0-9a-f]{12}$/

export function encodeCatalog(body: CatalogBody): Uint8Array {
  return encode([FORM, fromBody(body)])
}

/** Throws an Error for anything that stands for no body which `encodeCatalog` could have been given. */
export function decodeCatalog(bytes: Uint8Array): CatalogBody {
  const [form, body] = tuple(decodeCbor(bytes, 'a catalog'), 2, 'a catalog')
  need(form === FORM, 'a catalog of another form')
  return toBody(body)
}

export function encodeScanAnswer(answer: ScanAnswer): Uint8Array {
  const described = answer.described.map((shards) =>
    shards.map(({ root, path, witness, cuts }) => [root, path, fromWitness(witness), fromCuts(cuts)]),
  )
  return encode([FORM, fromBody(answer.body), answer.fresh, answer.settled, answer.walk, answer.progress, described])
}

export function decodeScanAnswer(bytes: Uint8Array): ScanAnswer {
  const [form, body, fresh, settled, walk, progress, described] = tuple(
    decodeCbor(bytes, 'a scan answer'),
    7,
    'a scan answer',
  )
  need(form === FORM, 'a scan answer of another form')
  need(typeof fresh === 'boolean', 'fresh is no boolean')
  need(typeof settled === 'boolean', 'settled is no boolean')
  return {
    body: toBody(body),
    fresh,
    settled,
    walk: count(walk, 'walk'),
    progress: count(progress, 'progress'),
    described: list(described, LIMITS.rootsMax, 'described').map((shards) =>
      list(shards, LIMITS.shardsMax, 'described shards').map(toDescribed),
    ),
  }
}

function decodeCbor(bytes: Uint8Array, what: string): unknown {
  need(bytes.length <= LIMITS.rpcBodyBytesMax, `${what} is too long`)
  return decode(bytes, {
    strict: true,
    allowIndefinite: false,
    allowUndefined: false,
    allowInfinity: false,
    allowNaN: false,
    allowBigInt: false,
    rejectDuplicateMapKeys: true,
  })
}

const fromBody = (body: CatalogBody): unknown[] => [body.version, body.datasets.map(fromDataset)]

const fromDataset = ({ name, replicated, roots, entries }: CatalogDataset): unknown[] => [
  name,
  replicated,
  roots.map(({ root, state, why }) => [root, ROOT_STATES.indexOf(state), why]),
  entries.map(fromEntry),
]

const fromEntry = (entry: CatalogEntry): unknown[] => [
  entry.path,
  entry.root,
  entry.size,
  fromWitness(entry.witness),
  entry.hash ?? null,
  fromCuts(entry.cuts),
  STATES.indexOf(entry.state),
  entry.why ?? null,
  entry.mtime,
]

const fromWitness = ({ dev, ino, mtimeNs, ctimeNs }: Witness): string[] => [dev, ino, mtimeNs, ctimeNs]

function fromCuts(cuts: Cuts): unknown[] {
  switch (cuts.kind) {
    case 'lines':
      return [cuts.kind, cuts.header ?? 0]
    case 'whole':
      return [cuts.kind]
    case 'offsets':
      return [cuts.kind, cuts.header, cuts.at]
    case 'row-groups':
      return [cuts.kind, cuts.groups.map(({ rows, bytes }) => [rows, bytes])]
  }
}

function toBody(value: unknown): CatalogBody {
  const [version, datasets] = tuple(value, 2, 'a body')
  const body = {
    version: count(version, 'version'),
    datasets: list(datasets, LIMITS.rootsMax, 'datasets').map(toDataset),
  }
  ascending(body.datasets, (a, b) => compareUtf8(a.name, b.name), 'datasets')
  return body
}

function toDataset(value: unknown): CatalogDataset {
  const [name, replicated, roots, entries] = tuple(value, 4, 'a dataset')
  need(typeof name === 'string' && isDatasetName(name), 'a dataset without a proper name')
  need(typeof replicated === 'boolean', 'replicated is no boolean')
  const known = list(roots, LIMITS.rootsMax, 'roots').map(toRoot)
  ascending(known, (a, b) => compareUtf8(a.root, b.root), 'roots')
  const ids = new Set(known.map(({ root }) => root))
  const all = list(entries, LIMITS.shardsMax, 'entries').map((entry) => toEntry(entry, ids, replicated))
  ascending(all, compareEntries, 'entries')
  return { name, replicated, roots: known, entries: all }
}

/** The order of a dataset's entries. */
export function compareEntries(a: CatalogEntry, b: CatalogEntry): number {
  return compareUtf8(a.path, b.path) || compareUtf8(a.root, b.root)
}

function toRoot(value: unknown): CatalogRoot {
  const [root, state, why] = tuple(value, 3, 'a root')
  need(typeof root === 'string' && ROOT.test(root), 'a root without a proper id')
  return { root, state: oneOf(ROOT_STATES, state, 'a root'), why: textOf(why, 'why') }
}

function toEntry(value: unknown, roots: ReadonlySet<string>, replicated: boolean): CatalogEntry {
  const [path, root, size, witness, hash, cuts, stateIndex, why, mtime] = tuple(value, 9, 'an entry')
  const state = oneOf(STATES, stateIndex, 'an entry')
  need(typeof path === 'string' && isShardPath(path, state === 'unreadable'), 'an entry without a proper path')
  need(typeof root === 'string' && roots.has(root), 'an entry of an unknown root')
  need(hash === null || (typeof hash === 'string' && HASH.test(hash)), 'an entry with a wrong hash')
  need((hash !== null) === (replicated && state === 'offered'), 'an entry with or without a hash against its mode')
  need(typeof mtime === 'string' && MTIME.test(mtime), 'an entry with a wrong time')
  const bytes = count(size, 'size')
  return {
    path,
    root,
    size: bytes,
    witness: toWitness(witness),
    ...(hash === null ? {} : { hash: hash as Digest }),
    cuts: toCuts(cuts, bytes),
    state,
    ...(why === null ? {} : { why: textOf(why, 'why') }),
    mtime,
  }
}

function toDescribed(value: unknown): DescribedShard {
  const [root, path, witness, cuts] = tuple(value, 4, 'a described shard')
  need(typeof root === 'string' && ROOT.test(root), 'a described shard without a proper root')
  need(typeof path === 'string' && isShardPath(path), 'a described shard without a proper path')
  return { root, path, witness: toWitness(witness), cuts: toCuts(cuts, Number.MAX_SAFE_INTEGER) }
}

function toWitness(value: unknown): Witness {
  const fields = tuple(value, 4, 'a witness')
  const [dev, ino, mtimeNs, ctimeNs] = fields.map((field) => {
    need(typeof field === 'string' && DECIMAL.test(field), 'a witness that is no decimal number')
    return field
  }) as [string, string, string, string]
  return { dev, ino, mtimeNs, ctimeNs }
}

function toCuts(value: unknown, size: number): Cuts {
  need(Array.isArray(value), 'cuts are no list')
  const kind: unknown = value[0]
  if (kind === 'whole') {
    tuple(value, 1, 'cuts')
    return { kind }
  }
  if (kind === 'lines') {
    const header = count(tuple(value, 2, 'cuts')[1], 'header')
    need(header <= size, 'a header beyond the shard')
    return header === 0 ? { kind } : { kind, header }
  }
  if (kind === 'offsets') {
    const [, headerValue, offsets] = tuple(value, 3, 'cuts')
    const header = count(headerValue, 'header')
    const at = list(offsets, LIMITS.cutsPerShardMax, 'offsets').map((offset) => count(offset, 'an offset'))
    ascending(at, (a, b) => a - b, 'offsets')
    need(header <= size && (at.length === 0 || (at[0]! > 0 && at.at(-1)! <= size)), 'offsets outside the shard')
    return { kind, header, at }
  }
  need(kind === 'row-groups', 'cuts of an unknown kind')
  const [, groups] = tuple(value, 2, 'cuts')
  return { kind, groups: list(groups, LIMITS.cutsPerShardMax, 'row groups').map(toRowGroup) }
}

function toRowGroup(value: unknown): RowGroup {
  const [rows, bytes] = tuple(value, 2, 'a row group')
  return { rows: count(rows, 'rows'), bytes: count(bytes, 'bytes') }
}

function need(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what)
}

function tuple(value: unknown, length: number, what: string): readonly unknown[] {
  need(Array.isArray(value) && value.length === length, `${what} of a wrong shape`)
  return value
}

function list(value: unknown, max: number, what: string): readonly unknown[] {
  need(Array.isArray(value) && value.length <= max, `${what}: no list, or too long`)
  return value
}

function count(value: unknown, what: string): number {
  need(typeof value === 'number' && Number.isSafeInteger(value) && value >= 0, `${what} is no count`)
  return value
}

function textOf(value: unknown, what: string): string {
  need(typeof value === 'string' && value.length <= LIMITS.errorTextBytesMax, `${what} is no text, or too long`)
  return value
}

function oneOf<T>(values: readonly T[], index: unknown, what: string): T {
  need(typeof index === 'number' && index in values, `${what} of an unknown state`)
  return values[index]!
}

function ascending<T>(items: readonly T[], compare: (a: T, b: T) => number, what: string): void {
  for (let i = 1; i < items.length; i++) need(compare(items[i - 1]!, items[i]!) < 0, `${what} out of order`)
}
