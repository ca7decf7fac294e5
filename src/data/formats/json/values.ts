import { LIMITS } from '../../../core/limits.ts'
import type { Bytes } from '../../../core/types.ts'
import { whyNotJson } from './problem.ts'

/** Why a file cannot be read from some line on: what comes after it cannot be told apart. */
export interface JsonDamage {
  /** From 1. */
  readonly line: number
  readonly what: string
  readonly kind: 'damaged' | 'too-long' | 'second-value'
}

const [TAB, LF, CR, RS, SPACE, QUOTE, BACKSLASH] = [0x09, 0x0a, 0x0d, 0x1e, 0x20, 0x22, 0x5c]
const [COMMA, COLON, ARRAY, ARRAY_END, OBJECT, OBJECT_END] = [0x2c, 0x3a, 0x5b, 0x5d, 0x7b, 0x7d]

const SCALAR = /^(?:true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)$/

const CUT_OFF = 'a record separator (U+001E) within a value: the value is cut off'
const OPEN_STRING = 'a string does not end on its line: a quote is missing, or a line break is not written as \\n'

/** Bytes that end a word: what is none of them belongs to it, be it JSON or not. */
const ENDS_WORD = new Uint8Array(256)
for (const byte of [TAB, LF, CR, RS, SPACE, QUOTE, COMMA, COLON, ARRAY, ARRAY_END, OBJECT, OBJECT_END])
  ENDS_WORD[byte] = 1

/** What may come between values. An array that comes first is the file, and its elements are the values. */
type Expected = 'first' | 'first-element' | 'element' | 'comma' | 'nothing' | 'value'

/** What is being read. A word: a number, true, false, null, or what stands in their place. */
type Within = 'between' | 'brackets' | 'string' | 'word'

/**
 * Finds the values of a JSON file in its bytes, chunk by chunk: by brackets, quotes, commas and white space. It does
 * not look at what is between a value's brackets or quotes; who parses the values does. So that the values found are
 * all that the file holds, everything between them is checked, and a quote that is not closed is refused, since values
 * after it would be taken for its text.
 */
export class JsonValues {
  /** Where the values begin and end that ended in the last chunk, and their lines from 1. */
  starts: number[] = []
  ends: number[] = []
  lines: number[] = []
  /** The first of these began in an earlier chunk; its start is given as 0. */
  continued = false
  /** Where the value begins in the last chunk that goes on in the next one; -1 where there is none. */
  open = -1
  /** What comes after the values found. Nothing more is found then. */
  damage: JsonDamage | null = null

  #expected: Expected = 'first'
  #within: Within = 'between'
  #line = 1
  /** Of the value that is being read. */
  #start = 0
  #startLine = 1
  #bytesBefore: Bytes = 0
  #escaped = false
  #wordBefore = ''
  /** The kinds of its open brackets; it may be nested as deep as it is long. */
  #brackets = new Uint8Array(64)
  #depth = 0
  /** A value ended right before this byte: only after brackets may the next one follow at once, and only by brackets. */
  #touches: 'nothing' | 'brackets' | 'scalar' = 'nothing'

