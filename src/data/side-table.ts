import { damaged } from './blocks.ts'
import { ByteReader, ByteWriter, compareBytes } from './bytes.ts'
import { writeKey } from './order.ts'
import { PartReader } from './part.ts'
import { murmur3 } from './partition.ts'
import type { RunExpectation } from './run.ts'
import type { SpillInput } from './spill.ts'
import { decodeValue, hostFactory, type ValueFactory } from './value.ts'

/** Of slots of the hash table at most this many hold a group, so that a look-up is short. */
const FILLED_MOST = 0.5

/** What a table of so many records takes in memory at most: their bytes, and by record the arrays below. */
export function sideTableBytes({ bytes, records }: { readonly bytes: number; readonly records: number }): number {
  return bytes + 32 * records + 4_096
}

/**
 * A part whose keys ascend, whole in memory outside the JavaScript heap, to look up in by key: a hash table with open
 * addressing over order forms, so that 1 and 1n are one key. A group is the records of one key, in their order.
 */
export class SideTable {
  /** Records of group g are #firsts[g] … #firsts[g + 1] − 1. */
  readonly #firsts: Uint32Array
  /** Where each record begins; behind the last, the end. */
  readonly #starts: Float64Array
  readonly #data: ByteWriter
  /** By group, of the order form of its key: those that differ are not decoded to be compared. */
  readonly #hashes: Uint32Array
  /** Group + 1, or 0. */
  readonly #slots: Uint32Array
  #groups = 0
  #count = 0
  readonly #reader = new ByteReader()
  readonly #asked = new ByteWriter(64)
  readonly #found = new ByteWriter(64)

  /** @throws ShoalError DAMAGED, also where keys do not ascend */
  constructor(input: SpillInput, name: string, expected: RunExpectation & { readonly records: number }) {
    const { records } = expected
    this.#firsts = new Uint32Array(records + 1)
    this.#starts = new Float64Array(records + 1)
    this.#hashes = new Uint32Array(records)
    this.#data = new ByteWriter(expected.bytes + 1)
    this.#slots = new Uint32Array(2 ** Math.ceil(Math.log2(records / FILLED_MOST + 1)))
    const part = new PartReader(input, name)
    try {
      this.#read(part, name, records)
      const { facts } = part
      if (facts?.part !== expected.digest || facts.bytes !== expected.bytes)
        throw damaged(name, 'it is not the part that its manifest names')
    } finally {
      part.close()
    }
  }

  #read(part: PartReader, name: string, records: number): void {
    const key = this.#asked
    const last = new ByteWriter(64)
    let at = 0
    for (let block = part.nextBlock(); block !== null; block = part.nextBlock()) {
      const base = this.#data.length
      this.#data.bytes(block)
      const reader = this.#reader
      reader.over(block as Buffer, 0, block.byteLength)
      while (!reader.done) {
        if (at === records) throw damaged(name, 'it has more records than its manifest says')
        this.#starts[at] = base + reader.offset
        reader.varint()
        key.reset()
        writeKey(key, decodeValue(reader, hostFactory))
        reader.bytes(reader.varint())
        const order = at === 0 ? -1 : compareBytes(last.buffer, 0, last.length, key.buffer, 0, key.length)
        if (order > 0) throw damaged(name, 'its keys do not ascend')
        if (order < 0) this.#begin(at, key)
        last.reset()
        last.slice(key.buffer, 0, key.length)
        at++
      }
    }
    if (at !== records) throw damaged(name, 'it has fewer records than its manifest says')
    this.#starts[records] = this.#data.length
    this.#firsts[this.#groups] = records
  }

  #begin(record: number, key: ByteWriter): void {
    const group = this.#groups++
    this.#firsts[group] = record
    const hash = murmur3(key.buffer, 0, key.length, 0)
    this.#hashes[group] = hash
    const mask = this.#slots.length - 1
    let slot = hash & mask
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
    this.#slots[slot] = group + 1
  }

  /** How many records there are. */
  get records(): number {
    return this.#firsts[this.#groups]!
  }

  /** A key that has several records, decoded; undefined where none has. */
  firstDouble(): { readonly key: unknown } | undefined {
    for (let group = 0; group < this.#groups; group++)
      if (this.#firsts[group + 1]! - this.#firsts[group]! > 1)
        return { key: this.key(this.#firsts[group]!, hostFactory) }
    return undefined
  }

  /** The number of the key's first record, or −1. `count` then says how many it has. @throws ShoalError USER_VALUE */
  find(key: unknown): number {
    const asked = this.#asked
    asked.reset()
    writeKey(asked, key)
    const hash = murmur3(asked.buffer, 0, asked.length, 0)
    const mask = this.#slots.length - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const group = this.#slots[slot]! - 1
      if (group < 0) return -1
      if (this.#hashes[group] !== hash || !this.#isKeyOf(group, asked)) continue
      this.#count = this.#firsts[group + 1]! - this.#firsts[group]!
      return this.#firsts[group]!
    }
  }

  #isKeyOf(group: number, asked: ByteWriter): boolean {
    const key = this.#found
    key.reset()
    writeKey(key, this.key(this.#firsts[group]!, hostFactory))
    return compareBytes(key.buffer, 0, key.length, asked.buffer, 0, asked.length) === 0
  }

  /** Records of the key that was found last. */
  get count(): number {
    return this.#count
  }

  value(record: number, make: ValueFactory): unknown {
    const reader = this.#at(record)
    reader.bytes(reader.varint())
    reader.varint()
    return decodeValue(reader, make)
  }

  /** As that record had it. */
  key(record: number, make: ValueFactory): unknown {
    const reader = this.#at(record)
    reader.varint()
    return decodeValue(reader, make)
  }

  #at(record: number): ByteReader {
    this.#reader.over(this.#data.buffer, this.#starts[record]!, this.#starts[record + 1]!)
    return this.#reader
  }
}
