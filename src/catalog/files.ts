import { constants, type BigIntStats, type Dirent } from 'node:fs'
import { lstat, open, readdir, realpath, stat, type FileHandle } from 'node:fs/promises'
import { systemReason } from '../core/reason.ts'
import type { Witness } from '../core/types.ts'

/** What the catalog needs of the file system; tests hand in one that fails as they like. */
export interface Files {
  list(dir: string): Promise<Dirent<Buffer>[]>
  /** Follows links. */
  stat(path: string): Promise<BigIntStats>
  lstat(path: string): Promise<BigIntStats>
  realpath(path: string): Promise<string>
  /** For reading. Never waits, not even for the writer of a pipe that has taken a file's place. */
  open(path: string): Promise<FileHandle>
}

export const systemFiles: Files = {
  list: (dir) => readdir(dir, { encoding: 'buffer', withFileTypes: true }),
  stat: (path) => stat(path, { bigint: true }),
  lstat: (path) => lstat(path, { bigint: true }),
  realpath: (path) => realpath(path),
  open: (path) => open(path, constants.O_RDONLY | constants.O_NONBLOCK),
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