  /** null: the file ends. */
  scan(chunk: Buffer | null): void {
    this.starts = []
    this.ends = []
    this.lines = []
    this.#start = 0
    this.continued = this.#within !== 'between'
    if (chunk === null) {
      this.#end()
      return
    }
    for (let at = 0; at < chunk.length && this.damage === null;) at = this.#step(chunk, at)
    const open = this.#within !== 'between' && this.damage === null
    this.open = open ? this.#start : -1
    if (!open) return
    this.#bytesBefore += chunk.length - this.#start
    if (this.#within === 'word') this.#wordBefore += chunk.toString('latin1', this.#start)
    if (this.#bytesBefore > LIMITS.recordBytesMax) this.#tooLong()
  }

  #step(chunk: Buffer, at: number): number {
    switch (this.#within) {
      case 'between':
        return this.#between(chunk, at)
      case 'brackets':
        return this.#inBrackets(chunk, at)
      case 'string': {
        const end = this.#inString(chunk, at)
        if (end < 0) return chunk.length
        if (this.#depth === 0) return this.#found(end, 'scalar')
        this.#within = 'brackets'
        return end
      }
      case 'word':
        return this.#inWord(chunk, at)
    }
  }

  /** Up to where a value begins, or the chunk's end. */
  #between(chunk: Buffer, from: number): number {
    for (let at = from; at < chunk.length; at++) {
      const c = chunk[at]!
      if (c === LF) this.#line++
      if (c === SPACE || c === LF || c === CR || c === TAB || (c === RS && !this.#inArray())) {
        this.#touches = 'nothing'
      } else if (this.#begins(c)) {
        this.#begin(c, at)
        return at + 1
      } else if (this.damage !== null) return at
    }
    return chunk.length
  }

  #inArray(): boolean {
    return this.#expected === 'first-element' || this.#expected === 'element' || this.#expected === 'comma'
  }

  /** Whether a value begins with this byte; else it belongs to the array around the values, or is damage. */
  #begins(c: number): boolean {
    switch (this.#expected) {
      case 'first':
        if (c !== ARRAY) return this.#beginsValue(c)
        this.#expected = 'first-element'
        return false
      case 'first-element':
      case 'element':
        if (c !== ARRAY_END) return this.#beginsElement(c)
        if (this.#expected === 'element') this.#refuse('a comma before the closing bracket of the array')
        this.#expected = 'nothing'
        return false
      case 'comma':
        if (c === COMMA) this.#expected = 'element'
        else if (c === ARRAY_END) this.#expected = 'nothing'
        else if (c === OBJECT_END || c === COLON) this.#stray(c)
        else this.#refuse('a comma is missing between two elements of the array')
        return false
      case 'nothing':
        if (c === ARRAY_END || c === OBJECT_END) this.#stray(c)
        else
          this.#refuse(
            `${c === COMMA || c === COLON ? 'something' : 'a second value'} follows the array at line ${this.#line}`,
            'second-value',
          )
        return false
      case 'value':
        return this.#beginsValue(c)
    }
  }

