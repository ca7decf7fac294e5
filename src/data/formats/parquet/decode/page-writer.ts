/** Pages as the decoder is given them: never compressed, and with headers that say so. */
import { PLAIN, RLE, DELTA_BINARY_PACKED } from '../pages/encodings.ts'
import type { Physical } from '../metadata/meaning.ts'
import type { Page } from '../pages/pages.ts'
import type { Leaf } from '../metadata/schema.ts'
import { ThriftWriter } from '../metadata/thrift.ts'
import { WIDTHS } from '../pages/widths.ts'

/** PageType of parquet-format/src/main/thrift/parquet.thrift. */
const DATA = 0
const DICTIONARY = 2
const DATA_V2 = 3
/** Twelve bytes, as INT96 has, are handed over as they are. */
export const INT96_BYTES = 12

export function headerOf(page: Page): Uint8Array {
  const w = new ThriftWriter()
  const type = page.kind === 'dictionary' ? DICTIONARY : page.version === 1 ? DATA : DATA_V2
  w.i32(1, type)
  w.i32(2, page.size)
  w.i32(3, page.size)
  if (type === DICTIONARY)
    w.struct(7, () => {
      w.i32(1, page.values)
      w.i32(2, page.encoding)
    })
  else if (type === DATA) writeV1(w, page.values, page.encoding)
  else writeV2(w, page)
  w.end()
  return w.take()
}

function writeV1(w: ThriftWriter, values: number, encoding: number): void {
  w.struct(5, () => {
    w.i32(1, values)
    w.i32(2, encoding)
    w.i32(3, RLE)
    w.i32(4, RLE)
  })
}

function writeV2(w: ThriftWriter, page: Page): void {
  w.struct(8, () => {
    w.i32(1, page.values)
    w.i32(2, page.nulls)
    w.i32(3, page.rows!)
    w.i32(4, page.encoding)
    w.i32(5, page.definitionBytes)
    w.i32(6, page.repetitionBytes)
    w.flag(7, false)
  })
}

/**
 * A page of one row of one value, whole. A page may begin within a row, of which the decoder would see no beginning: the
 * rest of it then belongs to this row, which nobody asks for. Of the first version: where a header says how many rows
 * there are, the decoder passes over the page without a look at where the row ends.
 */
export function leadOf(leaf: Leaf, pages: readonly Page[]): Uint8Array {
  // Behind its length a run of one level each, as RLE has it: 0 begins the row, and the value is there.
  const repetition = [2, 0, 0, 0, 2, 0]
  const definition = [2, 0, 0, 0, 2, leaf.maxDefinition]
  const value = new Uint8Array(plainBytes(leaf, pages))
  const w = new ThriftWriter()
  w.i32(1, DATA)
  w.i32(2, repetition.length + definition.length + value.length)
  w.i32(3, repetition.length + definition.length + value.length)
  writeV1(w, 1, PLAIN)
  w.end()
  return Buffer.concat([w.take(), Uint8Array.from([...repetition, ...definition]), value])
}

/** The length of a value that is 0, or empty, with PLAIN. */
function plainBytes({ node }: Leaf, pages: readonly Page[]): number {
  const stored = storedAs(node.physical!, pages)
  if (stored === 'BOOLEAN') return 1
  if (stored === 'BYTE_ARRAY') return 4
  return WIDTHS[node.physical === 'INT96' ? 'INT96' : stored] ?? node.length
}

/**
 * Deltas of INT32 are numbers modulo 2^32, and some writers (DuckDB, of unsigned columns) begin beyond what the decoder
 * takes for one. As INT64 all of them can be decoded; the lower half is the value.
 */
export function storedAs(physical: Physical, pages: readonly Page[]): Physical {
  if (physical === 'INT96') return 'FIXED_LEN_BYTE_ARRAY'
  const deltas = pages.length > 0 && pages.every(({ encoding }) => encoding === DELTA_BINARY_PACKED)
  return physical === 'INT32' && deltas ? 'INT64' : physical
}
