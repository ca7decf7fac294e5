import { constants } from 'node:fs'
import { open, rename, rm, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { visibleLines } from '../../words/visible.ts'

const BUFFER_BYTES = 256 * 1024

/** Takes rendered pieces in order. */
export interface Sink {
  write(piece: string | Uint8Array): Promise<void> | void
}

/** Gathers small pieces into writes of about 256 KiB. */
export class BufferedSink implements Sink {
  readonly #out: (bytes: Uint8Array) => Promise<void>
  #text: string[] = []
  #length = 0

  constructor(out: (bytes: Uint8Array) => Promise<void>) {
    this.#out = out
  }

  write(piece: string | Uint8Array): Promise<void> | void {
    if (piece.length === 0) return
    if (typeof piece === 'string') {
      this.#text.push(piece)
      this.#length += piece.length
      return this.#length >= BUFFER_BYTES ? this.flush() : undefined
    }
    return this.flush().then(() => this.#out(piece))
  }

  async flush(): Promise<void> {
    if (this.#length === 0) return
    const bytes = Buffer.from(this.#text.join(''), 'utf8')
    this.#text = []
    this.#length = 0
    await this.#out(bytes)
  }
}

/** On a terminal: data must not move its cursor or colour its screen. Everywhere else the bytes are exact. */
export class TerminalSink implements Sink {
  readonly #sink: BufferedSink

  constructor(sink: BufferedSink) {
    this.#sink = sink
  }

  write(piece: string | Uint8Array): Promise<void> | void {
    return this.#sink.write(typeof piece === 'string' ? visibleLines(piece) : piece)
  }
}

/** A file that is written beside its place under a temporary name, and is there, whole, only after `place`. */
export class FileInWaiting {
  readonly path: string
  readonly sink: BufferedSink
  readonly #temporary: string
  readonly #handle: FileHandle

  private constructor(path: string, temporary: string, handle: FileHandle) {
    this.path = path
    this.#temporary = temporary
    this.#handle = handle
    this.sink = new BufferedSink(async (bytes) => {
      await this.#handle.writeFile(bytes)
    })
  }

  static async create(path: string): Promise<FileInWaiting> {
    const temporary = join(dirname(path), `.${basename(path).slice(0, 200)}.${process.pid}.tmp`)
    return new FileInWaiting(path, temporary, await open(temporary, 'w', 0o666))
  }

  /** All bytes are on disk after this; the name is still the temporary one. */
  async close(): Promise<void> {
    await this.sink.flush()
    await this.#handle.sync()
    await this.#handle.close()
  }

  async place(): Promise<void> {
    await rename(this.#temporary, this.path)
  }

  /** Leaves nothing behind; also after `close`, not after `place`. */
  async discard(): Promise<void> {
    await this.#handle.close().catch(() => {})
    await rm(this.#temporary, { force: true })
  }
}

/** Makes renames in a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
