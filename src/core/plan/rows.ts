/**
 * The rows of a task's runs under one root, a Merkle tree: a manifest names the root, and who reads some of the runs is
 * given their rows with a proof, what else it takes to compute the root. An empty partition has a row, too: that it is
 * empty is proved like anything else.
 *
 * The tree has the shape of RFC 6962, which the number of rows decides: node i of level l stands over the rows
 * i · 2^l … (i + 1) · 2^l − 1, as far as there are such, and has the hash of its only child where it has one.
 *
 * A map of thousands of partitions has as many hashes: who has the platform's SHA-256 gives that as `hash`.
 */
import { hashText } from '../hash.ts'
import type { Digest, Manifest, Partition, RowsRoot, RunFacts, RunRow } from '../types.ts'

/** What names the rows of an output; null where it is not runs. */
export function rootIn(manifest: Manifest): RowsRoot | null {
  return manifest.kind === 'map' ? manifest.rows : null
}

/** One row for each of `count` partitions, of the runs of those that are not empty. */
export function rowsOf(runs: readonly RunFacts[], count: number): RunRow[] {
  const rows = Array.from({ length: count }, (_, partition): RunRow => emptyRow(partition))
  for (const run of runs) rows[run.partition] = run
  return rows
}

function emptyRow(partition: Partition): RunRow {
  return { partition, records: 0, weight: 0, bytes: 0, digest: '' }
}

/** Whether a row is that of a run with records, or of none at all. */
export function isSoundRow({ records, weight, bytes, digest }: RunRow): boolean {
  return digest === '' ? records === 0 && weight === 0 && bytes === 0 : records > 0
}

/** SHA-256 of text. */
export type HashText = (text: string) => Digest

/** What the manifest says of all rows of an output, which are at least one. */
export function rootOfRows(rows: readonly RunRow[], hash: HashText = hashText): RowsRoot {
  return { root: new RowTree(rows, hash).root, count: rows.length }
}

/** The hashes over all rows of an output, out of which its proofs are taken. */
export class RowTree {
  readonly #levels: Digest[][]

  constructor(rows: readonly RunRow[], hash: HashText = hashText) {
    let level = rows.map((row) => hash(rowText(row)))
    this.#levels = [level]
    while (level.length > 1) {
      const above: Digest[] = []
      for (let i = 0; i < level.length; i += 2) {
        const [left, right] = [level[i]!, level[i + 1]]
        above.push(right === undefined ? left : hash(nodeText(left, right)))
      }
      this.#levels.push(above)
      level = above
    }
  }

  get root(): Digest {
    return this.#levels.at(-1)![0]!
  }

  /** The hashes of the largest nodes that stand over none of these partitions, which ascend; from left to right. */
  proof(partitions: readonly Partition[]): Digest[] {
    const proof: Digest[] = []
    let at = 0
    const walk = (level: number, i: number): void => {
      if ((partitions[at] ?? Infinity) >= (i + 1) * 2 ** level) proof.push(this.#levels[level]![i]!)
      else if (level === 0) at++
      else {
        walk(level - 1, 2 * i)
        if (2 * i + 1 < this.#levels[level - 1]!.length) walk(level - 1, 2 * i + 1)
      }
    }
    walk(this.#levels.length - 1, 0)
    return proof
  }
}

/** Whether these are rows under the root: their partitions ascend, and the proof has what it takes and no more. */
export function areRowsOf(
  { root, count }: RowsRoot,
  rows: readonly RunRow[],
  proof: readonly Digest[],
  hash: HashText = hashText,
): boolean {
  if (!rows.every(({ partition }, i) => partition < count && (i === 0 || rows[i - 1]!.partition < partition)))
    return false
  let [at, taken] = [0, 0]
  const hashAt = (level: number, i: number): Digest | null => {
    if (at === rows.length || rows[at]!.partition >= (i + 1) * 2 ** level) return proof[taken++] ?? null
    if (level === 0) return hash(rowText(rows[at++]!))
    const left = hashAt(level - 1, 2 * i)
    if ((2 * i + 1) * 2 ** (level - 1) >= count) return left
    const right = hashAt(level - 1, 2 * i + 1)
    return left === null || right === null ? null : hash(nodeText(left, right))
  }
  return hashAt(Math.ceil(Math.log2(count)), 0) === root && taken === proof.length
}

/** As `contentId` of these would be hashed. */
function rowText({ partition, records, weight, bytes, digest }: RunRow): string {
  return `shoal:row:[${partition},${records},${weight},${bytes},"${digest}"]`
}

/** Of another tag than a row: no node is taken for one. */
function nodeText(left: Digest, right: Digest): string {
  return `shoal:rows:["${left}","${right}"]`
}
