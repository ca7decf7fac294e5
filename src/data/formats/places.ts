import { LIMITS } from '../../core/limits.ts'
import type { Bytes } from '../../core/types.ts'
import { readRange } from './feed.ts'
import type { RandomAccess } from './source.ts'

const LF = 0x0a

/** Names records by their line in the whole file, though a split begins anywhere in it. */
export class Places {
  readonly #name: string
  readonly #source: RandomAccess
  readonly #start: Bytes
  #before: number | null

  /** `before`: the lines that begin before the split's first record, where they are known; else they are counted once. */
  constructor(source: RandomAccess, name: string, start: Bytes, before: number | null = null) {
    this.#name = name
    this.#source = source
    this.#start = start
    this.#before = start === 0 ? 0 : before
  }

  /** `line` counts from 1 within the split's own records. */
  place(line: number): string | Promise<string> {
    if (this.#before !== null) return `${this.#name}:${this.#before + line}`
    return this.#countBefore().then((before) => `${this.#name}:${before + line}`)
  }

  /**
   * The lines that begin before the split's first record: the LFs in [0, start), and one more if `start` falls into
   * a line, since the split begins after that one.
   */
  async #countBefore(): Promise<number> {
    if (this.#before !== null) return this.#before
    let lines = 0
    let last = LF
    for (let position = 0; position < this.#start;) {
      const length = Math.min(LIMITS.readChunkBytes, this.#start - position)
      const chunk = await readRange(this.#source, this.#name, position, length)
      for (let at = chunk.indexOf(LF); at >= 0; at = chunk.indexOf(LF, at + 1)) lines++
      last = chunk[length - 1]!
      position += length
    }
    this.#before = last === LF ? lines : lines + 1
    return this.#before
  }
}
