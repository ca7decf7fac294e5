/** Parquet pages that have checksums, with some bytes of their content changed: none may be read. */
import { createHash } from 'node:crypto'
import { readParquetFooter } from '../../../src/data/formats/parquet/metadata/footer.ts'
import { enterGroup } from '../../../src/data/formats/parquet/decode/group.ts'
import { PieceMemory } from '../../../src/data/formats/parquet/decode/piece.ts'
import { sourceOf } from '../../../src/data/formats/source.ts'
import { fixture, fixtures } from '../../data/formats/fixture.ts'
import { readAll } from '../../data/formats/read-all.ts'
import { holds, orShoalErrorOf, target, type Target } from '../target.ts'

interface Sound {
  readonly file: Uint8Array
  /** Where contents of pages lie: [start, end) each. */
  readonly contents: readonly (readonly [start: number, end: number])[]
}

async function soundOf(name: string): Promise<Sound> {
  const file = new Uint8Array(fixture(`parquet-matrix/${name}`))
  const source = sourceOf(file)
  const parquet = await readParquetFooter(source, name)
  const contents: [number, number][] = []
  for (const [index, { chunks }] of parquet.groups.entries()) {
    const all = parquet.leaves.map((_, leaf) => leaf)
    const entered = await enterGroup(source, name, parquet, index, all, createHash('sha256'), new PieceMemory())
    for (const [leaf, { pages }] of entered.entries())
      for (const { content, end } of pages)
        if (end > content) contents.push([chunks[leaf]!.start + content, chunks[leaf]!.start + end])
  }
  return { file, contents }
}

const FILES: readonly Sound[] = await Promise.all(
  fixtures('parquet-matrix', '.parquet')
    .filter((name) => name.startsWith('crc-v'))
    .map(soundOf),
)

export const PARQUET_CHECKSUMS: Target = target('parquet-checksums', {
  what: 'data/formats: Parquet pages whose checksum is there, and their bytes others',
  input: (random) => {
    const { file, contents } = random.pick(FILES)
    const copy = new Uint8Array(file)
    const [start, end] = random.pick(contents)
    for (let left = 1 + random.below(4); left > 0; left--)
      copy[start + random.below(end - start)]! ^= 1 << random.below(8)
    // Two changes may have undone each other.
    if (copy.every((byte, i) => byte === file[i])) copy[start]! ^= 1
    return copy
  },
  check: async (bytes) => {
    const read = await orShoalErrorOf(['DAMAGED'], () => readAll(bytes, 'a.parquet', {}))
    holds(read === null, 'a page was read whose checksum is wrong')
  },
  quick: 300,
})
