/**
 * What simulated jobs read: words in made-up files. A split's words are a function of where it lies, so that no file
 * need exist; the answer is computed twice, by tasks over the production data plane, and by naive loops (oracle.ts).
 */
import { createHash } from 'node:crypto'
import type { Digest, NodeId } from '../../src/core/types.ts'
import { NO_FACTS, type CatalogBody, type CatalogEntry } from '../../src/catalog/body.ts'
import { PLAIN_TEXT } from '../../src/core/look.ts'

const MIB = 2 ** 20
/**
 * What a job's code is like, told by its name (`job-0.unsteady-once.ts`). Unsteady code is no function: its maps give
 * other words each time that they are executed, all of them or those of one split. Or it throws at a certain word. Or
 * those who run it miscount: a reduce of several inputs tells one record too few of one, and one too many of another.
 */
export type SimCode = 'steady' | 'unsteady' | 'unsteady-once' | 'throws' | 'miscounts'
export const THROWS_AT = 'word-7'

export function nameOf(name: string, code: SimCode): string {
  return `${name}.${code}.ts`
}

export function codeOf(jobFile: string): SimCode {
  return jobFile.split('.')[1] as SimCode
}

export function isSalted(code: SimCode, path: string): boolean {
  return code === 'unsteady' || (code === 'unsteady-once' && path.endsWith('-000'))
}

/** Just large enough to be a split and a task of its own. */
export const SHARD_BYTES: number = 4 * MIB
const ROOT = 'a'.repeat(12)
const WITNESS = { dev: '1', ino: '1', mtimeNs: '1', ctimeNs: '1' }

export interface SimShard {
  readonly path: string
  readonly nodes: readonly NodeId[]
}

/** The words of a split: few kinds, so that every partition gets some, and the same word comes from many splits. */
export function wordsOf(path: string): string[] {
  const seed = createHash('sha256').update(path).digest()
  return Array.from({ length: 3 + (seed[0]! % 12) }, (_, i) => `word-${seed[1 + (i % 31)]! % 17}`)
}

/** The number that a record of a split carries beside its word: where it stands. */
export function markOf(path: string, line: number): number {
  return (path.startsWith('own') ? 50_000 : 0) + Number(path.slice(-3)) * 100 + line
}

/** Whether a record of a part is sampled for the bounds of a stage that sorts it. */
export function isSampled(record: number): boolean {
  return record % 3 === 0
}

/** What its file would have there: read only where another node reads it over a stream. */
export function bytesOf(path: string, start: number, end: number): Uint8Array {
  return new Uint8Array(end - start).fill(path.charCodeAt(path.length - 1))
}

export function catalogOf(
  node: NodeId,
  dataset: string,
  replicated: boolean,
  shards: readonly SimShard[],
): CatalogBody {
  const entries = shards
    .filter((shard) => shard.nodes.includes(node))
    .map(({ path }): CatalogEntry => ({
      path,
      root: ROOT,
      size: SHARD_BYTES,
      witness: WITNESS,
      ...(replicated ? { hash: sha256(path) } : {}),
      cuts: { kind: 'whole' },
      look: PLAIN_TEXT,
      state: 'offered',
      mtime: '2026-01-01T00:00:00.000Z',
    }))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
  return {
    version: 1,
    datasets:
      entries.length === 0
        ? []
        : [{ name: dataset, replicated, roots: [{ root: ROOT, state: 'ok', why: '', ...NO_FACTS }], entries }],
  }
}

export function sha256(text: string | Uint8Array): Digest {
  return createHash('sha256').update(text).digest('hex') as Digest
}
