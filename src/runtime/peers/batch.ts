import { crc32 } from 'node:zlib'
import { pipe } from 'it-pipe'
import { LIMITS } from '../../core/limits.ts'
import type { TaskListing } from '../../core/ledger/manifest.ts'
import { rootIn } from '../../core/plan/rows.ts'
import type { Bytes } from '../../core/types.ts'
import { hashText } from '../../data/hash-text.ts'
import type { Disk, DiskWriter } from '../../ports.ts'
import {
  batchAck,
  batchAnswer,
  batchEnd,
  batchHeader,
  checkRows,
  listingOf,
  type BatchAnswer,
  type BatchEnd,
  type BatchFile,
  type BatchHeader,
} from '../../wire/batch.ts'
import { fromBytes, WireError } from '../../wire/codec.ts'
import type { FramedStream } from './framed.ts'
import { outputFile } from '../home/folder.ts'
import type { Outputs } from '../home/outputs.ts'
import { addRows, putRows, ROWS, ROWS_LOG } from '../home/rows.ts'

/**
 * Sends a batch whose header the other side answers first. Resolves to its answer, or to 'acked' once all of it is on
 * the other side's disk. Rejects when the stream breaks, or a file here is gone.
 */
export async function sendBatch(
  stream: FramedStream,
  disk: Disk,
  header: BatchHeader,
): Promise<'acked' | Exclude<BatchAnswer, 'ready'>> {
  await stream.sendValue(header)
  const { answer } = await stream.receiveValue(batchAnswer)
  if (answer !== 'ready') return answer
  const files: BatchEnd['files'][number][] = []
  for (const { name, size } of header.files) {
    const sum = new Checksum()
    const file = outputFile(header.job, header.task, name)
    await pipe(chunksOf(disk, file, size), sum.through, async (chunks: AsyncIterable<Uint8Array>) => {
      for await (const chunk of chunks) await stream.sendMore(chunk)
    })
    files.push({ name, size, crc: sum.crc })
  }
  await stream.sendValue({ end: true, files })
  const { ack, why } = await stream.receiveValue(batchAck)
  if (!ack) throw new WireError(why ?? 'not acknowledged')
  return 'acked'
}

/** What the receiving side decides about a header before bytes flow, and where the files go. */
export interface Reception {
  readonly answer: BatchAnswer
  /** It is kept as an output, and not as what arrived for some tasks. */
  readonly isCopy: boolean
  /** Where a file of the batch is put, relative to home. */
  place(header: BatchHeader, file: string): string
}

/** A batch that came to its end: taken, or not wanted. */
export interface Received {
  readonly header: BatchHeader
  readonly listing: TaskListing
  readonly accepted: boolean
}

/**
 * Receives one batch: header, answer, frames, END; everything on disk; then ACK. Resolves to null when the stream ended
 * before a header came. `due`: the other side has said that one comes.
 */
export async function receiveBatch(
  stream: FramedStream,
  disk: Disk,
  outputs: Outputs,
  decide: (header: BatchHeader, listing: TaskListing) => Reception | Promise<Reception>,
  due: boolean = false,
): Promise<Received | null> {
  const first = await (due ? stream.receive() : stream.receiveNext())
  if (first === null) return null
  const header = fromBytes(batchHeader, first)
  const listing = listingOf(header)
  const reception = await decide(header, listing)
  const { answer, place } = reception
  // Rows say which files come, and how large they are: none is taken that the manifest does not name.
  if (answer === 'ready') checkRows(header, listing, hashText)
  await stream.sendValue({ answer })
  if (answer !== 'ready') return { header, listing, accepted: false }
  const files = new FileGroup(disk)
  // Files beyond those that can be open at once are closed under temporary names: none has its own before the END.
  const many = header.files.length > LIMITS.groupFilesMax
  try {
    for (const file of header.files) {
      if (files.open >= LIMITS.groupFilesMax) await files.closeGroup()
      await files.receive(stream, place(header, file.name), file, many)
    }
    const end = await stream.receiveValue(batchEnd)
    if (!files.matches(end)) {
      await stream.sendValue({ ack: false, why: 'checksum of a file is wrong' })
      throw new WireError('a batch whose END does not match it')
    }
    await Promise.all([files.commit(), keepListing(disk, outputs, header, listing, reception)])
  } catch (error) {
    await files.discard()
    throw error
  }
  await stream.sendValue({ ack: true })
  return { header, listing, accepted: true }
}

