import type { SpillInput } from './spill.ts'
import { damaged } from './blocks.ts'
import { ByteReader, ByteWriter, compareBytes } from './bytes.ts'
import { writeKey } from './order.ts'
import { PartReader } from './part.ts'
import { type RecordStream, RecordView, type RunExpectation, writeRecord } from './run.ts'
import { decodeValue, hostFactory } from './value.ts'

/**
 * Reads one part whose keys ascend as if it were a run: records of weight 1, all of split 0. Holds one block at a time.
 * @throws ShoalError DAMAGED, also where keys do not ascend: nothing downstream would notice that groups are torn
 */
export class PartCursor extends RecordView implements RecordStream {
  /** This record has the key of the one before it. */
  sameKey = false
  readonly #part: PartReader
  readonly #name: string
  readonly #expected: RunExpectation
  readonly #block = new ByteReader()
  readonly #record = new ByteWriter(1024)
  readonly #key = new ByteWriter(64)
  readonly #lastKey = new ByteWriter(64)
  #records = 0

  constructor(input: SpillInput, name: string, expected: RunExpectation) {
    super()
    this.#part = new PartReader(input, name)
    this.#name = name
    this.#expected = expected
  }

  next(): RecordView | null {
    const block = this.#block
    if (block.done) {
      const next = this.#part.nextBlock()
      if (next === null) return this.#end()
      block.over(next as Buffer, 0, next.byteLength)
    }
    this.#lastKey.reset()
    this.#lastKey.slice(this.#key.buffer, 0, this.#key.length)
    const keyEnd = block.varint() + block.offset
    this.#key.reset()
    const shape = writeKey(this.#key, decodeValue(block, hostFactory))
    if (block.offset !== keyEnd) throw damaged(this.#name, 'a key is not as long as it says')
    const value = block.bytes(block.varint())
    this.#record.reset()
    writeRecord(this.#record, this.#key.view(), shape, 0, 1, value)
    this.parse(this.#record.buffer, 0)
    this.#compare()
    this.#records++
    return this
  }

  close(): void {
    this.#part.close()
  }

  #compare(): void {
    const [before, key] = [this.#lastKey, this.#key]
    const order = this.#records === 0 ? -1 : compareBytes(before.buffer, 0, before.length, key.buffer, 0, key.length)
    if (order > 0) throw damaged(this.#name, 'its keys do not ascend')
    this.sameKey = order === 0
  }

  #end(): null {
    const facts = this.#part.facts!
    if (facts.part !== this.#expected.digest || facts.bytes !== this.#expected.bytes)
      throw damaged(this.#name, 'it is not the part that its manifest names')
    return null
  }
}
