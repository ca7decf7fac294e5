/** One column of a row group, decoded piece by piece: a piece is a run of rows. */
import type { Bytes } from '../../../core/types.ts'
import type { ArrowArray, Decoder } from './decoder.ts'
import type { LeafPages } from './group.ts'
import { LeafColumn, type Piece } from './leaf-column.ts'
import { leavesOf, type SchemaNode } from './schema.ts'

export class ParquetColumn {
  readonly node: SchemaNode
  readonly leaves: readonly LeafColumn[]
  /** What a row takes in memory, by an estimate. */
  readonly rowBytes: Bytes
  #pieces: readonly Piece[] = []

  constructor(node: SchemaNode, leaves: readonly LeafPages[], rows: number) {
    this.node = node
    this.leaves = leaves.map((leaf) => new LeafColumn(leaf, rows))
    this.rowBytes = this.leaves.reduce((sum, leaf) => sum + leaf.rowBytes, 0)
  }

  /** Pieces that together hold the rows [start, end); each call asks for later rows than the one before. */
  async rows(decoder: Decoder, start: number, end: number): Promise<readonly Piece[]> {
    const [only, another] = this.leaves
    if (another === undefined) return await only!.rows(decoder, start, end)
    this.release()
    const pieces: Piece[] = []
    this.#pieces = pieces
    for (const leaf of this.leaves) pieces.push(await leaf.piece(decoder, start, end))
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
  const [first] = branches
  if (branches.some((branch) => branch.length !== first!.length)) throw new Error('its leaves differ in length')
  if (node.repetition !== 'repeated') return joinedElement(node, branches)
  return { ...first!, children: [joinedElement(node, branches.map(onlyChild))] }
}

function joinedElement(node: SchemaNode, branches: readonly ArrowArray[]): ArrowArray {
  if (node.physical !== null) return branches[0]!
  let at = 0
  const children = node.children.map((child) => {
    const own = branches.slice(at, at + leavesOf([child]).length)
    at += own.length
    return joined(child, own.map(onlyChild))
  })
  return { ...branches[0]!, children }
}

function onlyChild({ children }: ArrowArray): ArrowArray {
  return children![0]!
}
