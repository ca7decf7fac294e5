/**
 * The Disk port over `node:fs`. Nothing is spoken of before it is durable: a file is written under a temporary name,
 * fsynced, renamed, and its folder fsynced. Errors of the system (ENOSPC, EIO, EACCES …) reject with their `code`.
 */
import { closeSync, constants, openSync, readSync, statSync } from 'node:fs'
import { chmod, readdir, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { assert } from '../../core/errors.ts'
import type { Bytes } from '../../core/types.ts'
import type { Disk, DiskWriter, OpenFile } from '../../ports.ts'
import { AppendLog } from './append-log.ts'
import { codeOf, FILE_MODE, FOLDER_MODE } from './durable.ts'
import { Folders } from './folders.ts'
import { durableFlag, HomeFile } from './home-file.ts'

/** Unfinished files live here; what a crash left is removed at the next opening. No name may begin with it. */
const TEMPORARY = '.tmp'

const COPY_CHUNK = 1 << 20

/**
 * Opens a home folder, making it if need be. The caller holds the home's lock (see `lock.ts`): what an earlier process
 * left unfinished is removed here. `isNear` says whether a folder lies on a disk of this machine, see `HomeFile`.
 */
export async function openDisk(home: string, isNear: (folder: string) => Promise<boolean>): Promise<Disk> {
  const folders = new Folders(false)
  await folders.make(resolve(home))
  const root = await realpath(home)
  await chmod(root, FOLDER_MODE)
  await rm(join(root, TEMPORARY), { recursive: true, force: true })
  await folders.make(join(root, TEMPORARY))
  return new FileDisk(root, await isNear(root))
}

class FileDisk implements Disk {
  readonly #root: string
  readonly #logs = new Map<string, AppendLog>()
  /** The last `put` of a name: puts of one name land in call order. */
  readonly #puts = new Map<string, Promise<void>>()
  readonly #folders: Folders
  readonly #near: boolean
  #temporaries = 0

  constructor(root: string, near: boolean) {
    this.#root = root
    this.#near = near
    this.#folders = new Folders(near)
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
    const to = this.path(name)
    // It is made while the file is written, and waited for when that gets its name.
    this.#folders.make(dirname(to)).catch(() => undefined)
    const temporary = this.#temporary()
    const file = await this.#openNew(temporary, durableFlag(this.#near))
    try {
      try {
        await file.write(bytes)
        if (!this.#near || bytes.length === 0) await file.sync()
      } finally {
        await file.close()
      }
      await this.#folders.naming(dirname(to), () => rename(temporary, to))
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
  }

  async get(name: string): Promise<Uint8Array | null> {
    try {
      return await this.#withFile(name, async (file) => file.read(0, (await file.stat()).size))
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null
      throw error
    }
  }

  async adopt(from: string, name: string, size: Bytes): Promise<void> {
    const to = this.path(name)
    this.#folders.make(dirname(to)).catch(() => undefined)
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
    const file = await HomeFile.open(from, flags, this.#near)
    try {
      const facts = await file.stat()
      if (!facts.isFile() || facts.size !== size) {
        throw new Error(`${from} cannot be adopted: it should be a file of ${size} bytes, and has ${facts.size}`)
      }
      if ((facts.mode & 0o777) !== FILE_MODE) await file.chmod(FILE_MODE)
      await file.sync()
      await this.#folders.naming(dirname(to), () => this.#moveOrCopy(file, from, name, size))
    } finally {
      await file.close()
    }
  }

  async #moveOrCopy(file: HomeFile, from: string, name: string, size: Bytes): Promise<void> {
    try {
      await rename(from, this.path(name))
    } catch (error) {
      if (codeOf(error) !== 'EXDEV') throw error
      await this.#copy(file, name, size)
      await rm(from, { force: true })
    }
  }

  async #copy(file: HomeFile, name: string, size: Bytes): Promise<void> {
    const writer = await this.create(name)
    try {
      for (let at = 0; at < size;) {
        const chunk = await file.read(at, Math.min(COPY_CHUNK, size - at))
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
    if (log === undefined) this.#logs.set(name, (log = new AppendLog(path, this.#folders, this.#near)))
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
    // It is waited for when the file gets its name.
    this.#folders.make(dirname(to)).catch(() => undefined)
    const temporary = this.#temporary()
    return new FileWriter(await this.#openNew(temporary, 0), temporary, to, this.#folders)
  }

  #temporary(): string {
    return join(this.#root, TEMPORARY, String(++this.#temporaries))
  }

  #openNew(path: string, flags: number): Promise<HomeFile> {
    return HomeFile.open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | flags, this.#near)
  }

  async read(name: string, offset: Bytes, length: Bytes): Promise<Uint8Array> {
    return this.#withFile(name, async (file) => {
      const { size } = await file.stat()
      return file.read(offset, Math.max(0, Math.min(length, size - offset)))
    })
  }

  async size(name: string): Promise<Bytes | null> {
    try {
      return (this.#near ? statSync(this.path(name)) : await stat(this.path(name))).size
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
    const aside = this.#temporary()
    this.#folders.forget(this.path(name))
    try {
      await rename(this.path(name), aside)
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return
      throw error
    }
    await rm(aside, { recursive: true, force: true })
  }

  async #withFile<T>(name: string, use: (file: HomeFile) => Promise<T>): Promise<T> {
    const file = await HomeFile.open(this.path(name), constants.O_RDONLY, this.#near)
    try {
      return await use(file)
    } finally {
      await file.close()
    }
  }
}

class FileWriter implements DiskWriter {
  readonly #file: HomeFile
  readonly #temporary: string
  readonly #to: string
  readonly #folders: Folders
  #open = true

  constructor(file: HomeFile, temporary: string, to: string, folders: Folders) {
    this.#file = file
    this.#temporary = temporary
    this.#to = to
    this.#folders = folders
  }

  async write(bytes: Uint8Array): Promise<void> {
    assert(this.#open, 'nothing is written after commit or discard')
    await this.#file.write(bytes)
  }

  async commit(): Promise<void> {
    assert(this.#open, 'a file is committed once')
    await this.#file.sync()
    this.#open = false
    await this.#file.close()
    await this.#folders.naming(dirname(this.#to), () => rename(this.#temporary, this.#to))
  }

  async discard(): Promise<void> {
    if (this.#open) await this.#file.close()
    this.#open = false
    await rm(this.#temporary, { force: true })
  }
}

function assertName(name: string): void {
  const segments = name.split('/')
  const plain = segments.every((segment) => segment !== '' && segment !== '.' && segment !== '..')
  assert(plain && !name.includes('\0') && segments[0] !== TEMPORARY, `a plain relative name: ${JSON.stringify(name)}`)
}
