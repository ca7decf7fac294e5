/** A shard's bytes for a node that has it not, and has a slot: read as carefully as by a task that runs here. */
import { ShoalError } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'
import type { Bytes, Shard, ShardCopy, Witness } from '../core/types.ts'
import { sameWitness } from './body.ts'
import { isGone, witnessOf, type Files, type OpenedFile } from './files.ts'

const LF = 0x0a

/** A file that a snapshot has pinned. */
export interface PinnedFile {
  readonly absolute: string
  /** `dataset/path`, for messages. */
  readonly name: string
  readonly size: Bytes
  readonly witness: Witness
}

/** A copy of a shard where the catalog has it now. Throws SHARD_CHANGED where it has it no more (`absolute` null). */
export function pinnedFile(absolute: string | null, shard: Shard, { witness }: ShardCopy): PinnedFile {
  const name = `${shard.dataset}/${shard.path}`
  if (absolute === null)
    throw changed({ name }, 'it is not there any more: its directory is offered no longer, or the file left it')
  return { absolute, name, size: shard.size, witness }
}

/**
 * The bytes [start, end) of the file, which is the pinned one before the first and after the last of them.
 * Throws SHARD_CHANGED where it is not, and what the system says when it cannot be read.
 */
export async function readPinned(files: Files, file: PinnedFile, start: Bytes, end: Bytes): Promise<Uint8Array> {
  return await withPinned(files, file, (handle) => readWhole(handle, file, start, end))
}

/** How many lines end within [start, end), under the same conditions. */
export async function countLines(files: Files, file: PinnedFile, start: Bytes, end: Bytes): Promise<number> {
  return await withPinned(files, file, async (handle) => {
    let lines = 0
    for (let at = start; at < end; at += LIMITS.readChunkBytes)
      lines += linesIn(await readWhole(handle, file, at, Math.min(end, at + LIMITS.readChunkBytes)))
    return lines
  })
}

async function withPinned<T>(files: Files, file: PinnedFile, work: (handle: OpenedFile) => Promise<T>): Promise<T> {
  let handle: OpenedFile
  try {
    handle = await files.open(file.absolute)
  } catch (error) {
    throw isGone(error) ? changed(file, 'it is not there any more') : error
  }
  try {
    await check(handle, file)
    const result = await work(handle)
    await check(handle, file)
    return result
  } finally {
    await handle.close()
  }
}

async function check(handle: OpenedFile, file: PinnedFile): Promise<void> {
  const facts = await handle.stat()
  if (!facts.isFile()) throw changed(file, 'something else has taken its place')
  if (Number(facts.size) !== file.size) throw changed(file, `size ${file.size} → ${facts.size}`)
  if (!sameWitness(witnessOf(facts), file.witness)) throw changed(file, 'it was written, or replaced by another file')
}

async function readWhole(handle: OpenedFile, file: PinnedFile, start: Bytes, end: Bytes): Promise<Uint8Array> {
  const bytes = new Uint8Array(Math.max(0, Math.min(end, file.size) - start))
  for (let got = 0; got < bytes.length;) {
    const { bytesRead } = await handle.read(bytes, got, bytes.length - got, start + got)
    if (bytesRead === 0) throw changed(file, `it ends at ${start + got} instead of ${file.size}`)
    got += bytesRead
  }
  return bytes
}

function linesIn(bytes: Uint8Array): number {
  let lines = 0
  for (let at = 0; at < bytes.length; at++) if (bytes[at] === LF) lines++
  return lines
}

function changed({ name }: Pick<PinnedFile, 'name'>, why: string): ShoalError {
  return new ShoalError('SHARD_CHANGED', `${name} changed while the job ran`, {
    why,
    try: [
      'submit again, over files that no longer change',
      `shoal data freeze ${name.split('/')[0]}   then submit with --input NAME@SNAPSHOT`,
    ],
  })
}
