/** The values that a row group has of one leaf: a run of rows needs no more than the pages that it lies in. */
import { LIMITS } from '../../../../core/limits.ts'
import type { Bytes } from '../../../../core/types.ts'
import { sliceArray, type ArrowArray } from './arrow.ts'
import { rowsBegun } from '../pages/content.ts'
import { decode, type Decoder } from './decoder.ts'
import { isOfDeltas, isOfDictionary } from '../pages/encodings.ts'
import type { LeafPages } from './group.ts'
import type { Page } from '../pages/pages.ts'
import { parquetFileOf, readContent, type Part, type PieceMemory } from './piece.ts'
import { WIDTHS } from '../pages/widths.ts'

/** What pieces are made with. */
export interface Bench {
  readonly decoder: Decoder
  readonly memory: PieceMemory
  /** Rows are decoded in windows of so many bytes. */
  readonly windowBytes: Bytes
}

/** A column is decoded to the end of a page where no more than this part of a window is beyond it: else it is decoded twice. */
const PIECE_PART = 8

/** Values of a run of pages: a row may lie in many of them, and a page may hold so many that are nothing. */
const VALUES_MAX = 4 * LIMITS.parquetPageValuesMax

/** Rows [start, end) of the group. */
export interface Piece {
  readonly start: number
  readonly end: number
  readonly array: ArrowArray
  /** Nothing of the array may be used after it. */
  release(): void
}

export class LeafColumn {
  /** What a row takes in memory, by an estimate, and where all values are the longest of the dictionary. */
  readonly rowBytes: Bytes
  readonly worstBytes: Bytes
  readonly #leaf: LeafPages
  readonly #rows: number
  readonly #data: readonly Page[]
  /** None, or one. */
  readonly #dictionary: readonly Page[]
  /** Pages may begin within a row. */
  readonly #led: boolean
  /** The number of the first row that begins in each data page. */
  #starts: readonly number[] | null = null
  #pieces: Piece[] = []

  constructor(leaf: LeafPages, rows: number) {
    this.#leaf = leaf
    this.#rows = rows
    this.#data = leaf.pages.filter(({ kind }) => kind === 'data')
    this.#dictionary = leaf.pages.slice(0, 1).filter(({ kind }) => kind === 'dictionary')
    this.#led = this.#data.some((page) => page.rows === null)
    const perRow = leaf.chunk.values / Math.max(1, rows)
    this.rowBytes = valueBytes(leaf) * perRow
    this.worstBytes = Math.max(this.rowBytes, leaf.longest * perRow)
  }

  /** All of its pages. */
  get whole(): Part {
    return this.#part(this.#data, false)
  }

