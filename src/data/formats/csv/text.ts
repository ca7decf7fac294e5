import type { Bytes } from '../../../core/types.ts'
import { skipLines } from './bounds.ts'
import { grammarOf, type Grammar } from './grammar.ts'
import type { ResolvedReadOptions } from '../options.ts'
import { textOf, withoutBom } from '../text/text-of.ts'

const LF = 0x0a
const CR = 0x0d

/** Whole records, blank lines and comments, as text. */
export interface CsvText {
  readonly text: string
  readonly grammar: Grammar
  /** The encoding that the text is not valid in as a whole: each character stands for a byte. null where it is. */
  readonly broken: string | null
  /** Bytes of the region that stand before the text. */
  readonly offset: Bytes
  /** Where what is to be read begins, and how many lines stand before it. */
  readonly at: number
  readonly line: number
}

/** Makes text of a file's regions, in order, and passes over the lines that are to be skipped. */
export class CsvTexts {
  readonly #options: ResolvedReadOptions
  readonly #grammar: Grammar
  readonly #byteGrammar: Grammar
  readonly #asBytes: boolean
  #atFileStart: boolean
  #skip: number
  #endedInCr = false

  /** `atFileStart`: the first region is the file's. `asBytes`: each character is to stand for a byte. */
  constructor(options: ResolvedReadOptions, atFileStart: boolean, asBytes = false) {
    this.#options = options
    this.#grammar = grammarOf(options)
    this.#byteGrammar = grammarOf(options, true)
    this.#asBytes = asBytes
    this.#atFileStart = atFileStart
    this.#skip = atFileStart ? options.skipLines : 0
  }

  /** Lines that are still to be skipped. */
  get skipping(): number {
    return this.#skip
  }

  next(region: Buffer): CsvText {
    const bytes = this.#withoutRests(region)
    const offset = region.length - bytes.length
    const { encoding } = this.#options
    const decoded = this.#asBytes ? { text: bytes.toString('latin1'), broken: true } : textOf(bytes, encoding)
    const { text: all } = decoded
    const grammar = decoded.broken ? this.#byteGrammar : this.#grammar
    // Regions end where lines do, but for the file's last.
    const text = !grammar.anyLineEnd && all.endsWith('\r') ? all.slice(0, -1) : all
    const { at, lines } = skipLines(text, this.#skip, grammar)
    this.#skip -= lines
    return { text, grammar, broken: decoded.broken ? encoding : null, offset, at, line: lines }
  }

  /** Drops a byte order mark, and an LF that goes with the CR before it, see `CsvEnds`. */
  #withoutRests(region: Buffer): Buffer {
    const afterCr = this.#endedInCr
    this.#endedInCr = this.#options.lineEnd === 'any' && region.at(-1) === CR
    if (this.#atFileStart && this.#options.encoding === 'utf-8') {
      this.#atFileStart = false
      return withoutBom(region)
    }
    return afterCr && region[0] === LF ? region.subarray(1) : region
  }
}
