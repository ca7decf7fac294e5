/**
 * Catalogs and scan answers as bytes: CBOR arrays by position, in deterministic form. Decoding makes trusted types out
 * of bytes that a peer or a disk brings: every count, length, order and form is checked, and what is wrong throws a
 * plain Error for the caller to count.
 */
import { decode, encode } from 'cborg'
import { LIMITS } from '../core/limits.ts'
import { CONTENTS, type Look } from '../core/look.ts'
import { compareUtf8 } from '../core/plan/ranks.ts'
import type { Cuts, Digest, RowGroup, Witness } from '../core/types.ts'
import type { CatalogBody, CatalogDataset, CatalogEntry, CatalogRoot, DescribedShard, ScanAnswer } from './body.ts'
import { ascending, count, list, need, oneOf, textOf, tuple } from './codec-checks.ts'
import { DOUBTED, type Doubt } from '../data/formats/look/doubt.ts'
import { fromForm1, fromForm2 } from './earlier-forms.ts'
import { LEFT_OUT_KINDS, LEFT_OUT_SAMPLES, type LeftOut } from './left-out.ts'
import { isDatasetName, isShardPath } from './path.ts'
import { TABLE_FORMATS, type Table } from './table-formats.ts'
import { TextTable } from './text-table.ts'

/** A home may have catalogs from before: those of form 1 say nothing of what files hold, of form 2 nothing of columns. */
const FORM = 3
const STATES = ['offered', 'pending', 'unreadable'] as const
const COMPRESSIONS = ['none', 'gzip', 'zstd'] as const
const ENCODINGS = ['utf-8', 'utf-16le', 'utf-16be'] as const
const LINE_ENDS = ['lf', 'any'] as const
const ROOT_STATES = ['ok', 'away'] as const
/** ISO 8601 with milliseconds, years of up to six digits. */
const MTIME = /^[+-]?\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/
const DECIMAL = /^(0|-?[1-9]\d{0,19})$/
const HASH = /^[0-9a-f]{64}$/
const ROOT = /^[0-9a-f]{12}$/
/** File systems of one offered directory, and remedies of one doubt: more than there are. */
const NETWORKS_MAX = 1_000
const REMEDIES_MAX = 8

export function encodeCatalog(body: CatalogBody): Uint8Array {
  return encode([FORM, fromBody(body)])
}

/** Throws an Error for anything that stands for no body which `encodeCatalog` could have been given. */
export function decodeCatalog(bytes: Uint8Array): CatalogBody {
  const [form, body] = tuple(decodeCbor(bytes, 'a catalog'), 2, 'a catalog')
  need(form === FORM, 'a catalog of another form')
  return toBody(body)
}

/** The same of what a home kept, perhaps in an earlier form. */
export function decodeKept(bytes: Uint8Array): CatalogBody & { readonly form: number } {
  const [form, body] = tuple(decodeCbor(bytes, 'a catalog'), 2, 'a catalog')
  if (form === 1) return { ...toBody(fromForm2(fromForm1(body))), form }
  if (form === 2) return { ...toBody(fromForm2(body)), form }
  need(form === FORM, 'a catalog of another form')
  return { ...toBody(body), form }
}

export function encodeScanAnswer(answer: ScanAnswer): Uint8Array {
  const texts = new TextTable()
  const described = answer.described.map((shards) =>
    shards.map(({ root, path, witness, cuts, columns, doubt }) => [
      root,
      path,
      fromWitness(witness),
      fromCuts(cuts),
      fromDoubt(doubt),
      texts.from(columns),
    ]),
  )
  const { body, fresh, settled, walk, progress } = answer
  return encode([FORM, fromBody(body), fresh, settled, walk, progress, described, texts.all])
}

