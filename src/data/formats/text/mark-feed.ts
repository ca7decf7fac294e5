import { ShoalError } from '../../../core/errors.ts'
import type { ByteFeed } from '../feed.ts'
import type { SplitRead } from '../reader.ts'

const MARK = Buffer.of(0xef, 0xbb, 0xbf)

/**
 * Gives a file's bytes as they are, unless they begin with the byte order mark of UTF-8 where the input says that each
 * byte is a character: then three of them, and whatever else is not ASCII, would be read as what it is not.
 * Rejects with BAD_RECORD.
 */
export class MarkFeed implements ByteFeed {
  readonly #feed: ByteFeed
  readonly #name: string
  readonly #encoding: string
  #begun = false

  constructor(feed: ByteFeed, name: string, encoding: string) {
    this.#feed = feed
    this.#name = name
    this.#encoding = encoding
  }

  async next(): Promise<Uint8Array | null> {
    const bytes = await this.#feed.next()
    if (this.#begun || bytes === null) return bytes
    this.#begun = true
    if (!MARK.equals(bytes.subarray(0, MARK.length))) return bytes
    throw new ShoalError('BAD_RECORD', `${this.#name} begins with the byte order mark of UTF-8`, {
      why: `the input says encoding: '${this.#encoding}'`,
      try: ['an input of its own, without encoding, for files in UTF-8', 'leave it out of the input'],
    })
  }

  facts(): SplitRead {
    return this.#feed.facts()
  }
}