  /** Pieces that together hold the rows [start, end); each call asks for later rows than the one before. */
  async rows(bench: Bench, start: number, end: number): Promise<readonly Piece[]> {
    for (const piece of this.#pieces) if (piece.end <= start) piece.release()
    this.#pieces = this.#pieces.filter((piece) => piece.end > start)
    for (let at = this.#pieces.at(-1)?.end ?? start; at < end; at = this.#pieces.at(-1)!.end) {
      const run = await this.#runOf(bench, at, end)
      // To the end of the last page, where that is little more than is wanted: else it is decoded twice.
      const more =
        (run.end - end) * this.rowBytes <= bench.windowBytes / PIECE_PART &&
        (run.end - at) * this.worstBytes <= LIMITS.parquetWorstBytes
      this.#pieces.push(await this.#decode(bench, run, at, more ? run.end : Math.min(end, run.end)))
    }
    return this.#pieces
  }

  /** The rows [start, end) as one piece, which is the caller's. */
  async piece(bench: Bench, start: number, end: number): Promise<Piece> {
    return await this.#decode(bench, await this.#runOf(bench, start, end, false), start, end)
  }

  release(): void {
    for (const piece of this.#pieces) piece.release()
    this.#pieces = []
  }

  async #decode({ decoder, memory }: Bench, run: PageRun, start: number, end: number): Promise<Piece> {
    const pages = this.#data.slice(run.first, run.last + 1)
    const file = await parquetFileOf([this.#leaf.leaf.branch], [this.#part(pages, run.led)], run.rows, memory)
    const before = start - run.start + (run.led ? 1 : 0)
    // The decoder cannot pass over all kinds of deltas.
    const skip = pages.some(({ encoding }) => isOfDeltas(encoding)) ? 0 : before
    const { arrays, release } = decode(decoder, file, { skip, rows: end - start + before - skip })
    const array = skip < before ? sliceArray(arrays[0]!, before - skip, arrays[0]!.length, this.#width) : arrays[0]!
    return { start, end, array, release }
  }

  /** Pages that hold the rows [start, end), or, where they may be of one kind only, the first of these rows. */
  async #runOf(bench: Bench, start: number, end: number, ofOneKind: boolean = true): Promise<PageRun> {
    this.#starts ??= await this.#rowStarts(bench)
    const starts = this.#starts
    const data = this.#data
    const first = pageOf(starts, start)
    // Pages of one kind: what lies in them may have to be decoded as another type, see `piece.ts`.
    const alike = (page: number): boolean =>
      isOfDictionary(data[page]!.encoding) === isOfDictionary(data[first]!.encoding)
    let last = first
    while (last + 1 < starts.length && starts[last + 1]! < end && (!ofOneKind || this.#led || alike(last + 1))) last++
    const next = starts[last + 1] ?? this.#rows
    // The end of a row may lie in any page up to the one in which the next row begins.
    const tail = this.#led ? pageOf(starts, next) : last
    const values = data.slice(first, tail + 1).reduce((sum, page) => sum + page.values, 0)
    if (this.#led && values > VALUES_MAX)
      throw new Error(`its rows from ${start} on have ${values} values, more than ${VALUES_MAX}`)
    // Nothing may come before the first row of all.
    return { first, last: tail, start: starts[first]!, end: next, led: this.#led && first > 0, rows: values + 1 }
  }

  async #rowStarts(bench: Bench): Promise<readonly number[]> {
    const starts: number[] = []
    let at = 0
    for (const page of this.#data) {
      starts.push(at)
      at += page.rows ?? (await this.#count(bench, page))
    }
    if (at !== this.#rows) throw new Error(`its pages hold ${at} of ${this.#rows} rows`)
    return starts
  }

  /** Rows that begin in a page that does not say it. */
  async #count({ memory }: Bench, page: Page): Promise<number> {
    const { leaf, chunk, read } = this.#leaf
    const content = memory.files.take(page.size)
    await readContent({ leaf, codec: chunk.codec, read }, page, content, memory)
    return rowsBegun(page, content, leaf)
  }

  /** Bytes of a value that lies in bytes, all of one length. */
  get #width(): Bytes {
    const { physical, length } = this.#leaf.leaf.node
    return physical === 'INT96' ? (WIDTHS[physical] ?? 0) : length
  }

  #part(data: readonly Page[], led: boolean): Part {
    const { leaf, chunk, read } = this.#leaf
    // Pages that are of no dictionary need none.
    const dictionary = data.some(({ encoding }) => isOfDictionary(encoding)) ? this.#dictionary : []
    return { leaf, codec: chunk.codec, pages: [...dictionary, ...data], led, read }
  }
}

/** The page in which a row begins: the last one of which the first row is not beyond it. */
function pageOf(starts: readonly number[], row: number): number {
  let page = 0
  for (let low = 0, high = starts.length; low < high;) {
    const middle = (low + high) >> 1
    if (starts[middle]! <= row) {
      page = middle
      low = middle + 1
    } else high = middle
  }
  return page
}

/** Data pages [first, last], in which the rows [start, end) lie whole. */
interface PageRun {
  readonly first: number
  readonly last: number
  readonly start: number
  readonly end: number
  /** A row of its own is put before the pages, to which the rest of a row belongs that began before them. */
  readonly led: boolean
  /** Of the file that they make; at least as many as there are. */
  readonly rows: number
}

/** Where a value begins, in an Arrow array of bytes or of lists. */
const OFFSET_BYTES = 4

/** A dictionary makes values small on disk that are not in memory. */
function valueBytes({ leaf, chunk, pages }: LeafPages): Bytes {
  const { physical, length } = leaf.node
  const width = physical === 'BOOLEAN' ? 1 : (WIDTHS[physical!] ?? length)
  const offsets = leaf.maxRepetition * OFFSET_BYTES
  if (width > 0) return width + offsets
  const entry = pages.find(({ kind }) => kind === 'dictionary')
  const stored = chunk.uncompressed / Math.max(1, chunk.values)
  return offsets + OFFSET_BYTES + Math.max(stored, entry === undefined ? 0 : entry.size / Math.max(1, entry.values))
}
