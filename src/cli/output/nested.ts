/** Folders that are named by what lies in them, `country=DE/day=2026-11-01`, below that of an output. */
import { mkdir, readdir, rm, rmdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ShoalError } from '../../core/errors.ts'
import { isPartName } from './part-name.ts'
import { syncFolder } from './sink.ts'

/** The nested folders of a result that is being written. */
export class NestedFolders {
  /** By device and inode, so that what is one folder to the disk is not taken for two. */
  readonly #paths = new Map<string, string>()
  readonly #made: string[] = []
  readonly #filled = new Set<string>()

  /** Makes what is missing of a folder that gets its first record now. Each does once: its records lie side by side. */
  async add(root: string, folder: string): Promise<string> {
    let path = root
    for (const segment of segmentsOf(folder)) {
      path = join(path, segment)
      if (await isMade(path)) this.#made.push(path)
      const { dev, ino } = await stat(path, { bigint: true })
      const place = `${dev}:${ino}`
      const other = this.#paths.get(place) ?? path
      if (other !== path)
        throw new ShoalError('OUTPUT', `the folder ${path} cannot be written`, {
          why: `${other} is the same folder: names that differ only in case, or in how a letter is put together, are one there`,
          try: [
            '-o DIR/   on a disk that tells them apart',
            'one form of the values in partitionBy: toLowerCase, normalize',
          ],
        })
      this.#paths.set(place, path)
    }
    if (this.#filled.has(path))
      throw new ShoalError('OUTPUT', `the folder ${path} cannot be written`, {
        why: 'its records do not lie side by side in the result',
        try: ['partitionBy in place of { stage, folders: true }, in the job'],
      })
    this.#filled.add(path)
    return path
  }

  /** Removes what was not there before and is empty. */
  async discard(): Promise<void> {
    for (const path of this.#made.toReversed()) await rmdir(path).catch(() => {})
  }

  /** Makes all names in them durable, but not those in the folder that they are in. */
  async sync(): Promise<void> {
    for (const path of this.#paths.values()) await syncFolder(path)
  }
}

async function isMade(path: string): Promise<boolean> {
  try {
    await mkdir(path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** A job comes from anybody in the mesh. @throws ShoalError OUTPUT where a name could lead out of the folder */
function segmentsOf(folder: string): string[] {
  const segments = folder.split('/')
  if (segments.every(isFolderOfValue)) return segments
  throw new ShoalError('OUTPUT', `the folder ${JSON.stringify(folder)} cannot be written`, {
    why: 'it is not NAME=VALUE, or several of these with / between them',
  })
}

/** `day=2026-11-01` */
function isFolderOfValue(name: string): boolean {
  return /^[\p{L}\p{N}_][\p{L}\p{N}_.-]*=[^\u0000-\u001f/\\\u007f]+$/u.test(name)
}

/** Removes the parts of an earlier result in nested folders, and those of the folders that are empty then. */
export async function removeNested(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (!entry.isDirectory() || !entry.name.includes('=')) continue
    const path = join(folder, entry.name)
    await removeNested(path)
    for (const name of await readdir(path)) if (isPartName(name)) await rm(join(path, name), { force: true })
    await rmdir(path).catch(() => {})
  }
}
