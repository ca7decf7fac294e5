import type { Bytes } from '../../../core/types.ts'
import { delimiterBytes, grammarOf, type Grammar } from './grammar.ts'
import type { ResolvedReadOptions } from '../options.ts'
import type { RecordEnds } from '../regions.ts'

const LF_BYTE = 0x0a
const CR_BYTE = 0x0d
const BOM = Uint8Array.of(0xef, 0xbb, 0xbf)
const NONE = new Uint8Array(0)

/** What a byte is. */
const [OTHER, QUOTE, DELIMITER, LF, CR, ESCAPE, SPACE, WIDE] = [0, 1, 2, 3, 4, 5, 6, 7]

/** Where the scan is: at a line's start, at a field's, … */
const [LINE, FIELD, UNQUOTED, QUOTED, CLOSED, QUOTED_ESCAPE, ESCAPED, ESCAPED_CR, COMMENT] = [0, 1, 2, 3, 4, 5, 6, 7, 8]
const PLACES = 9
/** Part of a delimiter of several bytes: whether it is the last of them takes more than the place to know. */
const ASK = PLACES

type Row = Readonly<Record<number, number>>

/** Where each kind of byte leads from each place. LINE follows where a line ends. */
function rowsOf({ escapeIn, anyLineEnd }: Grammar): readonly { readonly row: Row; readonly others: number }[] {
  const outside: Row = {
    [DELIMITER]: FIELD,
    [LF]: LINE,
    [CR]: anyLineEnd ? LINE : UNQUOTED,
    [ESCAPE]: escapeIn === 'all' ? ESCAPED : UNQUOTED,
  }
  // Only bytes that `trim` drops are of the kind SPACE.
  const start = { row: { ...outside, [QUOTE]: QUOTED, [SPACE]: FIELD }, others: UNQUOTED }
  const rows = []
  rows[LINE] = start
  rows[FIELD] = start
  rows[UNQUOTED] = { row: outside, others: UNQUOTED }
  rows[QUOTED] = { row: { [QUOTE]: CLOSED, [ESCAPE]: QUOTED_ESCAPE }, others: QUOTED }
  // Two quotes within a quoted field are one, and the field goes on.
  rows[CLOSED] = { row: { ...outside, [QUOTE]: QUOTED }, others: UNQUOTED }
  rows[QUOTED_ESCAPE] = { row: {}, others: QUOTED }
  rows[ESCAPED] = { row: { [CR]: ESCAPED_CR }, others: UNQUOTED }
  rows[ESCAPED_CR] = { row: { ...outside, [LF]: UNQUOTED }, others: UNQUOTED }
  rows[COMMENT] = { row: { [LF]: LINE, [CR]: anyLineEnd ? LINE : COMMENT }, others: COMMENT }
  return rows
}

/** The same for bytes, at place × 256 + byte: one look-up for each. */
function stepsOf(grammar: Grammar, delimiter: Uint8Array): Uint8Array {
  const kinds = new Uint8Array(256)
  kinds[LF_BYTE] = LF
  kinds[CR_BYTE] = CR
  for (const code of [grammar.spaceCode, grammar.tabCode]) if (!Number.isNaN(code)) kinds[code] = SPACE
  if (grammar.quote !== '') kinds[grammar.quoteCode] = QUOTE
  if (grammar.escape !== '') kinds[grammar.escapeCode] = ESCAPE
  for (const byte of delimiter) kinds[byte] = delimiter.length === 1 ? DELIMITER : WIDE
  const steps = new Uint8Array(PLACES * 256)
  for (const [place, { row, others }] of rowsOf(grammar).entries())
    for (const [byte, kind] of kinds.entries()) steps[place * 256 + byte] = kind === WIDE ? ASK : (row[kind] ?? others)
  return steps
}

/**
 * Finds record ends in CSV bytes by the grammar of `grammar.ts`; the ends of blank lines, comments and skipped
 * lines count as such. Of a CR LF that ends a record under `lineEnd: 'any'`, both end one: what a chunk ends with must
 * not depend on the next, so who reads on after a CR passes over an LF.
 */
export class CsvEnds implements RecordEnds {
  first: Bytes = 0
  last: Bytes = 0
  readonly #grammar: Grammar
  readonly #delimiter: Uint8Array
  readonly #comment: Uint8Array
  readonly #rows: ReturnType<typeof rowsOf>
  readonly #steps: Uint8Array
  #place = LINE
  /** Lines that are still to be skipped. */
  #skip: number
  #lastSkipped = LF_BYTE
  /** What may stand here, so much of which has come: the byte order mark, a comment's text; NONE otherwise. */
  #mark: Uint8Array
  #matched = 0
  /** Offset in the feed of the chunk being scanned. */
  #base: Bytes = 0
  /** Bytes of a delimiter of several that have come, the offset after them, and whether an escape stands before. */
  #wideSeen = 0
  #wideNext: Bytes = 0
  #wideEscaped = false

