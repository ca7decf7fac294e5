/** One row group of a file: its chunks are read once, in the footer's order, for hash and checksums; pages again as needed. */
import type { Hash } from 'node:crypto'
import { LIMITS } from '../../../../core/limits.ts'
import type { Bytes } from '../../../../core/types.ts'
import { readRange } from '../../feed.ts'
import type { RandomAccess } from '../../source.ts'
import { checkCodec } from '../pages/codecs.ts'
import { longestOf } from '../pages/content.ts'
import type { Chunk, ParquetFile } from '../metadata/footer.ts'
import { inColumn, Unsupported } from '../problems.ts'
import { pagesOf, type Page, type ReadChunk } from '../pages/pages.ts'
import { readContent, type PieceMemory } from './piece.ts'
import type { Leaf } from '../metadata/schema.ts'

/** A chunk whose pages were found sound as far as headers and checksums go. */
export interface LeafPages {
  readonly leaf: Leaf
  readonly chunk: Chunk
  readonly pages: readonly Page[]
  readonly read: ReadChunk
  /** No text of its dictionary is longer; 0 without one. */
  readonly longest: Bytes
}

/** Reads the wanted leaves of a group, by their numbers, ascending. Throws an Error that names the column. */
export async function enterGroup(
  source: RandomAccess,
  name: string,
  file: ParquetFile,
  index: number,
  wanted: readonly number[],
  hash: Hash,
  memory: PieceMemory,
): Promise<LeafPages[]> {
  const { chunks } = file.groups[index]!
  const store = new ChunkStore(source, name)
  await store.readAhead(wanted.map((leaf) => chunks[leaf]!))
  const entered: LeafPages[] = []
  for (const number of wanted) {
    const leaf = file.leaves[number]!
    const chunk = chunks[number]!
    try {
      if (chunk.encrypted) throw new Unsupported('it is encrypted, which is not supported')
      if (chunk.end > source.size) throw new Error('its values lie outside the file')
      checkCodec(chunk.codec)
      const read = await store.keep(chunk)
      const pages = await pagesOf(chunk, leaf, read, (bytes) => hash.update(bytes))
      entered.push({ leaf, chunk, pages, read, longest: await longestText(leaf, chunk, pages, read, memory) })
    } catch (error) {
      throw inColumn(leaf.path.join('.'), error)
    }
  }
  return entered
}

async function longestText(
  leaf: Leaf,
  chunk: Chunk,
  pages: readonly Page[],
  read: ReadChunk,
  memory: PieceMemory,
): Promise<Bytes> {
  const dictionary = pages.find(({ kind }) => kind === 'dictionary')
  if (dictionary === undefined || leaf.node.physical !== 'BYTE_ARRAY') return 0
  // Where even then all values have room, nobody needs to look.
  if (chunk.values * dictionary.size <= LIMITS.parquetWorstBytes) return dictionary.size
  const content = memory.files.take(dictionary.size)
  await readContent({ leaf, codec: chunk.codec, read }, dictionary, content, memory)
  return longestOf(content)
}

/** Chunks are kept up to LIMITS.parquetKeptBytes; of others each page is read when it is needed. */
class ChunkStore {
  readonly #source: RandomAccess
  readonly #name: string
  #left: Bytes = LIMITS.parquetKeptBytes
  /** All chunks of a small group, read at once. */
  #ahead: { readonly start: Bytes; readonly bytes: Uint8Array } | null = null

  constructor(source: RandomAccess, name: string) {
    this.#source = source
    this.#name = name
  }

  async readAhead(chunks: readonly Chunk[]): Promise<void> {
    let start = Number.POSITIVE_INFINITY
    let end = 0
    let bytes = 0
    for (const chunk of chunks) {
      start = Math.min(start, chunk.start)
      end = Math.max(end, chunk.end)
      bytes += chunk.end - chunk.start
    }
    const worthIt = end - start <= 2 * bytes && end <= this.#source.size
    if (chunks.length < 2 || end - start > this.#left || !worthIt) return
    this.#left -= end - start
    this.#ahead = { start, bytes: await this.#read(start, end - start) }
  }

  async keep({ start, end }: Chunk): Promise<ReadChunk> {
    const length = end - start
    if (this.#ahead !== null)
      return within(this.#ahead.bytes.subarray(start - this.#ahead.start, end - this.#ahead.start))
    if (length > this.#left)
      return (offset, bytes) => readRange(this.#source, this.#name, start + offset, Math.min(bytes, length - offset))
    this.#left -= length
    return within(await this.#read(start, length))
  }

  async #read(start: Bytes, length: Bytes): Promise<Uint8Array> {
    const bytes = new Uint8Array(length)
    for (let at = 0; at < length; at += LIMITS.readChunkBytes) {
      const part = Math.min(LIMITS.readChunkBytes, length - at)
      bytes.set(await readRange(this.#source, this.#name, start + at, part), at)
    }
    return bytes
  }
}

function within(kept: Uint8Array): ReadChunk {
  return (offset, length) => Promise.resolve(kept.subarray(offset, offset + length))
}
