/**
 * The Disk port in memory, for the simulator and for tests. Every operation is atomic: what has resolved survives, what
 * is under way when `crash` is called never happened. Faults come from outside: `fault` may throw before any operation.
 */
import { concat } from 'uint8arrays/concat'
import { assert } from '../../core/errors.ts'
import type { Bytes } from '../../core/types.ts'
import type { Disk, DiskWriter, OpenFile } from '../../ports.ts'

export type DiskOperation = 'put' | 'get' | 'adopt' | 'append' | 'write' | 'commit' | 'read' | 'remove'

export interface MemoryDiskOptions {
  /** Throws what the operation shall reject with (for example an Error with `code` ENOSPC). */
  readonly fault?: (operation: DiskOperation, name: string) => void
}

/** An error as the file system gives it. */
export function systemError(code: string, name: string): Error {
  return Object.assign(new Error(`${code}: ${name}`), { code, syscall: 'open' })
}

const HOME = '/memory'

export class MemoryDisk implements Disk {
  readonly #files = new Map<string, Uint8Array>()
  /** Files outside the home, by absolute path: what a task process left, to be adopted. */
  readonly #outside = new Map<string, Uint8Array>()
  readonly #fault: (operation: DiskOperation, name: string) => void
  /** Raised by `crash`: an operation begun before it does nothing any more. */
  #life = 0

  constructor(options: MemoryDiskOptions = {}) {
    this.#fault = options.fault ?? ((): void => undefined)
  }

  /** Puts a file where `adopt` will find it. */
  leave(path: string, bytes: Uint8Array): void {
    this.#outside.set(path, bytes.slice())
  }

  /** The process dies: operations under way never happened, and what was left outside is gone. */
  crash(): void {
    this.#life++
    this.#outside.clear()
  }

  /** A bit flip, for tests of damage: replaces a file's bytes without any trace. */
  damage(name: string, change: (bytes: Uint8Array) => Uint8Array): void {
    this.#files.set(name, change(this.#existing(name).slice()).slice())
  }

  path(name: string): string {
    assertName(name)
    return `${HOME}/${name}`
  }

  async put(name: string, bytes: Uint8Array): Promise<void> {
    const copy = bytes.slice()
    await this.#change('put', name, () => void this.#files.set(name, copy))
  }

  async get(name: string): Promise<Uint8Array | null> {
    assertName(name)
    await Promise.resolve()
    this.#fault('get', name)
    return this.#files.get(name)?.slice() ?? null
  }

  async adopt(from: string, name: string, size: Bytes): Promise<void> {
    await this.#change('adopt', name, () => {
      const own = from.startsWith(`${HOME}/`) ? from.slice(HOME.length + 1) : null
      const bytes = own === null ? this.#outside.get(from) : this.#files.get(own)
      if (bytes === undefined) throw systemError('ENOENT', from)
      if (bytes.length !== size) {
        throw new Error(`${from} cannot be adopted: it should be a file of ${size} bytes, and has ${bytes.length}`)
      }
      if (own === null) this.#outside.delete(from)
      else this.#files.delete(own)
      this.#files.set(name, bytes)
    })
  }

  async append(name: string, bytes: Uint8Array): Promise<void> {
    const added = bytes.slice()
    await this.#change('append', name, () => {
      this.#files.set(name, concat([this.#files.get(name) ?? new Uint8Array(), added]))
    })
  }

  open(name: string): OpenFile {
    const bytes = this.#existing(name)
    return { read: (offset, length) => bytes.subarray(offset, offset + length), close: (): void => undefined }
  }

  async create(name: string): Promise<DiskWriter> {
    assertName(name)
    await Promise.resolve()
    const chunks: Uint8Array[] = []
    let open = true
    return {
      write: async (bytes): Promise<void> => {
        assert(open, 'nothing is written after commit or discard')
        await Promise.resolve()
        this.#fault('write', name)
        chunks.push(bytes.slice())
      },
      commit: async (): Promise<void> => {
        assert(open, 'a file is committed once')
        await this.#change('commit', name, () => void this.#files.set(name, concat(chunks)))
        open = false
      },
      discard: async (): Promise<void> => {
        open = false
        await Promise.resolve()
      },
    }
  }

  async read(name: string, offset: Bytes, length: Bytes): Promise<Uint8Array> {
    assertName(name)
    await Promise.resolve()
    this.#fault('read', name)
    return this.#existing(name).slice(offset, offset + length)
  }

  async size(name: string): Promise<Bytes | null> {
    assertName(name)
    await Promise.resolve()
    return this.#files.get(name)?.length ?? null
  }

  async list(folder: string): Promise<string[]> {
    if (folder !== '') assertName(folder)
    await Promise.resolve()
    const prefix = folder === '' ? '' : `${folder}/`
    const names = [...this.#files.keys()].filter((name) => name.startsWith(prefix))
    return [...new Set(names.map((name) => name.slice(prefix.length).split('/', 1)[0] ?? ''))].toSorted()
  }

  async remove(name: string): Promise<void> {
    await this.#change('remove', name, () => {
      for (const file of this.#files.keys()) {
        if (file === name || file.startsWith(`${name}/`)) this.#files.delete(file)
      }
    })
  }

  async #change(operation: DiskOperation, name: string, apply: () => void): Promise<void> {
    assertName(name)
    const life = this.#life
    await Promise.resolve()
    if (life !== this.#life) return new Promise(() => undefined)
    this.#fault(operation, name)
    apply()
  }

  #existing(name: string): Uint8Array {
    const bytes = this.#files.get(name)
    if (bytes === undefined) throw systemError('ENOENT', name)
    return bytes
  }
}

function assertName(name: string): void {
  const segments = name.split('/')
  const plain = segments.every((segment) => segment !== '' && segment !== '.' && segment !== '..')
  assert(plain && !name.includes('\0') && segments[0] !== '.tmp', `a plain relative name: ${JSON.stringify(name)}`)
}