  /** `atFileStart`: the feed begins at the file's first byte, where a byte order mark and skipped lines may stand. */
  constructor(options: ResolvedReadOptions, atFileStart: boolean) {
    const grammar = grammarOf(options)
    this.#grammar = grammar
    this.#delimiter = delimiterBytes(options)
    this.#comment = Buffer.from(grammar.comment, 'latin1')
    this.#rows = rowsOf(grammar)
    this.#steps = stepsOf(grammar, this.#delimiter)
    this.#skip = atFileStart ? options.skipLines : 0
    this.#mark = atFileStart && options.encoding === 'utf-8' ? BOM : this.#comment
  }

  scan(chunk: Buffer): void {
    this.first = 0
    this.last = 0
    let mayJump = this.#isPlain(chunk)
    for (let at = 0; at < chunk.length;) {
      if (this.#skip > 0) at = this.#skipLine(chunk, at)
      else if (this.#mark.length > 0) at = this.#matchMark(chunk, at)
      else if (mayJump && this.#endsLines()) {
        at = this.#jump(chunk, at)
        mayJump = false
      } else at = this.#walk(chunk, at, this.#base)
    }
    this.#base += chunk.length
  }

  /** Whether no byte of the chunk can make a line end data. */
  #isPlain(chunk: Buffer): boolean {
    const { quote, quoteCode, escapeIn, escapeCode } = this.#grammar
    return (quote === '' || !chunk.includes(quoteCode)) && (escapeIn !== 'all' || !chunk.includes(escapeCode))
  }

  /** Whether a line end that comes here ends a record. */
  #endsLines(): boolean {
    return this.#steps[this.#place * 256 + LF_BYTE] === LINE
  }

  /** Goes on after the last line end of a plain chunk. */
  #jump(chunk: Buffer, from: number): number {
    const any = this.#grammar.anyLineEnd
    const last = Math.max(chunk.lastIndexOf(LF_BYTE), any ? chunk.lastIndexOf(CR_BYTE) : -1) + 1
    if (last <= from) return from
    const ends = [chunk.indexOf(LF_BYTE, from), any ? chunk.indexOf(CR_BYTE, from) : -1]
    this.#lineEnds(Math.min(...ends.filter((end) => end >= 0)) + 1)
    this.#lineEnds(last)
    return last
  }

  #lineEnds(after: number): void {
    if (this.first === 0) this.first = after
    this.last = after
    this.#place = LINE
    this.#mark = this.#comment
    this.#matched = 0
  }

  /** Byte by byte: where there are quotes at all there are many, and a search for each costs more. */
  #walk(bytes: Uint8Array, from: number, base: Bytes): number {
    const steps = this.#steps
    const stops = this.#comment.length > 0
    let place = this.#place
    for (let i = from; i < bytes.length; i++) {
      const next = steps[place * 256 + bytes[i]!]!
      if (next === ASK) {
        const { row, others } = this.#rows[place]!
        place = row[this.#wide(bytes[i]!, base + i, place === ESCAPED)] ?? others
        continue
      }
      place = next
      if (place !== LINE) continue
      this.#lineEnds(i + 1)
      if (stops) return i + 1
    }
    this.#place = place
    return bytes.length
  }

  /** Whether this byte of a delimiter of several completes one. */
  #wide(byte: number, position: Bytes, escaped: boolean): number {
    const delimiter = this.#delimiter
    // Behind a whole delimiter the next one begins anew: an escape before the former says nothing of it.
    if (this.#wideSeen > 0 && position === this.#wideNext && byte === delimiter[this.#wideSeen]) this.#wideSeen++
    else {
      this.#wideSeen = byte === delimiter[0] ? 1 : 0
      this.#wideEscaped = escaped
    }
    this.#wideNext = position + 1
    if (this.#wideSeen < delimiter.length) return OTHER
    this.#wideSeen = 0
    return this.#wideEscaped ? OTHER : DELIMITER
  }

  #skipLine(chunk: Buffer, from: number): number {
    this.#mark = NONE
    const any = this.#grammar.anyLineEnd
    for (let i = from; i < chunk.length; i++) {
      const byte = chunk[i]!
      const rest = any && byte === LF_BYTE && this.#lastSkipped === CR_BYTE
      this.#lastSkipped = byte
      if (byte !== LF_BYTE && !(any && byte === CR_BYTE)) continue
      if (!rest) this.#skip--
      this.#lineEnds(i + 1)
      return i + 1
    }
    return chunk.length
  }

  /** Compares what comes with the mark. What turns out to be none is data; it holds no line end. */
  #matchMark(chunk: Buffer, from: number): number {
    const mark = this.#mark
    let at = from
    while (at < chunk.length && this.#matched < mark.length && chunk[at] === mark[this.#matched]) {
      at++
      this.#matched++
    }
    if (this.#matched === mark.length) {
      if (mark !== BOM) this.#place = COMMENT
    } else if (at === chunk.length) return at
    else if (this.#matched > 0) this.#walk(mark.subarray(0, this.#matched), 0, this.#base + at - this.#matched)
    // A comment may stand after a byte order mark, and where none stands; but nothing of either in the other.
    this.#mark = mark === BOM && this.#matched % BOM.length === 0 ? this.#comment : NONE
    this.#matched = 0
    return at
  }
}
