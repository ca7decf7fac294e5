import type { ByteFeed } from '../feed.ts'
import type { SplitRead } from '../reader.ts'

const LF = 0x0a
const CR = 0x0d

/** Gives a whole file with each CR, and each CR LF, as LF: for readers of lines, to whom LF alone ends one. */
export class LineEndFeed implements ByteFeed {
  readonly #feed: ByteFeed
  /** The last chunk ended with CR, which was given as LF: an LF that follows belongs to it. */
  #afterCr = false

  constructor(feed: ByteFeed) {
    this.#feed = feed
  }

  async next(): Promise<Uint8Array | null> {
    for (;;) {
      const bytes = await this.#feed.next()
      if (bytes === null) return null
      const chunk = this.#afterCr && bytes[0] === LF ? bytes.subarray(1) : bytes
      this.#afterCr = chunk.length > 0 && chunk.at(-1) === CR
      if (chunk.length > 0) return chunk.includes(CR) ? withLineFeeds(chunk) : chunk
    }
  }

  facts(): SplitRead {
    return this.#feed.facts()
  }
}

function withLineFeeds(chunk: Uint8Array): Uint8Array {
  const result = Buffer.allocUnsafe(chunk.length)
  let length = 0
  let from = 0
  for (let cr = chunk.indexOf(CR); cr >= 0; cr = chunk.indexOf(CR, from)) {
    result.set(chunk.subarray(from, cr), length)
    length += cr - from
    result[length++] = LF
    from = chunk[cr + 1] === LF ? cr + 2 : cr + 1
  }
  result.set(chunk.subarray(from), length)
  return result.subarray(0, length + chunk.length - from)
}
