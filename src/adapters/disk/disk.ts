/**
 * The Disk port over `node:fs`. Nothing is spoken of before it is durable: a file is written under a temporary name,
 * fsynced, renamed, and its folder fsynced. Errors of the system (ENOSPC, EIO, EACCES …) reject with their `code`.
 */
import { closeSync, constants, openSync, readSync } from 'node:fs'
import { chmod, open, readdir, realpath, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { assert } from '../../core/errors.ts'
import type { Bytes } from '../../core/types.ts'
import type { Disk, DiskWriter, OpenFile } from '../../ports.ts'
import { AppendLog } from './append-log.ts'
import { codeOf, FILE_MODE, FOLDER_MODE, makeFolder, syncFolder, writeAll } from './durable.ts'
import { Folders } from './folders.ts'

/** Unfinished files live here; what a crash left is removed at the next opening. No name may begin with it. */
const TEMPORARY = '.tmp'

const COPY_CHUNK = 1 << 20

/**
 * Opens a home folder, making it if need be. The caller holds the home's lock (see `lock.ts`): what an earlier process
 * left unfinished is removed here.
 */
export async function openDisk(home: string): Promise<Disk> {
  await makeFolder(resolve(home))
  const root = await realpath(home)
  await chmod(root, FOLDER_MODE)
  await rm(join(root, TEMPORARY), { recursive: true, force: true })
  await makeFolder(join(root, TEMPORARY))
  return new FileDisk(root)
}

class FileDisk implements Disk {
  readonly #root: string
  readonly #logs = new Map<string, AppendLog>()
  /** The last `put` of a name: puts of one name land in call order. */
  readonly #puts = new Map<string, Promise<void>>()
  readonly #folders = new Folders()
  #temporaries = 0

  constructor(root: string) {
    this.#root = root
  }

  path(name: string): string {
    assertName(name)
    return join(this.#root, name)
  }

  async put(name: string, bytes: Uint8Array): Promise<void> {
    const before = this.#puts.get(name)
    const mine = (before ?? Promise.resolve()).catch(() => undefined).then(() => this.#put(name, bytes))
    this.#puts.set(name, mine)
    try {
      await mine
    } finally {
      if (this.#puts.get(name) === mine) this.#puts.delete(name)
    }
  }

  async #put(name: string, bytes: Uint8Array): Promise<void> {
    const writer = await this.create(name)
    try {
      await writer.write(bytes)
      await writer.commit()
    } catch (error) {
      await writer.discard()
      throw error
    }
  }

  async get(name: string): Promise<Uint8Array | null> {
    try {
      return await this.#withFile(name, async (handle) => readRange(handle, 0, (await handle.stat()).size))
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null
      throw error
    }
  }

  async adopt(from: string, name: string, size: Bytes): Promise<void> {
    const to = this.path(name)
    const handle = await open(from, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const facts = await handle.stat()
      if (!facts.isFile() || facts.size !== size) {
        throw new Error(`${from} cannot be adopted: it should be a file of ${size} bytes, and has ${facts.size}`)
      }
      await handle.chmod(FILE_MODE)
      await handle.sync()
      await this.#folders.within(dirname(to), () => this.#moveOrCopy(handle, from, name, size))
    } finally {
      await handle.close()
    }
    await syncFolder(dirname(to))
  }

  async #moveOrCopy(handle: FileHandle, from: string, name: string, size: Bytes): Promise<void> {
    try {
      await rename(from, this.path(name))
    } catch (error) {
      if (codeOf(error) !== 'EXDEV') throw error
      await this.#copy(handle, name, size)
      await rm(from, { force: true })
    }
  }

  async #copy(handle: FileHandle, name: string, size: Bytes): Promise<void> {
    const writer = await this.create(name)
    try {
      for (let at = 0; at < size;) {
        const chunk = await readRange(handle, at, Math.min(COPY_CHUNK, size - at))
        if (chunk.length === 0) throw new Error(`${name}: its source became shorter while it was copied`)
        await writer.write(chunk)
        at += chunk.length
      }
      await writer.commit()
    } catch (error) {
      await writer.discard()
      throw error
    }
  }

  async append(name: string, bytes: Uint8Array): Promise<void> {
    const path = this.path(name)
    let log = this.#logs.get(name)
    if (log === undefined) this.#logs.set(name, (log = new AppendLog(path, this.#folders)))
    try {
      await log.append(bytes)
    } finally {
      if (log.idle && this.#logs.get(name) === log) this.#logs.delete(name)
    }
  }

  open(name: string): OpenFile {
    const file = openSync(this.path(name), constants.O_RDONLY)
    let buffer = Buffer.alloc(0)
    return {
      read: (offset, length) => {
        if (buffer.length < length) buffer = Buffer.allocUnsafeSlow(length)
        return buffer.subarray(0, readSync(file, buffer, 0, length, offset))
      },
      close: () => closeSync(file),
    }
  }

  async create(name: string): Promise<DiskWriter> {
    const to = this.path(name)
    await this.#folders.make(dirname(to))
    const temporary = join(this.#root, TEMPORARY, String(++this.#temporaries))
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL
    return new FileWriter(await open(temporary, flags, FILE_MODE), temporary, to, this.#folders)
  }

  async read(name: string, offset: Bytes, length: Bytes): Promise<Uint8Array> {
    return this.#withFile(name, async (handle) => {
      const { size } = await handle.stat()
      return readRange(handle, offset, Math.max(0, Math.min(length, size - offset)))
    })
  }

  async size(name: string): Promise<Bytes | null> {
    try {
      return (await stat(this.path(name))).size
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null
      throw error
    }
  }

  async list(folder: string): Promise<string[]> {
    try {
      const names = await readdir(folder === '' ? this.#root : this.path(folder))
      return names.filter((name) => folder !== '' || name !== TEMPORARY).toSorted()
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return []
      throw error
    }
  }

  /** The name is gone at once, whole; a crash may bring it back whole, never in part. */
  async remove(name: string): Promise<void> {
    const aside = join(this.#root, TEMPORARY, String(++this.#temporaries))
    this.#folders.forget(this.path(name))
    try {
      await rename(this.path(name), aside)
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return
      throw error
    }
    await rm(aside, { recursive: true, force: true })
  }

  async #withFile<T>(name: string, use: (handle: FileHandle) => Promise<T>): Promise<T> {
    const handle = await open(this.path(name), constants.O_RDONLY)
    try {
      return await use(handle)
    } finally {
      await handle.close()
    }
  }
}

class FileWriter implements DiskWriter {
  readonly #handle: FileHandle
  readonly #temporary: string
  readonly #to: string
  readonly #folders: Folders
  #open = true

  constructor(handle: FileHandle, temporary: string, to: string, folders: Folders) {
    this.#handle = handle
    this.#temporary = temporary
    this.#to = to
    this.#folders = folders
  }

  async write(bytes: Uint8Array): Promise<void> {
    assert(this.#open, 'nothing is written after commit or discard')
    await writeAll(this.#handle, bytes)
  }

  async commit(): Promise<void> {
    assert(this.#open, 'a file is committed once')
    await this.#handle.sync()
    this.#open = false
    await this.#handle.close()
    await this.#folders.within(dirname(this.#to), () => rename(this.#temporary, this.#to))
    await syncFolder(dirname(this.#to))
  }

  async discard(): Promise<void> {
    if (this.#open) await this.#handle.close()
    this.#open = false
    await rm(this.#temporary, { force: true })
  }
}

async function readRange(handle: FileHandle, offset: Bytes, length: Bytes): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  let done = 0
  while (done < length) {
    const { bytesRead } = await handle.read(bytes, done, length - done, offset + done)
    if (bytesRead === 0) break
    done += bytesRead
  }
  return done === length ? bytes : bytes.subarray(0, done)
}

function assertName(name: string): void {
  const segments = name.split('/')
  const plain = segments.every((segment) => segment !== '' && segment !== '.' && segment !== '..')
  assert(plain && !name.includes('\0') && segments[0] !== TEMPORARY, `a plain relative name: ${JSON.stringify(name)}`)
}
