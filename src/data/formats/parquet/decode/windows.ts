/** Rows of a row group in windows: of each column an array, or some, that the memory of a task can hold together. */
import { LIMITS } from '../../../../core/limits.ts'
import type { Bytes } from '../../../../core/types.ts'
import { ParquetColumn } from './column.ts'
import { decode, DecoderTrap, type Decoded } from './decoder.ts'
import type { Forms, Getter } from '../values/forms.ts'
import type { LeafPages } from './group.ts'
import type { Bench, Piece } from './leaf-column.ts'
import { parquetFileOf } from './piece.ts'
import { countLeaves, type SchemaNode } from '../metadata/schema.ts'
import { inColumn } from '../problems.ts'
import { valuesOf } from '../values/values.ts'

/** What a window has: a getter for each column, of its rows from 0. */
export interface Window {
  readonly rows: number
  readonly getters: readonly Getter[]
}

export class GroupWindows {
  readonly #bench: Bench
  readonly #forms: Forms
  readonly #columns: readonly ParquetColumn[]
  readonly #rows: number
  readonly #step: number
  #given = 0
  /** All columns of the group, where they are decoded at once. */
  readonly #blocks: Decoded[] = []

  /** `leaves`: of all columns, in order. */
  constructor(bench: Bench, nodes: readonly SchemaNode[], leaves: readonly LeafPages[], rows: number, forms: Forms) {
    this.#bench = bench
    this.#forms = forms
    this.#rows = rows
    let at = 0
    this.#columns = nodes.map((node) => {
      const count = countLeaves(node)
      const own = leaves.slice(at, at + count)
      at += count
      return named(node, () => new ParquetColumn(node, own, rows))
    })
    this.#step = windowRows(rows, this.#columns, bench.windowBytes)
  }

  /** Null after the last row. */
  async next(): Promise<Window | null> {
    const start = this.#given
    if (start === this.#rows) {
      this.#release()
      return null
    }
    const end = Math.min(this.#rows, start + this.#step)
    this.#given = end
    return {
      rows: end - start,
      getters: end - start === this.#rows ? await this.#whole() : await this.#part(start, end),
    }
  }

  /** A small group is decoded at once: a table may have thousands of columns. */
  async #whole(): Promise<Getter[]> {
    const { decoder, memory } = this.#bench
    const getters: Getter[] = []
    try {
      for (let at = 0; at < this.#columns.length; at += BLOCK_COLUMNS) {
        const block = this.#columns.slice(at, at + BLOCK_COLUMNS)
        const nodes = block.map(({ node }) => node)
        const parts = block.flatMap(({ leaves }) => leaves.map((leaf) => leaf.whole))
        const file = await parquetFileOf(nodes, parts, this.#rows + 1, memory)
        const decoded = decode(decoder, file, { skip: 0, rows: this.#rows, andNoMore: true })
        this.#blocks.push(decoded)
        for (const [c, node] of nodes.entries())
          getters.push(named(node, () => valuesOf(node, decoded.arrays[c]!, this.#forms)))
      }
      return getters
    } catch (error) {
      if (error instanceof DecoderTrap) throw error
      // Which column it is shows when each is decoded alone.
      this.#release()
      return await this.#part(0, this.#rows)
    }
  }

  #release(): void {
    for (const block of this.#blocks.splice(0)) block.release()
    for (const column of this.#columns) column.release()
  }

  async #part(start: number, end: number): Promise<Getter[]> {
    const getters: Getter[] = []
    for (const column of this.#columns) {
      const { node } = column
      const pieces = await column.rows(this.#bench, start, end).catch((error: unknown) => {
        throw inColumn(node.name, error)
      })
      getters.push(named(node, () => acrossPieces(pieces, start, (piece) => valuesOf(node, piece.array, this.#forms))))
    }
    return getters
  }
}

/** The decoder takes some kilobytes for each column, beside what is in it. */
const BLOCK_COLUMNS = 512
/** Of so many columns each is small, and decoding them one by one takes longer than what is in them. */
const WIDE = 256

function windowRows(rows: number, columns: readonly ParquetColumn[], windowBytes: Bytes): number {
  const rowBytes: Bytes = columns.reduce((sum, column) => sum + column.rowBytes, 0)
  const worstBytes: Bytes = columns.reduce((most, column) => Math.max(most, column.worstBytes), 1)
  const worst = Math.max(1, Math.floor(LIMITS.parquetWorstBytes / worstBytes))
  if (columns.length >= WIDE && rows * rowBytes <= 4 * windowBytes) return Math.min(rows, worst)
  return Math.min(rows, worst, Math.max(1, Math.floor(windowBytes / Math.max(rowBytes, 1 / 8))))
}

/** Rows are mostly asked for in order: the piece of the last one is looked at first. */
function acrossPieces(pieces: readonly Piece[], first: number, getterOf: (piece: Piece) => Getter): Getter {
  const parts = pieces.map((piece) => ({ start: piece.start - first, end: piece.end - first, get: getterOf(piece) }))
  let part = parts[0]!
  if (parts.length === 1) return part.start === 0 ? part.get : (i) => part.get(i - part.start)
  return (i) => {
    if (i < part.start || i >= part.end) part = parts.find(({ start, end }) => i >= start && i < end)!
    return part.get(i - part.start)
  }
}

/** Errors of `act` name the column. */
function named<T>({ name }: SchemaNode, act: () => T): T {
  try {
    return act()
  } catch (error) {
    throw inColumn(name, error)
  }
}
