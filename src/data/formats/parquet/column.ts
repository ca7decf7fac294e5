/** One column of a row group, decoded piece by piece: a piece is a run of rows, of as few pages as hold them. */
import { LIMITS } from '../../../core/limits.ts'
import type { Bytes } from '../../../core/types.ts'
import { decode, type ArrowArray, type Decoder } from './decoder.ts'
import { isOfDictionary } from './encodings.ts'
import type { LeafPages } from './group.ts'
import type { Page } from './pages.ts'
import type { Physical } from './meaning.ts'
import { parquetFileOf, type Part } from './piece.ts'
import type { SchemaNode } from './schema.ts'

/** Rows [start, end) of the group. */
export interface Piece {
  readonly start: number
  readonly end: number
  readonly array: ArrowArray
  /** Nothing of the array may be used after it. */
  release(): void
}

export class ParquetColumn {
  readonly node: SchemaNode
  readonly leaves: readonly LeafPages[]
  /** What a row takes in memory, by an estimate. */
  readonly rowBytes: Bytes
  readonly #rows: number
  /** The first row of each data page; null where the file does not say where in the pages rows begin. */
  readonly #starts: readonly number[] | null
  readonly #data: readonly Page[]
  #pieces: Piece[] = []

  constructor(node: SchemaNode, leaves: readonly LeafPages[], rows: number) {
    this.node = node
    this.leaves = leaves
    this.#rows = rows
    this.rowBytes = leaves.reduce((sum, leaf) => sum + valueBytes(leaf) * leaf.chunk.values, 0) / Math.max(1, rows)
    this.#starts = rowStarts(leaves, rows)
    this.#data = leaves[0]!.pages.filter(({ kind }) => kind === 'data')
  }

  /** Pieces that together hold the rows [start, end); each call asks for later rows than the one before. */
  async rows(decoder: Decoder, start: number, end: number): Promise<readonly Piece[]> {
    for (const piece of this.#pieces) if (piece.end <= start) piece.release()
    this.#pieces = this.#pieces.filter((piece) => piece.end > start)
    for (let at = this.#pieces.at(-1)?.end ?? start; at < end; at = this.#pieces.at(-1)!.end) {
      this.#pieces.push(await this.#decode(decoder, at, end))
    }
    return this.#pieces
  }

  release(): void {
    for (const piece of this.#pieces) piece.release()
    this.#pieces = []
  }

  async #decode(decoder: Decoder, start: number, wanted: number): Promise<Piece> {
    const run = this.#pagesOf(start, wanted)
    const parts = this.leaves.map((leaf) => partOf(leaf, run))
    const rows = run === null ? this.#rows : run.end - run.start
    const skip = start - (run?.start ?? 0)
    const end = this.#endOf(run, Math.min(wanted, run?.end ?? wanted))
    const file = await parquetFileOf([this.node], parts, rows)
    const { arrays, release } = decode(decoder, file, { skip, rows: end - start })
    return { start, end, array: arrays[0]!, release }
  }

  /** To the end of the last page that is begun, where that is little more than is wanted: else it is decoded twice. */
  #endOf(run: PageRun | null, wanted: number): number {
    const all = run?.end ?? this.#rows
    return (all - wanted) * this.rowBytes <= LIMITS.parquetPieceBytes ? all : wanted
  }

  /** The pages of the rows [start, end); null: all, where it is not known which these are. */
  #pagesOf(start: number, end: number): PageRun | null {
    const starts = this.#starts
    if (starts === null) return null
    let first = 0
    while (first + 1 < starts.length && starts[first + 1]! <= start) first++
    let last = first
    // Pages of one kind: what lies in them may have to be decoded as another type, see `piece.ts`.
    const kind = (page: number): boolean => isOfDictionary(this.#data[page]!.encoding)
    while (last + 1 < starts.length && starts[last + 1]! < end && kind(last + 1) === kind(first)) last++
    return { first, last, start: starts[first]!, end: starts[last + 1] ?? this.#rows }
  }
}

/** Data pages [first, last], which hold the rows [start, end). */
interface PageRun {
  readonly first: number
  readonly last: number
  readonly start: number
  readonly end: number
}

/** All of a leaf's pages, or a run of them. */
export function partOf({ chunk, pages, read }: LeafPages, run: PageRun | null): Part {
  const data = pages.filter(({ kind }) => kind === 'data')
  const taken = run === null ? data : data.slice(run.first, run.last + 1)
  // Pages that are of no dictionary need none.
  const dictionary = taken.some(({ encoding }) => isOfDictionary(encoding))
    ? pages.filter(({ kind }) => kind === 'dictionary')
    : []
  return { codec: chunk.codec, pages: [...dictionary, ...taken], read }
}

function rowStarts(leaves: readonly LeafPages[], rows: number): readonly number[] | null {
  if (leaves.length !== 1) return null
  const starts: number[] = []
  let at = 0
  for (const { kind, rows: count } of leaves[0]!.pages) {
    if (kind !== 'data') continue
    if (count === null) return null
    starts.push(at)
    at += count
  }
  if (at !== rows) throw new Error(`its pages hold ${at} of ${rows} rows`)
  return starts
}

const WIDTHS: Readonly<Partial<Record<Physical, Bytes>>> = {
  BOOLEAN: 1,
  INT32: 4,
  FLOAT: 4,
  INT64: 8,
  DOUBLE: 8,
  INT96: 12,
}
/** Where a value begins, in an Arrow array of bytes. */
const OFFSET_BYTES = 4

/** A dictionary makes values small on disk that are not in memory. */
function valueBytes({ leaf, chunk, pages }: LeafPages): Bytes {
  const { physical, length } = leaf.node
  const width = WIDTHS[physical!] ?? length
  if (width > 0) return width
  const entry = pages.find(({ kind }) => kind === 'dictionary')
  const stored = chunk.uncompressed / Math.max(1, chunk.values)
  return OFFSET_BYTES + Math.max(stored, entry === undefined ? 0 : entry.uncompressed / Math.max(1, entry.values))
}
