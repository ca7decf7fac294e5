/**
 * A Parquet file in memory, of one row group, made of pages of another file: so the decoder reads a few columns, or a
 * few pages of one, without having the rest. Its schema has the tree and the stored types alone, without annotations and
 * names: what values mean is for `values.ts` to say, exactly, and not for the decoder's defaults.
 */
import { LIMITS } from '../../../core/limits.ts'
import { freeMemory } from './decoder.ts'
import { DELTA_BINARY_PACKED } from './encodings.ts'
import { PHYSICAL, type Physical } from './meaning.ts'
import type { Page, ReadChunk } from './pages.ts'
import type { Leaf, SchemaNode } from './schema.ts'
import { ThriftWriter } from './thrift.ts'

/** Pages of one leaf. */
export interface Part {
  readonly leaf: Leaf
  readonly codec: number
  /** In their order, a dictionary first; their bytes are read when the file is made. */
  readonly pages: readonly Page[]
  /** Before the first data page there is to be one of our own, see `lead`. */
  readonly led: boolean
  readonly read: ReadChunk
}

const MAGIC = Buffer.from('PAR1')
const REPETITION = { required: 0, optional: 1, repeated: 2 } as const
/** Twelve bytes, as INT96 has, are handed over as they are. */
const INT96_BYTES = 12

/** Files are made in the same memory, one after the other: each is valid until the next one is made. */
let scratch: Uint8Array = new Uint8Array(0)

/** `parts`: of each leaf below `roots`, in order. */
export async function parquetFileOf(
  roots: readonly SchemaNode[],
  parts: readonly Part[],
  rows: number,
): Promise<Uint8Array> {
  let at = MAGIC.length
  const places = parts.map((part): Place => {
    const start = at
    const lead = part.led ? leadOf(part) : NOTHING
    const [first] = part.pages
    const data = start + (first?.kind === 'dictionary' ? first.end - first.start : 0)
    at += lead.length + sumOf(part, (page) => page.end - page.start)
    return { start, data, end: at, lead }
  })
  const footer = footerOf(roots, parts, places, rows)
  const file = memoryFor(at + footer.length + 4 + MAGIC.length)
  file.set(MAGIC)
  for (const [i, part] of parts.entries()) await copyPages(part, places[i]!, file)
  file.set(footer, at)
  new DataView(file.buffer, file.byteOffset).setUint32(at + footer.length, footer.length, true)
  file.set(MAGIC, at + footer.length + 4)
  return file
}

function memoryFor(length: number): Uint8Array {
  const { buffer } = scratch
  const tooSmall = buffer.byteLength < length
  if (tooSmall || (buffer.byteLength > 2 * LIMITS.parquetWindowBytes && length < buffer.byteLength / 4)) {
    freeMemory(scratch)
    scratch = new Uint8Array(length)
  }
  return scratch.subarray(0, length)
}

async function copyPages({ pages, read }: Part, { start, data, lead }: Place, file: Uint8Array): Promise<void> {
  let at = start
  file.set(lead, data)
  for (const page of pages) {
    if (at === data) at += lead.length
    for (let from = page.start; from < page.end;) {
      const bytes = await read(from, Math.min(LIMITS.readChunkBytes, page.end - from))
      file.set(bytes, at)
      at += bytes.length
      from += bytes.length
    }
  }
}

const NOTHING = new Uint8Array(0)
const DATA_PAGE_V2 = 3
const PLAIN = 0

/**
 * A page of one row of one value. A page may begin within a row, of which the decoder would see no beginning: the rest of
 * it then belongs to this row, which nobody asks for. It is never compressed, whatever the codec is.
 */
function leadOf(part: Part): Uint8Array {
  const { maxDefinition, maxRepetition } = part.leaf
  // A run of one level each, as RLE has it: 0 begins the row, and the value is there.
  const repetition = [2, ...levelBytes(0, maxRepetition)]
  const definition = [2, ...levelBytes(maxDefinition, maxDefinition)]
  const value = new Uint8Array(plainBytes(part))
  const length = repetition.length + definition.length + value.length
  const w = new ThriftWriter()
  w.i32(1, DATA_PAGE_V2)
  w.i32(2, length)
  w.i32(3, length)
  w.struct(8, () => {
    w.i32(1, 1)
    w.i32(2, 0)
    w.i32(3, 1)
    w.i32(4, PLAIN)
    w.i32(5, definition.length)
    w.i32(6, repetition.length)
    w.flag(7, false)
  })
  w.end()
  return Buffer.concat([w.take(), Uint8Array.from([...repetition, ...definition]), value])
}

