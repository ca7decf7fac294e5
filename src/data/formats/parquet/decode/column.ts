/** One column of a row group, decoded piece by piece: a piece is a run of rows. */
import type { Bytes } from '../../../../core/types.ts'
import { isThere, type ArrowArray } from './arrow.ts'
import type { LeafPages } from './group.ts'
import { LeafColumn, type Bench, type Piece } from './leaf-column.ts'
import { countLeaves, type SchemaNode } from '../metadata/schema.ts'

export class ParquetColumn {
  readonly node: SchemaNode
  readonly leaves: readonly LeafColumn[]
  /** What a row takes in memory, by an estimate. */
  readonly rowBytes: Bytes
  /** The same of its worst leaf, see there. */
  readonly worstBytes: Bytes
  #pieces: readonly Piece[] = []

  constructor(node: SchemaNode, leaves: readonly LeafPages[], rows: number) {
    this.node = node
    this.leaves = leaves.map((leaf) => new LeafColumn(leaf, rows))
    this.rowBytes = this.leaves.reduce((sum, leaf) => sum + leaf.rowBytes, 0)
    this.worstBytes = Math.max(0, ...this.leaves.map((leaf) => leaf.worstBytes))
  }

  /** Pieces that together hold the rows [start, end); each call asks for later rows than the one before. */
  async rows(bench: Bench, start: number, end: number): Promise<readonly Piece[]> {
    const [only, another] = this.leaves
    if (another === undefined) return await only!.rows(bench, start, end)
    this.release()
    const pieces: Piece[] = []
    this.#pieces = pieces
    for (const leaf of this.leaves) pieces.push(await leaf.piece(bench, start, end))
    return [{ start, end, array: joined(this.node, pieces.map(({ array }) => array)), release: () => {} }] // prettier-ignore
  }

  release(): void {
    for (const leaf of this.leaves) leaf.release()
    for (const piece of this.#pieces) piece.release()
    this.#pieces = []
  }
}

/** The array of a column out of those of its leaves, each of which has one branch of it. */
function joined(node: SchemaNode, branches: readonly ArrowArray[]): ArrowArray {
  const [first, ...others] = branches
  if (others.some((branch) => !isOfOneShape(first!, branch)))
    throw new Error('its leaves say different things of their rows')
  if (node.repetition !== 'repeated') return joinedElement(node, branches)
  return { ...first!, children: [joinedElement(node, branches.map(onlyChild))] }
}

/** Each leaf has the levels of all that is around it: they are the same lists, with the same elements missing. */
function isOfOneShape(a: ArrowArray, b: ArrowArray): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i <= a.length && a.offsets !== undefined; i++)
    if (a.offsets[i]! - a.offsets[0]! !== b.offsets![i]! - b.offsets![0]!) return false
  if (a.nullCount > 0 || b.nullCount > 0)
    for (let i = 0; i < a.length; i++) if (isThere(a, i) !== isThere(b, i)) return false
  return true
}

function joinedElement(node: SchemaNode, branches: readonly ArrowArray[]): ArrowArray {
  if (node.physical !== null) return branches[0]!
  let at = 0
  const children = node.children.map((child) => {
    const own = branches.slice(at, at + countLeaves(child))
    at += own.length
    return joined(child, own.map(onlyChild))
  })
  return { ...branches[0]!, children }
}

function onlyChild({ children }: ArrowArray): ArrowArray {
  return children![0]!
}
