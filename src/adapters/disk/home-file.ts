import {
  close,
  closeSync,
  constants,
  fchmod,
  fdatasync,
  fstat,
  fstatSync,
  fsync,
  ftruncate,
  open,
  openSync,
  read,
  type Stats,
  write,
} from 'node:fs'
import { promisify } from 'node:util'
import type { Bytes } from '../../core/types.ts'
import { FILE_MODE } from './durable.ts'

const calls = {
  open: promisify(open),
  close: promisify(close),
  stat: promisify(fstat) as (file: number) => Promise<Stats>,
  chmod: promisify(fchmod),
  sync: promisify(fsync),
  datasync: promisify(fdatasync),
  truncate: promisify(ftruncate),
  read: promisify(read),
  write: promisify(write),
}

/**
 * An open file or folder of a home. `near`, the home lies on a disk of this machine: then to open what is there, to look at
 * it and to close it are done at once, in microseconds, where Node's pool of threads takes ten times as much of a
 * processor. What waits for the disk, or makes names, goes through the pool.
 */
export class HomeFile {
  readonly #file: number
  readonly #near: boolean

  private constructor(file: number, near: boolean) {
    this.#file = file
    this.#near = near
  }

  static async open(path: string, flags: number, near: boolean): Promise<HomeFile> {
    const atOnce = near && (flags & constants.O_CREAT) === 0
    return new HomeFile(atOnce ? openSync(path, flags) : await calls.open(path, flags, FILE_MODE), near)
  }

  async close(): Promise<void> {
    if (this.#near) closeSync(this.#file)
    else await calls.close(this.#file)
  }

  async stat(): Promise<Stats> {
    return this.#near ? fstatSync(this.#file) : calls.stat(this.#file)
  }

  chmod(mode: number): Promise<void> {
    return calls.chmod(this.#file, mode)
  }

  sync(): Promise<void> {
    return calls.sync(this.#file)
  }

  datasync(): Promise<void> {
    return calls.datasync(this.#file)
  }

  truncate(length: Bytes): Promise<void> {
    return calls.truncate(this.#file, length)
  }

  /** Writes all bytes at the file's position, or at `position`: a single write may be short. */
  async write(bytes: Uint8Array, position: Bytes | null = null): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      const at = position === null ? null : position + done
      const { bytesWritten } = await calls.write(this.#file, bytes, done, bytes.length - done, at)
      done += bytesWritten
    }
  }

  /** Short only at the end of the file. */
  async read(offset: Bytes, length: Bytes): Promise<Uint8Array> {
    const bytes = new Uint8Array(length)
    let done = 0
    while (done < length) {
      const { bytesRead } = await calls.read(this.#file, bytes, done, length - done, offset + done)
      if (bytesRead === 0) break
      done += bytesRead
    }
    return done === length ? bytes : bytes.subarray(0, done)
  }
}

/** Of a file whose every write is to be on disk when it resolves. Elsewhere, and on other systems, `datasync` does that. */
export function durableFlag(near: boolean): number {
  return near ? constants.O_DSYNC : 0
}