/** One of levels up to `max`: in as many whole bytes as hold its bits. */
function levelBytes(level: number, max: number): number[] {
  return max > 255 ? [level & 255, level >> 8] : [level]
}

/** The length of a value that is 0, or empty, with PLAIN. */
function plainBytes(part: Part): number {
  const { physical, length } = part.leaf.node
  switch (storedAs(physical!, part)) {
    case 'BOOLEAN':
      return 1
    case 'INT32':
    case 'FLOAT':
    case 'BYTE_ARRAY':
      return 4
    case 'INT64':
    case 'DOUBLE':
      return 8
    default:
      return physical === 'INT96' ? INT96_BYTES : length
  }
}

/** Where a part's pages are in the file: from `start` to `end`, those with values from `data` on. */
interface Place {
  readonly start: number
  readonly data: number
  readonly end: number
  readonly lead: Uint8Array
}

/** FileMetaData of parquet-format/src/main/thrift/parquet.thrift. */
function footerOf(
  roots: readonly SchemaNode[],
  parts: readonly Part[],
  places: readonly Place[],
  rows: number,
): Uint8Array {
  const w = new ThriftWriter()
  const total = parts.reduce((sum, part) => sum + uncompressed(part), 0)
  const elements: Element[] = [{ name: 'r', node: null, stored: null, children: roots.length }]
  const leaves: StoredLeaf[] = []
  const visit = (node: SchemaNode, parents: readonly string[]): void => {
    const name = `c${elements.length}`
    const path = [...parents, name]
    const stored = node.physical === null ? null : storedAs(node.physical, parts[leaves.length]!)
    elements.push({ name, node, stored, children: node.children.length })
    if (stored !== null) leaves.push({ path, stored })
    for (const child of node.children) visit(child, path)
  }
  for (const root of roots) visit(root, [])
  w.i32(1, 2)
  w.structs(2, elements, (element) => writeElement(w, element))
  w.i64(3, rows)
  w.structs(4, [null], () => {
    w.structs(1, [...parts.entries()], ([i, part]) => {
      w.i64(2, places[i]!.start)
      w.struct(3, () => writeChunk(w, leaves[i]!, part, places[i]!))
    })
    w.i64(2, total)
    w.i64(3, rows)
  })
  w.end()
  return w.take()
}

interface StoredLeaf {
  readonly path: readonly string[]
  readonly stored: Physical
}

interface Element {
  readonly name: string
  /** Null: the root. */
  readonly node: SchemaNode | null
  /** Null: a group. */
  readonly stored: Physical | null
  readonly children: number
}

function writeElement(w: ThriftWriter, { name, node, stored, children }: Element): void {
  if (node !== null && stored !== null) {
    w.i32(1, PHYSICAL.indexOf(stored))
    if (stored === 'FIXED_LEN_BYTE_ARRAY') w.i32(2, node.physical === 'INT96' ? INT96_BYTES : node.length)
  }
  if (node !== null) w.i32(3, REPETITION[node.repetition])
  w.text(4, name)
  if (stored === null) w.i32(5, children)
}

function writeChunk(w: ThriftWriter, leaf: StoredLeaf, part: Part, { start, data, end, lead }: Place): void {
  w.i32(1, PHYSICAL.indexOf(leaf.stored))
  w.i32s(2, [...encodings(part)])
  w.texts(3, leaf.path)
  w.i32(4, part.codec)
  w.i64(
    5,
    sumOf(part, ({ kind, values }) => (kind === 'data' ? values : 0)),
  )
  w.i64(6, uncompressed(part) + lead.length)
  w.i64(7, end - start)
  w.i64(9, data)
  if (data > start) w.i64(11, start)
}

function sumOf({ pages }: Part, of: (page: Page) => number): number {
  return pages.reduce((total, page) => total + of(page), 0)
}

const uncompressed = (part: Part): number => sumOf(part, (page) => page.uncompressed)
const encodings = ({ pages, led }: Part): Set<number> =>
  new Set([...(led ? [PLAIN] : []), ...pages.map(({ encoding }) => encoding)])

/**
 * Deltas of INT32 are numbers modulo 2^32, and some writers (DuckDB, of unsigned columns) begin beyond what the decoder
 * takes for one. As INT64 all of them can be decoded; the lower half is the value.
 */
function storedAs(physical: Physical, { pages }: Part): Physical {
  if (physical === 'INT96') return 'FIXED_LEN_BYTE_ARRAY'
  const deltas = pages.length > 0 && pages.every(({ encoding }) => encoding === DELTA_BINARY_PACKED)
  return physical === 'INT32' && deltas ? 'INT64' : physical
}
