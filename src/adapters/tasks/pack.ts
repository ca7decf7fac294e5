import { type BigIntStats, close, closeSync, constants, fstat, fstatSync, open as openFile, read } from 'node:fs'
import { open } from 'node:fs/promises'
import { promisify } from 'node:util'
import { LIMITS } from '../../core/limits.ts'
import type { Bytes } from '../../core/types.ts'
import type { TaskFile } from '../../ports.ts'
import { factsOf, type PackedFile } from '../../task/protocol.ts'

/** Files that are read side by side. */
const READS = 8

/**
 * Copies small files one behind the other into one, for a task to read from there. A link for each would cost more than
 * reading the file: of ext4, that passes over inodes that were freed within seconds, half a millisecond.
 *
 * With each goes what the system said of it before its first byte was read, and said again after its last: it is as good
 * as having opened it. What cannot be read so is not in the answer, and the task, by its link, will say why.
 */
export async function packFiles(files: readonly TaskFile[], pack: string): Promise<PackedFile[]> {
  const read = new Array<Read | null>(files.length).fill(null)
  let next = 0
  const reader = async (): Promise<void> => {
    for (let i = next++; i < files.length; i = next++) read[i] = await readWhole(files[i]!)
  }
  await Promise.all(Array.from({ length: READS }, reader))
  const packed: PackedFile[] = []
  const bytes: Uint8Array[] = []
  let at = 0
  for (const one of read) {
    if (one === null) continue
    packed.push({ ...one.facts, at })
    bytes.push(one.bytes)
    at += one.bytes.length
  }
  const file = await open(pack, 'wx', 0o600)
  try {
    for (let i = 0; i < bytes.length; i += WRITE) await file.writeFile(Buffer.concat(bytes.slice(i, i + WRITE)))
  } finally {
    await file.close()
  }
  return packed
}

/** Pieces that are written at once. */
const WRITE = 64

/** Those of the files that are worth it, if they are several. */
export function smallOnes(files: readonly TaskFile[]): readonly TaskFile[] {
  const small = files.filter(({ size }) => size !== undefined && size <= LIMITS.packedFileBytes)
  return small.length < LIMITS.packedFilesMin ? [] : small
}

interface Read {
  readonly facts: Omit<PackedFile, 'at'>
  readonly bytes: Uint8Array
}

const opened = promisify(openFile)
const statOf = promisify(fstat) as (file: number, options: { bigint: true }) => Promise<BigIntStats>
const readAt = promisify(read)
const closed = promisify(close)

async function readWhole({ name, path, size, near }: TaskFile): Promise<Read | null> {
  let file: number
  try {
    // It does not wait for the writer of a pipe that has taken a file's place.
    file = await opened(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch {
    return null
  }
  try {
    const look = (): BigIntStats | Promise<BigIntStats> =>
      near === true ? fstatSync(file, { bigint: true }) : statOf(file, { bigint: true })
    const before = await look()
    if (!before.isFile() || before.size !== BigInt(size as Bytes)) return null
    const bytes = Buffer.allocUnsafeSlow(size as Bytes)
    for (let at = 0; at < bytes.length;) {
      const { bytesRead } = await readAt(file, bytes, at, bytes.length - at, at)
      if (bytesRead === 0) return null
      at += bytesRead
    }
    const facts = factsOf(before)
    const after = factsOf(await look())
    return facts.witness === after.witness && facts.size === after.size ? { facts: { name, ...facts }, bytes } : null
  } catch {
    return null
  } finally {
    if (near === true) closeSync(file)
    else await closed(file).catch(() => undefined)
  }
}
