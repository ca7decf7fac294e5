/** Small files of a home in their kept form: what comes back is what was written, or it is known to be damaged. */
import { ShoalError } from '../../core/errors.ts'
import type { JobId } from '../../core/types.ts'
import { fromKept, toKept } from '../../kept/form.ts'
import type { Disk } from '../../ports.ts'
import type { Damage } from './damage.ts'

/** Resolves when it is on disk, whole. */
export function putKept(disk: Disk, name: string, content: Uint8Array): Promise<void> {
  return disk.put(name, toKept(content))
}

/** null where there is no such file. Rejects with DAMAGED, naming the file, where it is not what was written. */
export async function getKept(disk: Disk, name: string): Promise<Uint8Array | null> {
  let bytes: Uint8Array | null
  try {
    bytes = await disk.get(name)
  } catch (error) {
    // A sector that cannot be read any more.
    if ((error as NodeJS.ErrnoException).code === 'EIO') throw damagedFile(disk, name, error)
    throw error
  }
  if (bytes === null) return null
  const content = fromKept(bytes)
  if (content === null) throw damagedFile(disk, name)
  return content
}

/** The same for a file without which the node goes on: that it is damaged, and `what` that means, is told to `damage`. */
export async function getOrTell(
  disk: Disk,
  damage: Damage,
  name: string,
  what: string,
  job: JobId | null,
): Promise<Uint8Array | null | 'damaged'> {
  try {
    return await getKept(disk, name)
  } catch (error) {
    if (!isDamaged(error)) throw error
    damage.found(name, what, job)
    return 'damaged'
  }
}

/** Bytes of a file as text, without a copy of them. */
export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()
}

export function isDamaged(error: unknown): error is ShoalError {
  return error instanceof ShoalError && error.code === 'DAMAGED'
}

function damagedFile(disk: Disk, name: string, cause?: unknown): ShoalError {
  return new ShoalError('DAMAGED', `${disk.path(name)} is damaged`, {
    why: cause === undefined ? 'its checksum does not fit its content' : 'it cannot be read',
    cause,
  })
}
