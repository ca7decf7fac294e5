import { LIMITS } from '../core/limits.ts'
import type { PartWork } from '../core/plan/work.ts'
import { damaged } from '../data/blocks.ts'
import { ByteReader } from '../data/bytes.ts'
import type { Batch, SplitRead } from '../data/formats/reader.ts'
import { PartReader } from '../data/part.ts'
import type { SpillInput } from '../data/spill.ts'
import { decodeValue, hostFactory, type ValueFactory } from '../data/value.ts'
import { cutText, hostFailure } from './failure.ts'
import type { SplitRecords } from './records.ts'

/** The records of a part that another stage gave, as [key, value], in the order in which it gave them. */
export class PartRecords implements SplitRecords {
  readonly #work: PartWork
  readonly #part: PartReader
  readonly #make: ValueFactory
  #records = 0

  constructor(input: SpillInput, work: PartWork, make: ValueFactory) {
    this.#work = work
    this.#part = new PartReader(input, work.name)
    this.#make = make
  }

  next(): Promise<Batch | null> {
    try {
      const block = this.#part.nextBlock()
      if (block === null) return Promise.resolve(null)
      const batch = new PartBatch(block as Buffer, this.#work.name, this.#records, this.#make)
      this.#records += batch.length
      return Promise.resolve(batch)
    } catch (error) {
      return Promise.reject(hostFailure(error, 'reading', this.#work.name))
    }
  }

  end(): Promise<SplitRead> {
    const { digest, bytes, name } = this.#work
    const facts = this.#part.facts!
    if (facts.part === digest && facts.bytes === bytes) return Promise.resolve({ bytes, input: digest })
    const error = damaged(name, 'it is not the part that its manifest names')
    return Promise.reject(hostFailure(error, 'reading', name))
  }

  close(): Promise<void> {
    this.#part.close()
    return Promise.resolve()
  }
}

/** The records of one block. */
class PartBatch implements Batch {
  readonly #block: Buffer
  readonly #name: string
  readonly #first: number
  readonly #make: ValueFactory
  readonly #starts: number[] = []
  readonly #reader = new ByteReader()

  constructor(block: Buffer, name: string, first: number, make: ValueFactory) {
    this.#block = block
    this.#name = name
    this.#first = first
    this.#make = make
    const reader = this.#reader
    reader.over(block, 0, block.byteLength)
    while (!reader.done) {
      this.#starts.push(reader.offset)
      reader.bytes(reader.varint())
      reader.bytes(reader.varint())
    }
  }

  get length(): number {
    return this.#starts.length
  }

  record(i: number): unknown {
    return this.#pair(i, this.#make)
  }

  /** What a stage has given can be read. */
  bad(): string {
    return ''
  }

  place(i: number): string {
    return `${this.#name}#${this.#first + i + 1}`
  }

  raw(i: number): string {
    const text = JSON.stringify(this.#pair(i, hostFactory), (_, value: unknown) =>
      typeof value === 'bigint' ? `${value}n` : value,
    )
    return cutText(text, LIMITS.skipTextBytesMax)
  }

  #pair(i: number, make: ValueFactory): unknown {
    this.#reader.over(this.#block, this.#starts[i]!, this.#block.byteLength)
    const pair = make.array(2)
    pair[0] = this.#field(make)
    pair[1] = this.#field(make)
    return pair
  }

  #field(make: ValueFactory): unknown {
    const end = this.#reader.varint() + this.#reader.offset
    const value = decodeValue(this.#reader, make)
    if (this.#reader.offset !== end) throw damaged(this.#name, 'a record is not as long as it says')
    return value
  }
}
