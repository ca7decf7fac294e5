/** What the next bytes of the stream are. */
type Expect = 'magic' | 'skippable' | 'descriptor' | 'header' | 'block' | 'body' | 'checksum'

const MAGIC = 0xfd2fb528
/** Frames of user data, 16 magics: 0x184D2A50 … 0x184D2A5F. */
const SKIPPABLE = 0x184d2a50
const BYTES: Readonly<Record<Exclude<Expect, 'header' | 'body'>, number>> = {
  magic: 4,
  skippable: 4,
  descriptor: 1,
  block: 3,
  checksum: 4,
}

/**
 * Walks the frames of a zstd stream (RFC 8878, section 3) by their headers alone, without decompressing. The decoder
 * of Node's zlib stops quietly at bytes that begin no frame; this tells of them, and of a stream that is cut short.
 */
export class ZstdFrames {
  #expect: Expect = 'magic'
  #need = BYTES.magic
  #taken: number[] = []
  #frames = 0
  #checksum = false
  #lastBlock = false

  /** Returns what is wrong with these bytes, or null. */
  scan(chunk: Uint8Array): string | null {
    for (let at = 0; at < chunk.length;) {
      if (this.#expect === 'body') {
        const step = Math.min(this.#need, chunk.length - at)
        at += step
        this.#need -= step
        if (this.#need === 0) this.#afterBody()
        continue
      }
      this.#taken.push(chunk[at]!)
      at++
      if (this.#taken.length < this.#need) continue
      const problem = this.#take(littleEndian(this.#taken))
      if (problem !== null) return problem
    }
    return null
  }

  /** Returns why the stream cannot end here, or null. */
  end(): string | null {
    if (this.#expect !== 'magic') return 'it is truncated: its last frame is not complete'
    if (this.#taken.length > 0) return `${this.#taken.length} bytes follow the last frame`
    return this.#frames === 0 ? 'it is empty: there is no frame in it' : null
  }

  #take(value: number): string | null {
    const first = this.#taken[0]!
    this.#taken = []
    switch (this.#expect) {
      case 'magic':
        if (value === MAGIC) this.#next('descriptor', BYTES.descriptor)
        else if (value >= SKIPPABLE && value <= SKIPPABLE + 15) this.#next('skippable', BYTES.skippable)
        else
          return this.#frames === 0
            ? 'it is not zstd: it begins with other bytes'
            : 'bytes that are no frame follow the last frame'
        this.#frames++
        return null
      case 'skippable':
        this.#checksum = false
        this.#lastBlock = true
        this.#body(value)
        return null
      case 'descriptor':
        this.#checksum = (first & 0x04) !== 0
        this.#next('header', headerBytes(first))
        if (this.#need === 0) this.#next('block', BYTES.block)
        return null
      case 'header':
        this.#next('block', BYTES.block)
        return null
      case 'block':
        return this.#takeBlock(value)
      case 'checksum':
        this.#next('magic', BYTES.magic)
        return null
      case 'body':
        return null
    }
  }

  #takeBlock(value: number): string | null {
    this.#lastBlock = (value & 1) === 1
    const kind = (value >> 1) & 3
    if (kind === 3) return 'a block is of a kind that does not exist'
    this.#body(kind === 1 ? 1 : value >> 3)
    return null
  }

  #body(bytes: number): void {
    this.#next('body', bytes)
    if (bytes === 0) this.#afterBody()
  }

  #afterBody(): void {
    if (!this.#lastBlock) this.#next('block', BYTES.block)
    else if (this.#checksum) this.#next('checksum', BYTES.checksum)
    else this.#next('magic', BYTES.magic)
  }

  #next(expect: Expect, need: number): void {
    this.#expect = expect
    this.#need = need
  }
}

/** Length of the frame header after its descriptor byte: window, dictionary id, content size. */
function headerBytes(descriptor: number): number {
  const singleSegment = (descriptor & 0x20) !== 0
  const dictionary = [0, 1, 2, 4][descriptor & 3]!
  const sizeFlag = descriptor >> 6
  const contentSize = sizeFlag === 0 ? (singleSegment ? 1 : 0) : 1 << sizeFlag
  return (singleSegment ? 0 : 1) + dictionary + contentSize
}

function littleEndian(bytes: readonly number[]): number {
  let value = 0
  for (let i = Math.min(bytes.length, 4) - 1; i >= 0; i--) value = value * 256 + bytes[i]!
  return value
}