async function keepListing(
  disk: Disk,
  outputs: Outputs,
  header: BatchHeader,
  listing: TaskListing,
  { place, isCopy }: Reception,
): Promise<void> {
  const { manifest, rows } = listing
  const keepRows = (): Promise<void> =>
    isCopy ? putRows(disk, place(header, ROWS), rows) : addRows(disk, place(header, ROWS_LOG), rows)
  await Promise.all([
    outputs.putManifest(place(header, 'manifest.json'), listing),
    rootIn(manifest) === null ? null : keepRows(),
  ])
}

/** Files of batches that have not ended yet; what a crash leaves here is removed at the next start. */
export const RECEIVING = 'receiving'

let groups = 0

/** The files of one batch: written as they come, made durable together. */
class FileGroup {
  readonly #disk: Disk
  readonly #folder = `${RECEIVING}/${++groups}`
  readonly #crcs = new Map<string, number>()
  #open: DiskWriter[] = []
  /** Durable under names in `#folder`, and to be given their own. */
  #staged: { readonly from: string; readonly name: string; readonly size: Bytes }[] = []

  constructor(disk: Disk) {
    this.#disk = disk
  }

  get open(): number {
    return this.#open.length
  }

  /** One file's frames, straight to disk. */
  async receive(stream: FramedStream, name: string, file: BatchFile, stage: boolean): Promise<void> {
    const from = stage ? `${this.#folder}/${this.#staged.length}` : name
    if (stage) this.#staged.push({ from, name, size: file.size })
    const writer = await this.#disk.create(from)
    this.#open.push(writer)
    const sum = new Checksum()
    await pipe(framesOf(stream, file.size), sum.through, async (chunks: AsyncIterable<Uint8Array>) => {
      for await (const chunk of chunks) await writer.write(chunk)
    })
    this.#crcs.set(file.name, sum.crc)
  }

  matches(end: BatchEnd): boolean {
    return end.files.length === this.#crcs.size && end.files.every((file) => this.#crcs.get(file.name) === file.crc)
  }

  /** All at once: their fsyncs share what the disk does at one time. */
  async closeGroup(): Promise<void> {
    const writers = this.#open
    await Promise.all(writers.map((writer) => writer.commit()))
    this.#open = []
  }

  /** Every file is on disk under its own name. */
  async commit(): Promise<void> {
    await this.closeGroup()
    if (this.#staged.length === 0) return
    for (let at = 0; at < this.#staged.length; at += LIMITS.groupFilesMax)
      await Promise.all(
        this.#staged
          .slice(at, at + LIMITS.groupFilesMax)
          .map(({ from, name, size }) => this.#disk.adopt(this.#disk.path(from), name, size)),
      )
    await this.#disk.remove(this.#folder)
  }

  async discard(): Promise<void> {
    await Promise.allSettled(this.#open.map((writer) => writer.discard()))
    this.#open = []
    if (this.#staged.length > 0) await this.#disk.remove(this.#folder).catch(() => undefined)
  }
}

/** CRC-32 of the bytes that went through. */
class Checksum {
  crc = 0

  readonly through = async function* (this: Checksum, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      this.crc = crc32(chunk, this.crc)
      yield chunk
    }
  }.bind(this)
}

/** A file's bytes, a frame at a time, the next one read while one is sent; fewer than `size` is a failure. */
async function* chunksOf(disk: Disk, name: string, size: Bytes): AsyncGenerator<Uint8Array> {
  const read = (at: Bytes): Promise<Uint8Array> => {
    const chunk = disk.read(name, at, Math.min(LIMITS.shuffleFrameBytes, size - at))
    // Whoever stops early does not wait for it.
    chunk.catch(() => {})
    return chunk
  }
  let next = read(0)
  for (let at = 0; at < size; at += LIMITS.shuffleFrameBytes) {
    const bytes = await next
    if (bytes.length < Math.min(LIMITS.shuffleFrameBytes, size - at))
      throw new WireError(`${name} is shorter than it was`)
    if (at + LIMITS.shuffleFrameBytes < size) next = read(at + LIMITS.shuffleFrameBytes)
    yield bytes
  }
}

/** The next frames of a stream, until they are `size` bytes: not one more, not one less. */
async function* framesOf(stream: FramedStream, size: Bytes): AsyncGenerator<Uint8Array> {
  for (let left = size; left > 0;) {
    const bytes = await stream.receive()
    if (bytes === null || bytes.length > left) throw new WireError('a file of a batch is not as long as was said')
    left -= bytes.length
    yield bytes
  }
}
