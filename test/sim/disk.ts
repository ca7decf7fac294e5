/**
 * A simulated disk behind the Disk port. What has resolved survives a crash; of what is under way when the process dies
 * each write has happened, has not, or, in a log, has happened in part; what was removed shortly before may be back. It
 * fills up, it rots, it is lost.
 */
import type { Bytes } from '../../src/core/types.ts'
import type { Disk, DiskWriter, OpenFile } from '../../src/ports.ts'
import type { SimProcess } from './process.ts'
import type { Random } from './random.ts'

const HOME = '/home'
/** A file system has what changed in a folder on disk after so long by itself. */
const COMMIT_MS = 5_000

interface Pending {
  readonly apply: () => void
  /** Part of it: a torn write. */
  readonly tear: (() => void) | null
}

export class SimDisk implements Disk {
  files: Map<string, Uint8Array> = new Map()
  full = false
  /** Files that task processes left, by absolute path. */
  readonly #left = new Map<string, Uint8Array>()
  readonly #pending = new Set<Pending>()
  /** Removals of late, which no fsync has made last: a crash may undo them. */
  #removed: { readonly at: number; readonly files: readonly (readonly [string, Uint8Array])[] }[] = []
  /** Writes to one name end in the order in which they began. */
  readonly #last = new Map<string, Promise<void>>()
  readonly #process: SimProcess
  readonly #random: Random

  constructor(process: SimProcess, random: Random) {
    this.#process = process
    this.#random = random
  }

  // ---- what happens to it

  /** The process has died, or the machine: then what no fsync has made last may be undone. */
  crash(power: boolean): void {
    for (const pending of this.#pending) {
      const fate = this.#random.below(3)
      if (fate === 0) pending.apply()
      else if (fate === 1) pending.tear?.()
    }
    for (const { at, files } of this.#removed)
      if (power && this.#process.now - at < COMMIT_MS && this.#random.chance(0.3))
        for (const [name, bytes] of files) if (!this.files.has(name)) this.files.set(name, bytes)
    this.#removed = []
    this.#pending.clear()
    this.#left.clear()
    this.#last.clear()
  }

  leave(path: string, bytes: Uint8Array): void {
    this.#left.set(path, bytes)
  }

  /** Flips one bit of one file whose name has this form; says which, or null if there is none. */
  rot(pattern: RegExp): string | null {
    const names = [...this.files.keys()].filter((name) => pattern.test(name) && this.files.get(name)!.length > 0)
    if (names.length === 0) return null
    const name = this.#random.pick(names)
    const bytes = this.files.get(name)!.slice()
    const at = this.#random.below(bytes.length)
    bytes[at]! ^= 1 << this.#random.below(8)
    this.files.set(name, bytes)
    return name
  }

  /** By absolute path, as a task process reads it; null where there is nothing. */
  at(path: string): Uint8Array | null {
    return this.files.get(path.slice(HOME.length + 1)) ?? null
  }

  // ---- the port

  path(name: string): string {
    return `${HOME}/${name}`
  }

  put(name: string, bytes: Uint8Array): Promise<void> {
    const copy = bytes.slice()
    return this.#write(name, () => void this.files.set(name, copy))
  }

  append(name: string, bytes: Uint8Array): Promise<void> {
    const copy = bytes.slice()
    const add = (more: Uint8Array): void =>
      void this.files.set(name, Buffer.concat([this.files.get(name) ?? new Uint8Array(), more]))
    const part = this.#random.below(copy.length + 1)
    return this.#write(
      name,
      () => add(copy),
      () => add(copy.subarray(0, part)),
    )
  }

  /** Of what a task process left, or of this disk itself: then it is there under its new name only. */
  adopt(from: string, name: string, size: Bytes): Promise<void> {
    const bytes = this.#left.get(from) ?? this.at(from)
    if (bytes === null || bytes.length !== size) return Promise.reject(systemError('ENOENT', from))
    // To rename a file takes no room.
    const isOwn = !this.#left.has(from)
    return this.#write(
      name,
      () => {
        this.files.set(name, bytes)
        this.files.delete(from.slice(HOME.length + 1))
      },
      null,
      isOwn,
    )
  }

  create(name: string): Promise<DiskWriter> {
    const chunks: Uint8Array[] = []
    return Promise.resolve({
      write: (bytes) => {
        chunks.push(bytes.slice())
        return this.full ? Promise.reject(systemError('ENOSPC', name)) : Promise.resolve()
      },
      commit: () => {
        const whole = Buffer.concat(chunks)
        return this.#write(name, () => void this.files.set(name, whole))
      },
      discard: () => Promise.resolve(),
    })
  }

  get(name: string): Promise<Uint8Array | null> {
    return this.#read(() => this.files.get(name)?.slice() ?? null)
  }

  read(name: string, offset: Bytes, length: Bytes): Promise<Uint8Array> {
    return this.#read(() => this.#existing(name).slice(offset, offset + length))
  }

  size(name: string): Promise<Bytes | null> {
    return this.#read(() => this.files.get(name)?.length ?? null)
  }

  list(folder: string): Promise<string[]> {
    const prefix = `${folder}/`
    return this.#read(() => {
      const names = [...this.files.keys()].filter((name) => name.startsWith(prefix))
      return [...new Set(names.map((name) => name.slice(prefix.length).split('/', 1)[0]!))].sort()
    })
  }

  open(name: string): OpenFile {
    const bytes = this.#existing(name)
    return { read: (offset, length) => bytes.subarray(offset, offset + length), close: () => undefined }
  }

  remove(name: string): Promise<void> {
    return this.#write(name, () => this.#sweep(name), null, true)
  }

  #sweep(name: string): void {
    const prefix = `${name}/`
    const files = [...this.files].filter(([file]) => file === name || file.startsWith(prefix))
    for (const [file] of files) this.files.delete(file)
    if (files.length === 0) return
    const at = this.#process.now
    this.#removed = [...this.#removed.filter((one) => at - one.at < COMMIT_MS), { at, files }]
  }

  // ---- how

  #existing(name: string): Uint8Array {
    const bytes = this.files.get(name)
    if (bytes === undefined) throw systemError('ENOENT', name)
    return bytes
  }

  #read<T>(read: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#process.soon(0, 1, () => {
        try {
          resolve(read())
        } catch (error) {
          reject(error as Error)
        }
      })
    })
  }

  #write(name: string, apply: () => void, tear: (() => void) | null = null, frees: boolean = false): Promise<void> {
    const pending = { apply, tear }
    const before = this.#last.get(name) ?? Promise.resolve()
    const written = before.then(
      () =>
        new Promise<void>((resolve, reject) => {
          this.#pending.add(pending)
          this.#process.soon(1, 6, () => {
            this.#pending.delete(pending)
            if (this.full && !frees) {
              reject(systemError('ENOSPC', name))
              return
            }
            apply()
            resolve()
          })
        }),
    )
    const done = written.catch(() => undefined)
    this.#last.set(name, done)
    return written
  }
}

export function systemError(code: string, name: string): Error {
  return Object.assign(new Error(`${code}: ${name}`), { code, syscall: 'open' })
}
