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
import type { SchemaNode } from './schema.ts'
import { ThriftWriter } from './thrift.ts'

/** Pages of one leaf. */
export interface Part {
  readonly codec: number
  /** In their order, a dictionary first; their bytes are read when the file is made. */
  readonly pages: readonly Page[]
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
  const places = parts.map(({ pages }): Place => {
    const start = at
    for (const { start: from, end } of pages) at += end - from
    const first = pages[0]
    const dictionary = first?.kind === 'dictionary' ? first.end - first.start : 0
    return { start, data: start + dictionary, end: at }
  })
  const footer = footerOf(roots, parts, places, rows)
  const file = memoryFor(at + footer.length + 4 + MAGIC.length)
  file.set(MAGIC)
  for (const [i, part] of parts.entries()) await copyPages(part, file.subarray(places[i]!.start, places[i]!.end))
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

async function copyPages({ pages, read }: Part, target: Uint8Array): Promise<void> {
  let at = 0
  for (const page of pages) {
    for (let from = page.start; from < page.end;) {
      const bytes = await read(from, Math.min(LIMITS.readChunkBytes, page.end - from))
      target.set(bytes, at)
      at += bytes.length
      from += bytes.length
    }
  }
}

interface Place {
  readonly start: number
  readonly data: number
  readonly end: number
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

function writeChunk(w: ThriftWriter, leaf: StoredLeaf, part: Part, { start, data, end }: Place): void {
  w.i32(1, PHYSICAL.indexOf(leaf.stored))
  w.i32s(2, [...encodings(part)])
  w.texts(3, leaf.path)
  w.i32(4, part.codec)
  w.i64(
    5,
    sumOf(part, ({ kind, values }) => (kind === 'data' ? values : 0)),
  )
  w.i64(6, uncompressed(part))
  w.i64(7, end - start)
  w.i64(9, data)
  if (data > start) w.i64(11, start)
}

function sumOf({ pages }: Part, of: (page: Page) => number): number {
  return pages.reduce((total, page) => total + of(page), 0)
}

const uncompressed = (part: Part): number => sumOf(part, (page) => page.uncompressed)
const encodings = ({ pages }: Part): Set<number> => new Set(pages.map(({ encoding }) => encoding))

/**
 * Deltas of INT32 are numbers modulo 2^32, and some writers (DuckDB, of unsigned columns) begin beyond what the decoder
 * takes for one. As INT64 all of them can be decoded; the lower half is the value.
 */
function storedAs(physical: Physical, { pages }: Part): Physical {
  if (physical === 'INT96') return 'FIXED_LEN_BYTE_ARRAY'
  const deltas = pages.length > 0 && pages.every(({ encoding }) => encoding === DELTA_BINARY_PACKED)
  return physical === 'INT32' && deltas ? 'INT64' : physical
}
