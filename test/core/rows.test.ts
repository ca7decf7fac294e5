/** Rows under a root: what a manifest names, and what proves some of them. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { areRowsOf, rootOfRows, rowsOf, RowTree } from '../../src/core/plan/rows.ts'
import type { Digest, RunRow } from '../../src/core/types.ts'
import { hashText as platformHash } from '../../src/data/hash-text.ts'
import { hash } from './fake-work.ts'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** RFC 6962, 2.1, as it stands there: a list is split at the largest power of two below its length. */
function independentRoot(rows: readonly RunRow[]): string {
  if (rows.length === 1) {
    const { partition, records, weight, bytes, digest } = rows[0]!
    return sha256(`shoal:row:[${partition},${records},${weight},${bytes},"${digest}"]`)
  }
  let k = 1
  while (k * 2 < rows.length) k *= 2
  return sha256(`shoal:rows:["${independentRoot(rows.slice(0, k))}","${independentRoot(rows.slice(k))}"]`)
}

/** Every third partition is empty. */
function rowsFor(count: number): RunRow[] {
  const runs = Array.from({ length: count }, (_, partition) => ({
    ...{ partition, records: partition + 1, weight: 2 * partition + 1, bytes: 100 + partition },
    digest: hash('run', partition),
  }))
  return rowsOf(
    runs.filter(({ partition }) => partition % 3 !== 2),
    count,
  )
}

const SIZES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 31, 32, 33, 256, 4096]

describe('the root of rows', () => {
  test.each(SIZES)('of %i is what the RFC says', (count) => {
    const rows = rowsFor(count)
    const root = { root: independentRoot(rows), count }
    expect([rootOfRows(rows), rootOfRows(rows, platformHash)]).toEqual([root, root])
  })

  test('of three is the vector of docs/record.md, and so are its parts', () => {
    const page = readFileSync(new URL('../../docs/record.md', import.meta.url), 'utf8')
    const said = (what: string): string => new RegExp(`^\\| ${what} \\| \`(.{64})\` \\|$`, 'm').exec(page)![1]!
    const zero = '0'.repeat(64) as Digest
    const rows = rowsOf([{ partition: 1, records: 2, weight: 3, bytes: 40, digest: zero }], 3)
    expect(rows[0]).toEqual({ partition: 0, records: 0, weight: 0, bytes: 0, digest: '' })
    const tree = new RowTree(rows)
    expect(tree.root).toBe(said('root'))
    expect(tree.proof([2])).toEqual([said('rows 0 and 1')])
    expect(tree.proof([0])).toEqual([said('row 1'), said('row 2')])
    expect(tree.proof([1])).toEqual([said('row 0'), said('row 2')])
  })

  test('differs where any field of any row does', () => {
    const rows = rowsFor(5)
    const changes: Partial<RunRow>[] = [
      ...[{ records: 99 }, { weight: 99 }, { bytes: 99 }, { digest: hash('another') }, { partition: 99 }],
      { records: 0, weight: 0, bytes: 0, digest: '' },
    ]
    const roots = rows.flatMap((row, i) =>
      changes.map((change) => rootOfRows(rows.with(i, { ...row, ...change })).root),
    )
    // Partition 2 is empty in the first place.
    expect(new Set(roots).size).toBe(roots.length)
    expect(roots.filter((root) => root === rootOfRows(rows).root).length).toBe(1)
  })
})

describe('rows are proved', () => {
  const chosen = (count: number): number[][] =>
    [
      ...Array.from({ length: Math.min(count, 40) }, (_, p) => [p]),
      ...[[], [0, count - 1], Array.from({ length: count }, (_, p) => p)],
      Array.from({ length: count }, (_, p) => p).filter((p) => p % 3 === 1),
      Array.from({ length: count }, (_, p) => p).filter((p) => p >= count / 2),
    ].map((partitions) => [...new Set(partitions)])

  test.each(SIZES)('one, some or all of %i', (count) => {
    const rows = rowsFor(count)
    const tree = new RowTree(rows)
    const named = rootOfRows(rows)
    for (const partitions of chosen(count)) {
      const proof = tree.proof(partitions)
      const some = partitions.map((p) => rows[p]!)
      expect([partitions, areRowsOf(named, some, proof)]).toEqual([partitions, true])
      if (partitions.length === 1) expect(proof.length).toBeLessThanOrEqual(Math.ceil(Math.log2(count)))
      if (partitions.length === count) expect(proof).toEqual([])
    }
  })

  test('and nothing else is', () => {
    for (const count of [1, 2, 3, 7, 8, 33]) {
      const rows = rowsFor(count)
      const tree = new RowTree(rows)
      const named = rootOfRows(rows)
      for (const partitions of chosen(count)) {
        const proof = tree.proof(partitions)
        const some = partitions.map((p) => rows[p]!)
        const others: [readonly RunRow[], readonly Digest[]][] = [
          [some, [...proof, hash('more')]],
          ...proof.map((_, i): [RunRow[], Digest[]] => [some, proof.toSpliced(i, 1)]),
          ...proof.map((_, i): [RunRow[], Digest[]] => [some, proof.with(i, hash('another'))]),
          ...some.map((row, i): [RunRow[], Digest[]] => [some.with(i, { ...row, weight: row.weight + 1 }), proof]),
          ...some.map((row, i): [RunRow[], Digest[]] => [some.with(i, { ...row, partition: count }), proof]),
          ...some.map((row, i): [RunRow[], Digest[]] => [some.toSpliced(i, 0, row), proof]),
          ...some.map((_, i): [RunRow[], Digest[]] => [some.toSpliced(i, 1), proof]),
        ]
        if (some.length > 1) others.push([some.toReversed(), proof])
        for (const [changed, given] of others) expect(areRowsOf(named, changed, given)).toBe(false)
        if (some.length > 0) expect(areRowsOf({ ...named, count: count * 2 + 1 }, some, proof)).toBe(false)
      }
    }
  })

  test('an inner node is not a row, nor a row a node', () => {
    const rows = rowsFor(2)
    const { root } = rootOfRows(rows)
    const forged: RunRow = { partition: 0, records: 1, weight: 1, bytes: 1, digest: root }
    expect(areRowsOf({ root, count: 1 }, [forged], [])).toBe(false)
    expect(areRowsOf(rootOfRows([rows[0]!]), [], new RowTree(rows).proof([1]))).toBe(true)
    expect(areRowsOf(rootOfRows(rows), [rows[0]!], [new RowTree([rows[1]!]).root])).toBe(true)
  })
})
