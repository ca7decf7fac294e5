import type { Bytes } from '../../core/types.ts'
import { bytesOf } from './encodings.ts'
import type { ResolvedReadOptions } from './options.ts'
import type { RecordEnds } from './regions.ts'

const LF = 0x0a
const BOM = Uint8Array.of(0xef, 0xbb, 0xbf)
/** Enough bytes before a chunk to recognise a delimiter (at most 4 bytes) or a byte order mark across chunks. */
const TAIL = 4

/** Where the scan is. Numbers, as they are compared for each byte. */
const OUTSIDE = 0
const QUOTED = 1
const AFTER_QUOTE = 2

/**
 * Finds record ends in CSV bytes where a quoted field may hold line ends. A quote opens a field only at the field's
 * very start; anywhere else in an unquoted field it is data. `csv-parse.ts` reads by the same grammar.
 */
export class CsvEnds implements RecordEnds {
  first: Bytes = 0
  last: Bytes = 0
  /** -1: quotes have no meaning. */
  readonly #quote: number
  readonly #delimiter: Buffer
  readonly #bom: boolean
  #where = OUTSIDE
  /** Offset in the feed of the chunk being scanned. */
  #base: Bytes = 0
  /** Offset in the feed at which the present record begins. */
  #recordStart: Bytes = 0
  #tail: Buffer = Buffer.alloc(0)

  /** `atFileStart`: the feed begins at the file's first byte, where a byte order mark may stand. */
  constructor(options: ResolvedReadOptions, atFileStart: boolean) {
    this.#quote = options.quote === '' ? -1 : options.quote.charCodeAt(0)
    this.#delimiter = bytesOf(options.delimiter, options.encoding)
    this.#bom = atFileStart && options.encoding === 'utf-8'
  }

  scan(chunk: Buffer): void {
    this.first = 0
    this.last = 0
    if (this.#where === OUTSIDE && (this.#quote < 0 || !chunk.includes(this.#quote))) this.#scanPlain(chunk)
    else this.#scanQuotes(chunk)
    if (this.last > 0) this.#recordStart = this.#base + this.last
    this.#tail = Buffer.from(
      chunk.length >= TAIL ? chunk.subarray(-TAIL) : Buffer.concat([this.#tail, chunk]).subarray(-TAIL),
    )
    this.#base += chunk.length
  }

  #scanPlain(chunk: Buffer): void {
    this.last = chunk.lastIndexOf(LF) + 1
    if (this.last > 0) this.first = chunk.indexOf(LF) + 1
  }

  /** Byte by byte: where there are quotes at all there are many, and a search for each costs more. */
  #scanQuotes(chunk: Buffer): void {
    const quote = this.#quote
    let where = this.#where
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i]!
      if (where === QUOTED) {
        if (byte === quote) where = AFTER_QUOTE
        continue
      }
      if (byte === quote) {
        // Two quotes within a quoted field are one, and the field goes on.
        if (where === AFTER_QUOTE || this.#opensField(chunk, i)) where = QUOTED
        continue
      }
      where = OUTSIDE
      if (byte !== LF) continue
      if (this.first === 0) this.first = i + 1
      this.last = i + 1
    }
    this.#where = where
  }

  #opensField(chunk: Buffer, at: number): boolean {
    const position = this.#base + at
    const recordStart = this.last > 0 ? this.#base + this.last : this.#recordStart
    if (position === recordStart) return true
    if (this.#bom && position === 3 && this.#isBefore(chunk, at, BOM)) return true
    return position - this.#delimiter.length >= recordStart && this.#isBefore(chunk, at, this.#delimiter)
  }

  #isBefore(chunk: Buffer, at: number, bytes: Uint8Array): boolean {
    for (let i = 1; i <= bytes.length; i++) {
      const byte = at - i >= 0 ? chunk[at - i] : this.#tail[this.#tail.length + at - i]
      if (byte !== bytes[bytes.length - i]) return false
    }
    return true
  }
}
