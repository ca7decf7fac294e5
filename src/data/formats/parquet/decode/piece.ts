/**
 * A Parquet file in memory, of one row group, made of pages of another file: so the decoder reads a few columns, or a
 * few pages of one, without having the rest. Pages are decompressed and looked at on the way. Its schema has the tree and
 * the stored types alone, without annotations and names: what values mean is for `values.ts` to say, exactly, and not for
 * the decoder's defaults.
 */
import { LIMITS } from '../../../../core/limits.ts'
import { decompress, UNCOMPRESSED } from '../pages/codecs.ts'
import { checkContent } from '../pages/content.ts'
import { PLAIN } from '../pages/encodings.ts'
import { PHYSICAL, type Physical } from '../metadata/meaning.ts'
import { freeMemory, Scratch } from './memory.ts'
import { headerOf, INT96_BYTES, leadOf, storedAs } from './page-writer.ts'
import type { Page, ReadChunk } from '../pages/pages.ts'
import type { Leaf, SchemaNode } from '../metadata/schema.ts'
import { ThriftWriter } from '../metadata/thrift.ts'

/** Pages of one leaf. */
export interface Part {
  readonly leaf: Leaf
  readonly codec: number
  /** In their order, a dictionary first; their bytes are read when the file is made. */
  readonly pages: readonly Page[]
  /** Before the first data page there is to be one of our own, see `leadOf`. */
  readonly led: boolean
  readonly read: ReadChunk
}

const MAGIC = Buffer.from('PAR1')
const REPETITION = { required: 0, optional: 1, repeated: 2 } as const

const NOTHING = new Uint8Array(0)

/** The memory in which files are made, one after the other: each is valid until the next one is made. */
export class PieceMemory {
  readonly files: Scratch = new Scratch()
  readonly stored: Scratch = new Scratch()
}

/** `parts`: of each leaf below `roots`, in order. */
export async function parquetFileOf(
  roots: readonly SchemaNode[],
  parts: readonly Part[],
  rows: number,
  memory: PieceMemory,
): Promise<Uint8Array> {
  let at = MAGIC.length
  const places = parts.map((part): Place => {
    const start = at
    let data = start
    const lead = part.led ? leadOf(part.leaf, part.pages) : NOTHING
    const pages = part.pages.map((page) => {
      const header = headerOf(page)
      if (page.kind === 'data') at += at === data ? lead.length : 0
      else data += header.length + page.size
      const from = at
      at += header.length + page.size
      return { page, header, from }
    })
    if (part.led && at === data) at += lead.length
    return { start, data, end: at, lead, pages }
  })
  const footer = footerOf(roots, parts, places, rows)
  const file = memory.files.take(at + footer.length + 4 + MAGIC.length)
  file.set(MAGIC)
  for (const [i, part] of parts.entries()) await copyPages(part, places[i]!, file, memory)
  file.set(footer, at)
  new DataView(file.buffer, file.byteOffset).setUint32(at + footer.length, footer.length, true)
  file.set(MAGIC, at + footer.length + 4)
  return file
}

async function copyPages(
  part: Part,
  { data, lead, pages }: Place,
  file: Uint8Array,
  memory: PieceMemory,
): Promise<void> {
  file.set(lead, data)
  for (const { page, header, from } of pages) {
    file.set(header, from)
    await readContent(part, page, file.subarray(from + header.length, from + header.length + page.size), memory)
  }
}

/** The content of a page, decompressed and looked at. Throws an Error that says what is wrong. */
export async function readContent(
  { leaf, codec, read }: Pick<Part, 'leaf' | 'codec' | 'read'>,
  page: Page,
  target: Uint8Array,
  memory: PieceMemory,
): Promise<void> {
  if (page.compressed) {
    const stored = memory.stored.take(page.end - page.content)
    await copy(read, page, stored)
    const levels = page.definitionBytes + page.repetitionBytes
    target.set(stored.subarray(0, levels))
    const plain = decompress(codec, stored.subarray(levels), page.size - levels)
    target.set(plain, levels)
    freeMemory(plain)
  } else await copy(read, page, target)
  checkContent(page, target, leaf)
}

async function copy(read: ReadChunk, page: Page, target: Uint8Array): Promise<void> {
  for (let from = page.content; from < page.end;) {
    const bytes = await read(from, Math.min(LIMITS.readChunkBytes, page.end - from))
    target.set(bytes, from - page.content)
    from += bytes.length
  }
}

/** Where a part's pages are in the file: from `start` to `end`, those with values from `data` on. */
interface Place {
  readonly start: number
  readonly data: number
  readonly end: number
  readonly lead: Uint8Array
  readonly pages: readonly { readonly page: Page; readonly header: Uint8Array; readonly from: number }[]
}

/** FileMetaData of parquet-format/src/main/thrift/parquet.thrift. */
function footerOf(
  roots: readonly SchemaNode[],
  parts: readonly Part[],
  places: readonly Place[],
  rows: number,
): Uint8Array {
  const w = new ThriftWriter()
  const total = places.reduce((sum, { start, end }) => sum + end - start, 0)
  const elements: Element[] = [{ name: 'r', node: null, stored: null, children: roots.length }]
  const leaves: StoredLeaf[] = []
  const visit = (node: SchemaNode, parents: readonly string[]): void => {
    const name = `c${elements.length}`
    const path = [...parents, name]
    const stored = node.physical === null ? null : storedAs(node.physical, parts[leaves.length]!.pages)
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
  w.i32(4, UNCOMPRESSED)
  w.i64(
    5,
    part.pages.reduce((sum, { kind, values }) => sum + (kind === 'data' ? values : 0), part.led ? 1 : 0),
  )
  w.i64(6, end - start)
  w.i64(7, end - start)
  w.i64(9, data)
  if (data > start) w.i64(11, start)
}

const encodings = ({ pages, led }: Part): Set<number> =>
  new Set([...(led ? [PLAIN] : []), ...pages.map(({ encoding }) => encoding)])
