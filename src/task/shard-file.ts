import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { assert, ShoalError } from '../core/errors.ts'
import type { Bytes } from '../core/types.ts'
import type { Spool, SplitWork } from '../core/plan/work.ts'
import type { RandomAccess } from '../data/formats/source.ts'
import { TaskFailure } from './failure.ts'
import { factsOf, type FileFacts, splitName } from './protocol.ts'

/** O_NONBLOCK: where a named pipe has taken a file's place, opening it must not wait for somebody to write. */
export const READ: number = constants.O_RDONLY | constants.O_NONBLOCK

/** A shard's file, checked to be the one that the snapshot saw, before its first byte and (`check`) after its last. */
export interface ShardFile extends RandomAccess {
  /** @throws TaskFailure SHARD_CHANGED */
  check(): Promise<void>
  close(): Promise<void>
}

/** @throws TaskFailure SHARD_CHANGED: gone, not readable, or another file than was pinned */
export async function openShard(folder: string, split: SplitWork): Promise<ShardFile> {
  let file: FileHandle
  try {
    file = await open(join(folder, split.file), READ)
  } catch (error) {
    throw cannotOpen(split, error)
  }
  const check = async (): Promise<void> => checkFacts(split, factsOf(await file.stat({ bigint: true })))
  try {
    await check()
  } catch (error) {
    await file.close()
    throw error
  }
  let buffer = Buffer.alloc(0)
  const read = async (offset: number, length: number): Promise<Uint8Array> => {
    const wanted = Math.max(0, Math.min(length, split.size - offset))
    const at = split.spool === undefined ? offset : placeInSpool(split.spool, offset, wanted)
    if (buffer.length < wanted) buffer = Buffer.allocUnsafeSlow(wanted)
    let got = 0
    while (got < wanted) {
      const { bytesRead } = await file.read(buffer, got, wanted - got, at + got)
      if (bytesRead === 0) throw endsEarly(split, offset + got)
      got += bytesRead
    }
    return buffer.subarray(0, wanted)
  }
  return { size: split.size, read, check, close: () => file.close() }
}

/** Where bytes of the shard lie in the file of its pieces, which has all that the split's reader ever asks for. */
function placeInSpool({ pieces }: Spool, offset: number, length: number): number {
  let before = 0
  for (const piece of pieces) {
    if (offset >= piece.offset && offset + length <= piece.offset + piece.length) return before + offset - piece.offset
    before += piece.length
  }
  assert(length === 0, `bytes ${offset} to ${offset + length} of a shard did not come with its split`)
  return before
}

/** What was opened is the file that the snapshot saw. @throws TaskFailure SHARD_CHANGED */
export function checkFacts(split: SplitWork, { size, witness }: FileFacts): void {
  if (split.spool !== undefined) return
  const name = splitName(split)
  if (size !== split.size) throw changed(name, `size ${split.size} → ${size}`)
  if (split.witness !== '' && split.witness !== witness) throw changed(name, whatChanged(split.witness, witness))
}

export function cannotOpen(split: SplitWork, error: unknown): TaskFailure {
  return changed(splitName(split), `it cannot be opened any more (${(error as NodeJS.ErrnoException).code})`)
}

export function endsEarly(split: SplitWork, at: Bytes): TaskFailure {
  return changed(splitName(split), `it ends at ${at} instead of ${split.size}`)
}

function changed(name: string, why: string): TaskFailure {
  const error = new ShoalError('SHARD_CHANGED', `${name} changed while the job ran`, {
    why,
    try: [
      'submit again, over files that no longer change',
      `shoal data freeze ${name.split('/')[0]}   then submit with --input NAME@SNAPSHOT`,
    ],
  })
  return new TaskFailure('input', error, name)
}

function whatChanged(before: string, after: string): string {
  const names = ['device', 'inode', 'modification time', 'change time']
  const now = after.split(':')
  const at = before.split(':').findIndex((part, i) => part !== now[i])
  return at === 2 || at === 3 ? `its ${names[at]} changed` : 'another file has taken its place'
}
