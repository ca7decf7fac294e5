import { closeSync, fstatSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { SpillFiles, SpillInput, SpillOutput } from '../data/spill.ts'

/** Writes are gathered up to this size. */
const WRITE_BYTES = 256 * 1024

/** Files of one folder in the slot, synchronous and not synced: the node syncs what it takes over. */
export function slotFiles(folder: string): SpillFiles {
  return {
    create: (name) => createFile(join(folder, name)),
    open: (name) => openFile(join(folder, name)),
    remove: (name) => unlinkSync(join(folder, name)),
  }
}

function createFile(path: string): SpillOutput {
  const file = openSync(path, 'wx')
  const buffer = Buffer.allocUnsafeSlow(WRITE_BYTES)
  let held = 0
  let size = 0
  const put = (bytes: Uint8Array, length: number): void => {
    for (let at = 0; at < length;) at += writeSync(file, bytes, at, length - at)
  }
  return {
    write: (bytes) => {
      size += bytes.length
      if (held + bytes.length > WRITE_BYTES) {
        put(buffer, held)
        held = 0
      }
      if (bytes.length >= WRITE_BYTES) return put(bytes, bytes.length)
      buffer.set(bytes, held)
      held += bytes.length
    },
    close: () => {
      try {
        put(buffer, held)
      } finally {
        closeSync(file)
      }
      return size
    },
  }
}

/** Opens a file for reading anywhere; `read` reuses one buffer. */
export function openFile(path: string): SpillInput & { readonly size: number } {
  const file = openSync(path, 'r')
  let buffer = Buffer.allocUnsafeSlow(64 * 1024)
  return {
    size: fstatSync(file).size,
    read: (offset, length) => {
      if (buffer.length < length) buffer = Buffer.allocUnsafeSlow(Math.max(length, buffer.length * 2))
      let got = 0
      while (got < length) {
        const n = readSync(file, buffer, got, length - got, offset + got)
        if (n === 0) break
        got += n
      }
      return buffer.subarray(0, got)
    },
    close: () => closeSync(file),
  }
}
