/**
 * Sampling for `sort` jobs: which keys are looked at, and which bounds they give. Both are functions of the data and
 * its places alone, so that any cut into tasks gives the same bounds.
 *
 * A sample file is blocks (see blocks.ts) of records varint(length) order form, in the order they were taken.
 */
import { assert } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'
import type { Digest } from '../core/types.ts'
import { BlockReader, BlockWriter } from './blocks.ts'
import { ByteReader, ByteWriter, compareBytes } from './bytes.ts'
import { writeKey } from './order.ts'
import { murmur3 } from './partition.ts'
import type { SpillInput, SpillOutput } from './spill.ts'

export const SAMPLE_MAGIC = 'SHk1'
export const SAMPLE_NAME = 'keys'

/**
 * Decides which records of a split are sampled: the first, and those whose number hashes to 0 modulo
 * LIMITS.sampleEvery, under a seed drawn from where the split begins.
 */
export class SampleChoice {
  readonly #seed: number
  readonly #number = new Uint8Array(8)

  constructor(dataset: string, path: string, start: number) {
    const place = new ByteWriter(256)
    place.text(dataset.toWellFormed())
    place.text(path.toWellFormed())
    place.varint(start)
    this.#seed = murmur3(place.buffer, 0, place.length, 0)
  }

  /** @param record number of the record in its split, from 0 */
  takes(record: number): boolean {
    if (record === 0) return true
    const number = this.#number
    for (let i = 7, rest = record; i >= 0; i--, rest = Math.floor(rest / 256)) number[i] = rest % 256
    return murmur3(number, 0, 8, this.#seed) % LIMITS.sampleEvery === 0
  }
}

export interface SampleFacts {
  readonly keys: number
  readonly bytes: number
  readonly digest: Digest
}

/** Writes the sample file of one task: the keys that sampled records emit, at most LIMITS.sampleKeysPerSplit a split. */
export class SampleWriter {
  readonly #out: SpillOutput
  readonly #blocks: BlockWriter
  readonly #record = new ByteWriter(256)
  #ofSplit = 0
  #ofSplitAtMark = 0
  #marked: Uint8Array[] = []

  constructor(out: SpillOutput) {
    this.#out = out
    this.#blocks = new BlockWriter(out, { magic: SAMPLE_MAGIC, compress: true, digest: true })
  }

  beginSplit(): void {
    this.#ofSplit = 0
    this.mark()
  }

  /** Whether this split may give further keys: if not, its other records need not be mapped. */
  get wanting(): boolean {
    return this.#ofSplit < LIMITS.sampleKeysPerSplit
  }

  /** A map call begins: its keys are tentative. */
  mark(): void {
    this.#marked = []
    this.#ofSplitAtMark = this.#ofSplit
  }

  /** @throws ShoalError USER_VALUE, RECORD_LIMIT */
  emit(key: unknown): void {
    this.#record.reset()
    writeKey(this.#record, key)
    if (!this.wanting) return
    this.#ofSplit++
    this.#marked.push(this.#record.copy())
  }

  rollback(): void {
    this.#ofSplit = this.#ofSplitAtMark
    this.#marked = []
  }

  commit(): void {
    for (const order of this.#marked) {
      this.#record.reset()
      this.#record.varint(order.byteLength)
      this.#record.bytes(order)
      this.#blocks.append(this.#record.buffer, 0, this.#record.length, 1)
    }
    this.#marked = []
  }

  finish(): SampleFacts {
    const { records, bytes, digest } = this.#blocks.finish()
    this.#out.close()
    return { keys: records, bytes, digest }
  }
}

/** The keys of a sample file. @throws ShoalError DAMAGED */
export function readSample(input: SpillInput, name: string = SAMPLE_NAME): Uint8Array[] {
  const blocks = new BlockReader(input.read, 0, { magic: SAMPLE_MAGIC, name, digest: true })
  const keys: Uint8Array[] = []
  for (let block = blocks.next(); block !== null; block = blocks.next()) {
    const reader = new ByteReader(block)
    while (!reader.done) keys.push(Uint8Array.prototype.slice.call(reader.bytes(reader.varint())))
  }
  return keys
}

/**
 * At most partitions − 1 bounds, ascending and different, that cut the sampled keys into even parts: bound i is the
 * key at position floor((i + 1) × keys / partitions) in sorted order.
 */
export function boundsOf(keys: readonly Uint8Array[], partitions: number): Uint8Array[] {
  assert(partitions >= 1, 'a job has a partition')
  const sorted = keys.toSorted((a, b) => compareBytes(a, 0, a.byteLength, b, 0, b.byteLength))
  const bounds: Uint8Array[] = []
  for (let i = 1; i < partitions && sorted.length > 0; i++) {
    const key = sorted[Math.floor((i * sorted.length) / partitions)]!
    const last = bounds.at(-1)
    if (last === undefined || compareBytes(last, 0, last.byteLength, key, 0, key.byteLength) < 0) bounds.push(key)
  }
  return bounds
}
