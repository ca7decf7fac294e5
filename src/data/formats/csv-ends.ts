import type { Bytes } from '../../core/types.ts'
import type { ResolvedReadOptions } from './options.ts'
import type { RecordEnds } from './regions.ts'

const LF = 0x0a
/** Enough bytes before a chunk to recognise a delimiter (at most 4 bytes) or a byte order mark across chunks. */
const TAIL = 4

type Where = 'outside' | 'quoted' | 'after-quote'

/**
 * Finds record ends in CSV bytes where a quoted field may hold line ends. A quote opens a field only at the field's
 * very start; anywhere else in an unquoted field it is data. `csv-parse.ts` reads by the same grammar.
 */
export class CsvEnds implements RecordEnds {
  first: Bytes = 0
  last: Bytes = 0
  readonly #quote: number
  readonly #delimiter: Buffer
  readonly #bom: boolean
  #where: Where = 'outside'
  /** Offset in the feed of the chunk being scanned. */
  #base = 0
  /** Offset in the feed at which the present record begins. */
  #recordStart = 0
  #tail: Buffer = Buffer.alloc(0)

  /** `atFileStart`: the feed begins at the file's first byte, where a byte order mark may stand. */
  constructor(options: ResolvedReadOptions, atFileStart: boolean) {
    this.#quote = options.quote.charCodeAt(0)
    this.#delimiter = Buffer.from(options.delimiter, options.encoding === 'utf-8' ? 'utf8' : 'latin1')
    this.#bom = atFileStart && options.encoding === 'utf-8'
  }

  scan(chunk: Buffer): void {
    this.first = 0
    this.last = 0
    let at = 0
    while (at < chunk.length) {
      if (this.#where === 'outside') at = this.#scanOutside(chunk, at)
      else if (this.#where === 'quoted') at = this.#scanQuoted(chunk, at)
      else if (chunk[at] === this.#quote) {
        this.#where = 'quoted'
        at++
      } else this.#where = 'outside'
    }
    this.#tail = Buffer.from(
      chunk.length >= TAIL ? chunk.subarray(-TAIL) : Buffer.concat([this.#tail, chunk]).subarray(-TAIL),
    )
    this.#base += chunk.length
  }

  #scanQuoted(chunk: Buffer, at: number): number {
    const quote = chunk.indexOf(this.#quote, at)
    if (quote < 0) return chunk.length
    this.#where = 'after-quote'
    return quote + 1
  }

  /** Up to the quote that opens a field, or the chunk's end. */
  #scanOutside(chunk: Buffer, from: number): number {
    let at = from
    for (;;) {
      const quote = Number.isNaN(this.#quote) ? -1 : chunk.indexOf(this.#quote, at)
      this.#noteLineEnds(chunk, at, quote < 0 ? chunk.length : quote)
      if (quote < 0) return chunk.length
      at = quote + 1
      if (!this.#opensField(chunk, quote)) continue
      this.#where = 'quoted'
      return at
    }
  }

  #noteLineEnds(chunk: Buffer, from: number, to: number): void {
    if (from >= to) return
    const last = chunk.lastIndexOf(LF, to - 1)
    if (last < from) return
    if (this.first === 0) this.first = chunk.indexOf(LF, from) + 1
    this.last = last + 1
    this.#recordStart = this.#base + last + 1
  }

  #opensField(chunk: Buffer, quote: number): boolean {
    const position = this.#base + quote
    if (position === this.#recordStart) return true
    if (this.#bom && position === 3 && this.#isBefore(chunk, quote, BOM)) return true
    return position - this.#delimiter.length >= this.#recordStart && this.#isBefore(chunk, quote, this.#delimiter)
  }

  #isBefore(chunk: Buffer, at: number, bytes: Uint8Array): boolean {
    for (let i = 1; i <= bytes.length; i++) {
      const byte = at - i >= 0 ? chunk[at - i] : this.#tail[this.#tail.length + at - i]
      if (byte !== bytes[bytes.length - i]) return false
    }
    return true
  }
}

const BOM = Uint8Array.of(0xef, 0xbb, 0xbf)
