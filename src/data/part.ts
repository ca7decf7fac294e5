/**
 * Parts: what reduce emits, in emit order. A part file is blocks (see blocks.ts) of records
 *
 *     varint(keyLen) key  varint(valueLen) value
 *
 * both in the canonical form of values. Its hash, over these bytes alone, is the same whatever the output format.
 */
import { LIMITS } from '../core/limits.ts'
import type { Digest } from '../core/types.ts'
import { BlockReader, BlockWriter } from './blocks.ts'
import { ByteReader, ByteWriter } from './bytes.ts'
import type { SpillInput, SpillOutput } from './spill.ts'
import { keyTooLarge } from './refused.ts'
import { type ValueFactory, decodeValue, encodeValue, hostFactory } from './value.ts'
import { ShoalError } from '../core/errors.ts'

export const PART_MAGIC = 'SHp1'
export const PART_NAME = 'part'

export interface PartFacts {
  readonly records: number
  /** Uncompressed bytes of the records. */
  readonly bytes: number
  /** SHA-256 of these. */
  readonly part: Digest
}

export class PartWriter {
  readonly #out: SpillOutput
  readonly #blocks: BlockWriter
  readonly #record = new ByteWriter(1024)
  #busy = false

  constructor(out: SpillOutput, progress?: (bytes: number) => void) {
    this.#out = out
    this.#blocks = new BlockWriter(out, { magic: PART_MAGIC, compress: true, digest: true, progress })
  }

  /** @throws ShoalError USER_VALUE, RECORD_LIMIT; the record is then not in the part */
  emit(key: unknown, value: unknown): void {
    if (this.#busy) throw nested()
    this.#busy = true
    try {
      const record = this.#record
      record.reset()
      record.u8(0)
      encodeValue(record, key, 'key')
      if (record.length - 1 > LIMITS.keyBytesMax) throw keyTooLarge()
      record.fixLength(0, record.length - 1)
      const at = record.length
      record.u8(0)
      encodeValue(record, value)
      record.fixLength(at, record.length - at - 1)
      this.#blocks.append(record.buffer, 0, record.length, 1)
    } finally {
      this.#busy = false
    }
  }

  /** Writes the end and closes the file. */
  finish(): PartFacts {
    const { records, bytes, digest } = this.#blocks.finish()
    this.#out.close()
    return { records, bytes, part: digest }
  }

  /** Closes the file as it is. */
  abandon(): void {
    this.#out.close()
  }
}

/** Reads a part file; DAMAGED where it is not whole. */
export class PartReader {
  readonly #input: SpillInput
  readonly #blocks: BlockReader

  constructor(input: SpillInput, name: string = PART_NAME) {
    this.#input = input
    this.#blocks = new BlockReader(input.read, 0, { magic: PART_MAGIC, name, digest: true })
  }

  /** The canonical bytes of the next whole records, valid until the next call; null at the end. */
  nextBlock(): Uint8Array | null {
    return this.#blocks.next()
  }

  /** What the part adds up to, once its end was reached. */
  get facts(): PartFacts | null {
    const { totals } = this.#blocks
    return totals === null ? null : { records: totals.records, bytes: totals.bytes, part: totals.digest }
  }

  *records(make: ValueFactory = hostFactory): Generator<[unknown, unknown], void, undefined> {
    for (let block = this.nextBlock(); block !== null; block = this.nextBlock()) yield* decodeRecords(block, make)
  }

  close(): void {
    this.#input.close()
  }
}

/** Decodes whole canonical records, such as a block of a part. @throws ShoalError DAMAGED */
export function* decodeRecords(
  bytes: Uint8Array,
  make: ValueFactory = hostFactory,
): Generator<[unknown, unknown], void, undefined> {
  const reader = new ByteReader(bytes)
  while (!reader.done) {
    const key = decodeLengthed(reader, make)
    yield [key, decodeLengthed(reader, make)]
  }
}

function decodeLengthed(reader: ByteReader, make: ValueFactory): unknown {
  const end = reader.varint() + reader.offset
  const value = decodeValue(reader, make)
  if (reader.offset !== end) throw new ShoalError('DAMAGED', 'a record is not as long as it says')
  return value
}

function nested(): ShoalError {
  return new ShoalError('USER_VALUE', 'emit was called while another emit was under way', {
    why: 'a getter of an emitted object calls emit',
  })
}