export function decodeScanAnswer(bytes: Uint8Array): ScanAnswer {
  const [form, body, fresh, settled, walk, progress, described, columns] = tuple(
    decodeCbor(bytes, 'a scan answer'),
    8,
    'a scan answer',
  )
  need(form === FORM, 'a scan answer of another form')
  need(typeof fresh === 'boolean', 'fresh is no boolean')
  need(typeof settled === 'boolean', 'settled is no boolean')
  const texts = TextTable.of(columns)
  const answer = {
    body: toBody(body),
    fresh,
    settled,
    walk: count(walk, 'walk'),
    progress: count(progress, 'progress'),
    described: list(described, LIMITS.rootsMax, 'described').map((shards) =>
      list(shards, LIMITS.shardsMax, 'described shards').map((shard) => toDescribed(shard, texts)),
    ),
  }
  texts.end()
  return answer
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

function fromDataset({ name, replicated, roots, entries }: CatalogDataset): unknown[] {
  const texts = new TextTable()
  return [name, replicated, roots.map(fromRoot), entries.map((entry) => fromEntry(entry, texts)), texts.all]
}

const fromRoot = ({ root, state, why, leftOut, tables, machine, networks }: CatalogRoot): unknown[] => [
  root,
  ROOT_STATES.indexOf(state),
  why,
  leftOut.map(({ kind, count: n, samples }) => [LEFT_OUT_KINDS.indexOf(kind), n, samples]),
  tables.map(({ path, format }) => [path, TABLE_FORMATS.indexOf(format)]),
  machine,
  networks,
]

const fromEntry = (entry: CatalogEntry, texts: TextTable): unknown[] => [
  entry.path,
  entry.root,
  entry.size,
  fromWitness(entry.witness),
  entry.hash ?? null,
  fromCuts(entry.cuts),
  STATES.indexOf(entry.state),
  entry.why ?? null,
  entry.mtime,
  entry.look === undefined ? null : fromLook(entry.look),
  fromDoubt(entry.doubt),
  texts.from(entry.columns),
]

const fromLook = ({ compression, encoding, lineEnd, content }: Look): number[] => [
  COMPRESSIONS.indexOf(compression),
  ENCODINGS.indexOf(encoding),
  LINE_ENDS.indexOf(lineEnd),
  CONTENTS.indexOf(content),
]

/** A doubt without a next one has the form that it had before doubts could follow one another. */
function fromDoubt(doubt: Doubt | undefined): unknown[] | null {
  if (doubt === undefined) return null
  const { of, looks, why, then } = doubt
  return [DOUBTED.indexOf(of), looks, why, doubt.try, ...(then === undefined ? [] : [fromDoubt(then)])]
}

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
  const [name, replicated, roots, entries, columns] = tuple(value, 5, 'a dataset')
  need(typeof name === 'string' && isDatasetName(name), 'a dataset without a proper name')
  need(typeof replicated === 'boolean', 'replicated is no boolean')
  const known = list(roots, LIMITS.rootsMax, 'roots').map(toRoot)
  ascending(known, (a, b) => compareUtf8(a.root, b.root), 'roots')
  const ids = new Set(known.map(({ root }) => root))
  const texts = TextTable.of(columns)
  const all = list(entries, LIMITS.shardsMax, 'entries').map((entry) => toEntry(entry, ids, replicated, texts))
  texts.end()
  ascending(all, compareEntries, 'entries')
  return { name, replicated, roots: known, entries: all }
}

/** The order of a dataset's entries. */
export function compareEntries(a: CatalogEntry, b: CatalogEntry): number {
  return compareUtf8(a.path, b.path) || compareUtf8(a.root, b.root)
}

function toRoot(value: unknown): CatalogRoot {
  const [root, state, why, leftOut, tables, machine, networks] = tuple(value, 7, 'a root')
  need(typeof root === 'string' && ROOT.test(root), 'a root without a proper id')
  need(typeof machine === 'string' && (machine === '' || ROOT.test(machine)), 'a root of no proper machine')
  const devices = list(networks, NETWORKS_MAX, 'networks').map((dev) => {
    need(typeof dev === 'string' && DECIMAL.test(dev), 'a device that is no decimal number')
    return dev
  })
  return {
    root,
    state: oneOf(ROOT_STATES, state, 'a root'),
    why: textOf(why, 'why'),
    leftOut: list(leftOut, LEFT_OUT_KINDS.length, 'left out').map(toLeftOut),
    tables: list(tables, LIMITS.shardsMax, 'tables').map(toTable),
    machine,
    networks: devices,
  }
}

