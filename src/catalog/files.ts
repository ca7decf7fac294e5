import {
  close,
  closeSync,
  constants,
  fstat,
  fstatSync,
  open,
  openSync,
  read,
  stat,
  type BigIntStats,
  type Dirent,
} from 'node:fs'
import { lstat, readdir, realpath } from 'node:fs/promises'
import { systemReason } from '../words/reason.ts'
import type { Witness } from '../core/types.ts'

/** What the catalog needs of the file system; tests hand in one that fails as they like. */
export interface Files {
  list(dir: string): Promise<Dirent<Buffer>[]>
  /** Follows links. */
  stat(path: string): Promise<BigIntStats>
  lstat(path: string): Promise<BigIntStats>
  realpath(path: string): Promise<string>
  /**
   * For reading. Never waits, not even for the writer of a pipe that has taken a file's place. `near`: it lies on a disk
   * of this machine, see `OfferedRoot.isNear`, and was looked at just before: then it is opened at once, in the tenth of
   * the time that Node's pool takes.
   */
  open(path: string, near?: boolean): Promise<OpenedFile>
}

/** As much of a FileHandle as is used here. Whoever has opened one closes it. */
export interface OpenedFile {
  stat(): Promise<BigIntStats>
  read(bytes: Uint8Array, at: number, length: number, offset: number): Promise<{ readonly bytesRead: number }>
  close(): Promise<void>
}

/** What is done for each of many thousand files, by the callbacks of `node:fs`: a third less work than its promises. */
function called<T>(ask: (done: (error: Error | null, answer: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => ask((error, answer) => (error === null ? resolve(answer) : reject(error))))
}

async function promised<T>(work: () => T): Promise<T> {
  return work()
}

class SystemFile implements OpenedFile {
  readonly #file: number
  /** What the system knows of an open file on a disk of its own is in memory: asking does not wait, and costs a tenth. */
  readonly #near: boolean

  constructor(file: number, near: boolean) {
    this.#file = file
    this.#near = near
  }

  stat(): Promise<BigIntStats> {
    if (this.#near) return promised(() => fstatSync(this.#file, { bigint: true }))
    return called((done) => fstat(this.#file, { bigint: true }, done))
  }

  read(bytes: Uint8Array, at: number, length: number, offset: number): Promise<{ readonly bytesRead: number }> {
    return called((done) =>
      read(this.#file, bytes, at, length, offset, (error, bytesRead) => done(error, { bytesRead })),
    )
  }

  close(): Promise<void> {
    if (this.#near) return promised(() => closeSync(this.#file))
    return called((done) => close(this.#file, (error) => done(error ?? null)))
  }
}

const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK

export const systemFiles: Files = {
  list: (dir) => readdir(dir, { encoding: 'buffer', withFileTypes: true }),
  stat: (path) => called((done) => stat(path, { bigint: true }, done)),
  lstat: (path) => lstat(path, { bigint: true }),
  realpath: (path) => realpath(path),
  open: async (path, near = false) =>
    new SystemFile(near ? openSync(path, FLAGS) : await called<number>((done) => open(path, FLAGS, done)), near),
}

export function witnessOf(facts: BigIntStats): Witness {
  return {
    dev: String(facts.dev),
    ino: String(facts.ino),
    mtimeNs: String(facts.mtimeNs),
    ctimeNs: String(facts.ctimeNs),
  }
}

/** A failure that the system reports (EACCES, EIO …), as people read it; null for any other error. */
export function systemFailure(error: unknown): string | null {
  return error instanceof Error && 'syscall' in error ? systemReason(error) : null
}

/** Whether the file or a folder above it is gone. */
export function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
}
