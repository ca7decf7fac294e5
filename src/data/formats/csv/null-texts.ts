import { byteOf, isSingleByte } from '../text/encodings.ts'

/** What stands for null in the fields of a file, quotes and escapes included. */
export class NullTexts {
  readonly isEmpty: boolean
  readonly #texts: ReadonlySet<string>
  /** Whether one has this length: cheaper to know of each field than its hash. */
  readonly #lengths: readonly boolean[]

  constructor(texts: readonly string[]) {
    this.isEmpty = texts.length === 0
    this.#texts = new Set(texts)
    const longest = Math.max(-1, ...texts.map((text) => text.length))
    this.#lengths = Array.from({ length: longest + 1 }, (_, length) => texts.some((text) => text.length === length))
  }

  has(text: string): boolean {
    return this.#lengths[text.length] === true && this.#texts.has(text)
  }

  /** The same of a part of a text, without cutting it out as a rule. */
  hasPart(text: string, start: number, end: number): boolean {
    return this.#lengths[end - start] === true && this.#texts.has(text.slice(start, end))
  }
}

/** The same for text in which each character stands for a byte of a file in this encoding. */
export function nullTextsAsBytes(texts: readonly string[], encoding: string): NullTexts {
  if (!isSingleByte(encoding)) return new NullTexts(texts.map((text) => Buffer.from(text, 'utf8').toString('latin1')))
  const bytes = texts.map((text) => Array.from(text, (character) => byteOf(character, encoding)))
  // What has no form in the encoding stands in no such file.
  return new NullTexts(
    bytes.filter((all) => !all.includes(null)).map((all) => String.fromCharCode(...(all as number[]))),
  )
}
