import type { BigIntStats } from 'node:fs'
import type { AttemptFailure } from '../ports.ts'
import type { SplitWork, Work } from '../core/plan/work.ts'
import type { Bytes, Digest, Manifest, Millis, RunRow } from '../core/types.ts'

/**
 * What node and task process say to each other: frames of a 4-byte big-endian length and JSON. Commands come on stdin,
 * messages leave on fd 3. Records never cross: they are in files.
 */
export interface StartCommand {
  readonly type: 'start'
  readonly attempt: string
  readonly code: Digest
  readonly params: Readonly<Record<string, string>>
  readonly memory: Bytes
  readonly work: Work
  /** Those files of the work that have no link in the attempt's folder: their bytes lie in the file PACK_FILE there. */
  readonly packed: readonly PackedFile[]
}

/** What the system says of a file, which changes when the file does. */
export interface FileFacts {
  readonly size: Bytes
  /** As in `SplitWork`. */
  readonly witness: string
}

/** A file that was read whole, between two looks at it that found these facts. */
export interface PackedFile extends FileFacts {
  readonly name: string
  /** Where in the pack it begins. */
  readonly at: Bytes
}

export function factsOf({ dev, ino, mtimeNs, ctimeNs, size }: BigIntStats): FileFacts {
  return { size: Number(size), witness: `${dev}:${ino}:${mtimeNs}:${ctimeNs}` }
}

export type Command = StartCommand

/** `own` time (reading, sorting, merging) does not count as time in user code. */
export type WorkPhase = 'user' | 'own'

export interface ProgressMessage {
  readonly type: 'progress'
  readonly phase: WorkPhase
  readonly units: number
  readonly records: number
  readonly bytes: Bytes
  /** What the job has written to its console since the last message. */
  readonly log: string
}

export type TaskMessage =
  | { readonly type: 'ready' }
  | ProgressMessage
  | { readonly type: 'done'; readonly manifest: Manifest; readonly rows: readonly RunRow[]; readonly log: string }
  | { readonly type: 'failed'; readonly failure: AttemptFailure; readonly log: string }

/** A manifest of 512 splits with all their samples, and 4096 rows, stay below this. */
export const FRAME_BYTES_MAX: Bytes = 32 * 1024 * 1024

export function frame(message: Command | TaskMessage): Buffer {
  const body = Buffer.from(JSON.stringify(message))
  const bytes = Buffer.allocUnsafe(4 + body.length)
  bytes.writeUInt32BE(body.length, 0)
  body.copy(bytes, 4)
  return bytes
}

/** Takes chunks as they come, gives whole messages. A frame that is too long, or no JSON, throws. */
export class FrameParser {
  #pieces: Buffer[] = []
  #held = 0
  /** Nothing is done before so many bytes are held: so the pieces of a frame are joined once, not at each of them. */
  #needed = 4

  push(chunk: Buffer): unknown[] {
    this.#pieces.push(chunk)
    this.#held += chunk.length
    if (this.#held < this.#needed) return []
    let bytes = this.#pieces.length === 1 ? chunk : Buffer.concat(this.#pieces, this.#held)
    const messages: unknown[] = []
    this.#needed = 4
    while (bytes.length >= 4) {
      const length = bytes.readUInt32BE(0)
      if (length > FRAME_BYTES_MAX) throw new RangeError('a frame that is too long')
      if (bytes.length < 4 + length) {
        this.#needed = 4 + length
        break
      }
      messages.push(JSON.parse(bytes.toString('utf8', 4, 4 + length)))
      bytes = bytes.subarray(4 + length)
    }
    this.#pieces = bytes.length === 0 ? [] : [Buffer.from(bytes)]
    this.#held = bytes.length
    return messages
  }
}

/** `dataset/path`, as messages and places name a split's file. */
export function splitName(split: SplitWork): string {
  return `${split.dataset}/${split.path}`
}

/** What a task reads, in the words of messages. */
export function inputOf(work: Work): string {
  if (work.kind === 'reduce') return `partition ${work.partition}`
  if (work.kind === 'bounds') return 'the sampled keys'
  const paths = [...new Set(work.splits.map(({ dataset, path }) => `${dataset}/${path}`))]
  return `${paths.slice(0, 3).join(', ')}${paths.length > 3 ? ` and ${paths.length - 3} more` : ''}`
}

/** Names of the links to bundle, source map and the Parquet decoder's code in a process's folder. */
export const DECODER_FILE = 'parquet.wasm'
export const BUNDLE_FILE = 'job.js'
export const SOURCE_MAP_FILE = 'job.js.map'
/** In the folder of an attempt's links, see `PackedFile`. */
export const PACK_FILE = 'pack'

/** At most so long is a pause between two looks at the clock. */
export const PROGRESS_EVERY_MS: Millis = 100
