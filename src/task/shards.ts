/** A task's shard files. Small ones are read ahead, several at once: to await each of them costs more than to read it. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { LIMITS } from '../core/limits.ts'
import type { Bytes } from '../core/types.ts'
import type { SplitWork } from '../core/plan/work.ts'
import { factsOf, type FileFacts, PACK_FILE, type PackedFile } from './protocol.ts'
import type { Progress } from './reporter.ts'
import { cannotOpen, checkFacts, endsEarly, openShard, READ, type ShardFile } from './shard-file.ts'

/** A small file, or why it could not be read. */
type Ahead = { readonly file: ShardFile } | { readonly error: unknown }

export class Shards {
  readonly #folder: string
  readonly #splits: readonly SplitWork[]
  readonly #reporter: Progress
  readonly #packed: ReadonlyMap<string, PackedFile>
  readonly #ahead = new Map<SplitWork, Ahead>()
  #next = 0

  constructor(
    { folder, packed, reporter }: { folder: string; packed: readonly PackedFile[]; reporter: Progress },
    splits: readonly SplitWork[],
  ) {
    this.#folder = folder
    this.#splits = splits
    this.#reporter = reporter
    this.#packed = new Map(packed.map((file) => [file.name, file]))
  }

  /**
   * Called before the work on a split. If the split is small and has not been read yet, it is read now, and with it the
   * small ones that follow. The time this takes counts as Shoal's own, however slow the disk is. If a file cannot be
   * read, `open` throws why when its turn comes.
   */
  readAhead(split: SplitWork): void {
    if (!isSmall(split) || this.#ahead.has(split)) return
    this.#reporter.enter('own')
    this.#next = this.#splits.indexOf(split, this.#next)
    let bytes = 0
    for (let count = 0; count < LIMITS.aheadFilesMax && bytes < LIMITS.aheadBytes; count++) {
      const small = this.#splits[this.#next]
      if (small === undefined || !isSmall(small)) return
      this.#ahead.set(small, this.#readWhole(small))
      bytes += small.size
      this.#next++
    }
  }

  /** @throws TaskFailure SHARD_CHANGED, see `openShard` */
  open(split: SplitWork): ShardFile | Promise<ShardFile> {
    const ahead = this.#ahead.get(split)
    if (ahead === undefined) return openShard(this.#folder, split)
    this.#ahead.delete(split)
    if ('error' in ahead) throw ahead.error
    return ahead.file
  }

  #readWhole(split: SplitWork): Ahead {
    const packed = this.#packed.get(split.file)
    let file: number
    try {
      file = openSync(join(this.#folder, packed === undefined ? split.file : PACK_FILE), READ)
    } catch (error) {
      return { error: cannotOpen(split, error) }
    }
    try {
      const facts = (): FileFacts => packed ?? factsOf(fstatSync(file, { bigint: true }))
      checkFacts(split, facts())
      const bytes = Buffer.allocUnsafeSlow(split.size)
      readFully(file, split, packed?.at ?? 0, bytes)
      checkFacts(split, facts())
      const read = (offset: number, length: number): Uint8Array => bytes.subarray(offset, offset + length)
      return { file: { size: split.size, read, check: () => Promise.resolve(), close: () => Promise.resolve() } }
    } catch (error) {
      return { error }
    } finally {
      closeSync(file)
    }
  }
}

/** A file that came over a stream is never read whole: there are only pieces of it here. */
function isSmall({ size, spool }: SplitWork): boolean {
  return size <= LIMITS.smallFileBytes && spool === undefined
}

function readFully(file: number, split: SplitWork, from: Bytes, bytes: Buffer): void {
  for (let at = 0; at < bytes.length;) {
    const got = readSync(file, bytes, at, bytes.length - at, from + at)
    if (got === 0) throw endsEarly(split, at)
    at += got
  }
}
