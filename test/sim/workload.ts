/**
 * What simulated jobs count: words in made-up files. A split's words are a function of where it lies, so that no file
 * need exist; the answer is computed twice, by tasks over the production data plane, and by one naive loop.
 */
import { createHash } from 'node:crypto'
import type { Digest, JobRecord, NodeId } from '../../src/core/types.ts'
import { PartWriter } from '../../src/data/part.ts'
import { partitionOf } from '../../src/data/partition.ts'
import { encodeKey } from '../../src/data/order.ts'
import { SampleChoice } from '../../src/data/sample.ts'
import { MemoryFiles } from '../../src/data/spill.ts'
import { NO_FACTS, type CatalogBody, type CatalogEntry } from '../../src/catalog/body.ts'
import { PLAIN_TEXT } from '../../src/core/look.ts'

const MIB = 2 ** 20
/**
 * What a job's code is like, told by its name (`job-0.unsteady-once.ts`). Unsteady code is no function: its maps give
 * other words each time that they are executed, all of them or those of one split. Or it throws at a certain word.
 */
export type SimCode = 'steady' | 'unsteady' | 'unsteady-once' | 'throws'
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

export interface Expected {
  readonly result: Digest
  readonly words: ReadonlyMap<string, number>
  readonly emitted: number
  /** The code throws at some record: the job fails, and never ends otherwise. */
  readonly throws: boolean
}

/** The answer of a job in one loop over its snapshot, without plan, tasks, runs or merges. */
export function expectedOf({ spec, snapshot }: JobRecord): Expected {
  const words = new Map<string, number>()
  const sampled: string[] = []
  let emitted = 0
  for (const { dataset, shards } of snapshot.inputs)
    for (const { path } of shards)
      for (const [line, word] of wordsOf(path).entries()) {
        words.set(word, (words.get(word) ?? 0) + 1)
        if (new SampleChoice(dataset, path, 0).takes(line)) sampled.push(word)
        emitted++
      }
  const place = spec.sort ? byRange(sampled.sort(), spec.partitions!) : byHash(spec.partitions!)
  const parts = Array.from({ length: spec.partitions! }, (_, p) => {
    const part = new PartWriter(new MemoryFiles().create('part'))
    for (const word of [...words.keys()].sort()) if (place(word) === p) part.emit(word, words.get(word))
    return part.finish().part
  })
  const result = sha256(`shoal:result:${JSON.stringify([parts.length, ...parts])}`)
  return { result, words, emitted, throws: codeOf(spec.name) === 'throws' && words.has(THROWS_AT) }
}

function byHash(partitions: number): (word: string) => number {
  return (word) => {
    const { order } = encodeKey(word)
    return partitionOf(order, 0, order.length, partitions)
  }
}

/** Bounds at even places of the sample; equal ones count once. */
function byRange(sorted: readonly string[], partitions: number): (word: string) => number {
  const places = Array.from({ length: partitions - 1 }, (_, i) => Math.floor(((i + 1) * sorted.length) / partitions))
  const bounds = [...new Set(places.map((at) => sorted[at]!))]
  return (word) => bounds.filter((bound) => bound <= word).length
}

export function sha256(text: string | Uint8Array): Digest {
  return createHash('sha256').update(text).digest('hex') as Digest
}