function toLeftOut(value: unknown): LeftOut {
  const [kind, n, samples] = tuple(value, 3, 'what is left out')
  return {
    kind: oneOf(LEFT_OUT_KINDS, kind, 'what is left out'),
    count: count(n, 'how many are left out'),
    samples: list(samples, LEFT_OUT_SAMPLES, 'samples').map((sample) => textOf(sample, 'a sample')),
  }
}

function toTable(value: unknown): Table {
  const [path, format] = tuple(value, 2, 'a table')
  need(typeof path === 'string' && (path === '' || isShardPath(path)), 'a table without a proper path')
  return { path, format: oneOf(TABLE_FORMATS, format, 'a table') }
}

function toEntry(value: unknown, roots: ReadonlySet<string>, replicated: boolean, texts: TextTable): CatalogEntry {
  const fields = tuple(value, 12, 'an entry')
  const [path, root, size, witness, hash, cuts, stateIndex, why, mtime, look, doubt, columns] = fields
  const state = oneOf(STATES, stateIndex, 'an entry')
  need(typeof path === 'string' && isShardPath(path, state === 'unreadable'), 'an entry without a proper path')
  need(typeof root === 'string' && roots.has(root), 'an entry of an unknown root')
  need(hash === null || (typeof hash === 'string' && HASH.test(hash)), 'an entry with a wrong hash')
  need((hash !== null) === (replicated && state === 'offered'), 'an entry with or without a hash against its mode')
  need((look !== null) === (state === 'offered'), 'an entry with or without a look against its state')
  need(typeof mtime === 'string' && MTIME.test(mtime), 'an entry with a wrong time')
  need(columns === null || state === 'offered', 'an entry with columns against its state')
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
    ...(look === null ? {} : { look: toLook(look) }),
    ...toDoubt(doubt),
    ...texts.to(columns),
  }
}

function toLook(value: unknown): Look {
  const [compression, encoding, lineEnd, content] = tuple(value, 4, 'a look')
  return {
    compression: oneOf(COMPRESSIONS, compression, 'a look'),
    encoding: oneOf(ENCODINGS, encoding, 'a look'),
    lineEnd: oneOf(LINE_ENDS, lineEnd, 'a look'),
    content: oneOf(CONTENTS, content, 'a look'),
  }
}

/** `most`: so many doubts may stand one behind the other, each of another option. */
function toDoubt(value: unknown, most: number = DOUBTED.length): { readonly doubt?: Doubt } {
  if (value === null) return {}
  const hasNext = Array.isArray(value) && value.length === 5 && most > 1
  const [of, looks, why, remedies, next] = tuple(value, hasNext ? 5 : 4, 'a doubt')
  const { doubt: then } = hasNext ? toDoubt(next, most - 1) : {}
  need(hasNext === (then !== undefined), 'a doubt with nothing behind it')
  return {
    doubt: {
      of: oneOf(DOUBTED, of, 'a doubt'),
      looks: textOf(looks, 'looks'),
      why: textOf(why, 'why'),
      try: list(remedies, REMEDIES_MAX, 'remedies').map((remedy) => textOf(remedy, 'a remedy')),
      ...(then === undefined ? {} : { then }),
    },
  }
}

function toDescribed(value: unknown, texts: TextTable): DescribedShard {
  const [root, path, witness, cuts, doubt, columns] = tuple(value, 6, 'a described shard')
  need(typeof root === 'string' && ROOT.test(root), 'a described shard without a proper root')
  need(typeof path === 'string' && isShardPath(path), 'a described shard without a proper path')
  const facts = { cuts: toCuts(cuts, Number.MAX_SAFE_INTEGER), ...toDoubt(doubt), ...texts.to(columns) }
  return { root, path, witness: toWitness(witness), ...facts }
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