  #beginsElement(c: number): boolean {
    if (c === RS) this.#refuse('a record separator (U+001E) within the array')
    else if (c === COMMA) this.#refuse('a comma where an element is expected')
    else if (c === OBJECT_END || c === COLON) this.#stray(c)
    return this.damage === null
  }

  #beginsValue(c: number): boolean {
    if (c === COMMA) this.#refuse('a comma between values that are in no array')
    else if (c === ARRAY_END || c === OBJECT_END || c === COLON) this.#stray(c)
    else if (this.#touches === 'scalar' || (this.#touches === 'brackets' && c !== ARRAY && c !== OBJECT))
      this.#refuse('text follows a value at once, with no white space between them')
    return this.damage === null
  }

  #stray(c: number): void {
    this.#refuse(c === COLON ? 'a colon outside of an object' : `a closing ${String.fromCharCode(c)} too many`)
  }

  #begin(c: number, at: number): void {
    if (this.#expected === 'first') this.#expected = 'value'
    this.#start = at
    this.#startLine = this.#line
    this.#bytesBefore = 0
    this.#depth = 0
    if (c === ARRAY || c === OBJECT) {
      this.#within = 'brackets'
      this.#push(c)
    } else this.#within = c === QUOTE ? 'string' : 'word'
  }

  /** From within brackets to the one that closes the value, or the chunk's end. */
  #inBrackets(chunk: Buffer, from: number): number {
    for (let at = from; at < chunk.length;) {
      const c = chunk[at++]!
      if (c === QUOTE) {
        const end = this.#inString(chunk, at)
        if (end < 0) {
          this.#within = 'string'
          return chunk.length
        }
        at = end
      } else if (c === ARRAY || c === OBJECT) this.#push(c)
      else if (c === ARRAY_END || c === OBJECT_END) {
        // In ASCII a closing bracket is 2 after the opening one.
        if (this.#brackets[--this.#depth] !== c - 2) return this.#mismatch(c, at)
        if (this.#depth === 0) return this.#found(at, 'brackets')
      } else if (c === LF) this.#line++
      else if (c === RS && this.#expected === 'value') return this.#refuse(CUT_OFF, 'damaged', at)
    }
    return chunk.length
  }

  /** From within a string to its end; -1 where that is not in this chunk. */
  #inString(chunk: Buffer, from: number): number {
    let at = from
    if (this.#escaped) {
      this.#escaped = false
      if (chunk[at] === QUOTE || chunk[at] === BACKSLASH) at++
    }
    for (; at < chunk.length; at++) {
      const c = chunk[at]!
      if (c === QUOTE) return at + 1
      if (c === BACKSLASH) {
        if (at + 1 === chunk.length) this.#escaped = true
        else if (chunk[at + 1] === QUOTE || chunk[at + 1] === BACKSLASH) at++
      } else if (c === LF || c === CR) return this.#refuse(OPEN_STRING, 'damaged', -1)
      else if (c === RS && this.#expected === 'value') return this.#refuse(CUT_OFF, 'damaged', -1)
    }
    return -1
  }

  #inWord(chunk: Buffer, from: number): number {
    let at = from
    while (at < chunk.length && ENDS_WORD[chunk[at]!] === 0) at++
    if (at < chunk.length) this.#endWord(chunk.toString('latin1', this.#start, at), at)
    return at
  }

  /** In an array commas tell any word apart as an element, good or bad; elsewhere a word that is no value may be anything. */
  #endWord(rest: string, at: number): void {
    const word = this.#wordBefore + rest
    this.#wordBefore = ''
    if (this.#expected !== 'value' || SCALAR.test(word)) this.#found(at, 'scalar')
    else this.#refuse(`what stands here is no value: ${whyNotJson(Buffer.from(word, 'latin1').toString()) ?? ''}`)
  }

  #push(kind: number): void {
    if (this.#depth === this.#brackets.length) {
      const grown = new Uint8Array(2 * this.#depth)
      grown.set(this.#brackets)
      this.#brackets = grown
    }
    this.#brackets[this.#depth++] = kind
  }

  #mismatch(c: number, at: number): number {
    const open = String.fromCharCode(this.#brackets[this.#depth]!)
    return this.#refuse(
      `${String.fromCharCode(c)} closes a ${open}: a bracket is missing, or one too many`,
      'damaged',
      at,
    )
  }

  #found(end: number, touches: 'brackets' | 'scalar'): number {
    this.#within = 'between'
    this.#touches = touches
    if (this.#expected !== 'value') this.#expected = 'comma'
    if (this.#bytesBefore + end - this.#start > LIMITS.recordBytesMax) this.#tooLong()
    else {
      this.starts.push(this.#start)
      this.ends.push(end)
      this.lines.push(this.#startLine)
    }
    return end
  }

  #end(): void {
    this.open = -1
    if (this.#within === 'word' && this.#expected === 'value') this.#endWord('', 0)
    else if (this.#within !== 'between') {
      this.#line = this.#startLine
      this.#refuse('the file ends within the value that begins here')
    } else if (this.#inArray()) this.#refuse('the file ends within its array: the closing bracket is missing')
  }

  #tooLong(): void {
    this.#line = this.#startLine
    this.#refuse(`the value is longer than ${LIMITS.recordBytesMax / 2 ** 20} MiB`, 'too-long')
  }

  #refuse(what: string, kind: JsonDamage['kind'] = 'damaged', at = 0): number {
    this.damage ??= { line: this.#line, what, kind }
    return at
  }
}
