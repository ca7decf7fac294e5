/** Files as the data plane sees them: small, synchronous, named by it alone. Who runs a task brings the real ones. */

/** The bytes `[offset, offset + length)`, fewer only at the end. What it returns may be reused by the next call. */
export type ReadAt = (offset: number, length: number) => Uint8Array

export interface SpillOutput {
  /** The bytes are not kept: they may change once this returns. */
  write(bytes: Uint8Array): void
  /** Closes the file; returns its size. */
  close(): number
}

export interface SpillInput {
  readonly read: ReadAt
  close(): void
}

/** Files in one folder. A name is used again only after `remove`. */
export interface SpillFiles {
  create(name: string): SpillOutput
  open(name: string): SpillInput
  remove(name: string): void
}

/** Files in memory, for tests and small runs. */
export class MemoryFiles implements SpillFiles {
  readonly files: Map<string, Uint8Array> = new Map()
  /** How many files were ever made. */
  created = 0

  create(name: string): SpillOutput {
    this.created++
    const pieces: Uint8Array[] = []
    return {
      write: (bytes) => void pieces.push(Uint8Array.prototype.slice.call(bytes)),
      close: () => {
        const whole = Buffer.concat(pieces)
        this.files.set(name, whole)
        return whole.byteLength
      },
    }
  }

  open(name: string): SpillInput {
    const bytes = this.files.get(name)
    if (bytes === undefined) throw new Error(`no file ${name}`)
    return { read: (offset, length) => bytes.subarray(offset, offset + length), close: () => undefined }
  }

  remove(name: string): void {
    this.files.delete(name)
  }
}
