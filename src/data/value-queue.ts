/** Encoded values, first in, first out: in memory up to a bound, then on disk. All are put before one is taken. */
import type { Bytes } from '../core/types.ts'
import { BlockReader, BlockWriter } from './blocks.ts'
import { ByteReader, ByteWriter } from './bytes.ts'
import type { SpillFiles, SpillInput, SpillOutput } from './spill.ts'

const MAGIC = 'SHq1'

export class ValueQueue {
  readonly #files: SpillFiles
  readonly #name: string
  readonly #memory: Bytes
  /** varint(length) and bytes of each value not on disk. */
  #held: ByteWriter | null = null
  #out: SpillOutput | null = null
  #writer: BlockWriter | null = null
  #input: SpillInput | null = null
  #blocks: BlockReader | null = null
  #reader: ByteReader | null = null
  #onDisk = false
  #filled = false

  constructor(files: SpillFiles, name: string, memory: Bytes) {
    this.#files = files
    this.#name = name
    this.#memory = memory
  }

  put(from: Uint8Array, start: number, end: number): void {
    this.#filled = true
    this.#held ??= new ByteWriter(4096)
    const held = this.#held
    const at = held.length
    held.varint(end - start)
    held.slice(from, start, end)
    if (this.#writer === null && held.length <= this.#memory) return
    if (this.#writer === null) {
      this.#onDisk = true
      this.#out = this.#files.create(this.#name)
      this.#writer = new BlockWriter(this.#out, { magic: MAGIC, compress: false, digest: false })
      this.#flush(held)
    } else {
      this.#writer.append(held.buffer, at, held.length, 1)
    }
    held.reset()
  }

  /** Points `value` at the next value; false if there is none. */
  next(value: ByteReader): boolean {
    if (!this.#filled) return false
    this.#reader ??= this.#rewind()
    const reader = this.#reader
    if (reader.done) {
      const block = this.#blocks?.next() ?? null
      if (block === null) return false
      reader.over(block, 0, block.length)
    }
    const length = reader.varint()
    value.over(reader.buffer, reader.offset, reader.offset + length)
    reader.offset += length
    return true
  }

  /** Forgets all, and is ready to be filled again. */
  clear(): void {
    if (!this.#filled || this.#held === null) return
    this.#filled = false
    this.#reader = null
    this.#blocks = null
    this.#input?.close()
    this.#input = null
    this.#out?.close()
    this.#out = null
    this.#writer = null
    if (this.#onDisk) {
      this.#files.remove(this.#name)
      this.#onDisk = false
      this.#held = null
    } else {
      this.#held.reset()
    }
  }

  /** Writes out the values that were held so far, one record each. */
  #flush(held: ByteWriter): void {
    const reader = new ByteReader(held.buffer, 0, held.length)
    while (!reader.done) {
      const start = reader.offset
      const length = reader.varint()
      reader.offset += length
      this.#writer!.append(held.buffer, start, reader.offset, 1)
    }
  }

  #rewind(): ByteReader {
    if (this.#writer === null) return new ByteReader(this.#held!.buffer, 0, this.#held!.length)
    this.#writer.finish()
    this.#writer = null
    this.#out!.close()
    this.#out = null
    this.#input = this.#files.open(this.#name)
    this.#blocks = new BlockReader(this.#input.read, 0, { magic: MAGIC, name: this.#name, digest: false })
    return new ByteReader()
  }
}
