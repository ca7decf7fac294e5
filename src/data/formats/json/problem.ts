import { codeOf, foundAt, SEVERAL, shown, wordAt } from './found.ts'

/**
 * Why a text that JSON.parse refused is not JSON, and where: in words of its own, as those of an engine change with it.
 * Positions count characters of the record, from 1.
 */
export function jsonProblem(text: string): string {
  return `not valid JSON: ${whyNotJson(text) ?? 'it cannot be parsed'}`
}

/** The first thing that RFC 8259 does not allow; null where the text is JSON. It agrees with JSON.parse on every text. */
export function whyNotJson(text: string): string | null {
  return new Walk(text).problem()
}

type Expected = 'value' | 'element' | 'name' | 'field' | 'colon' | 'next-element' | 'next-field' | 'end'

/** `element` and `field`: the first one, in whose place the bracket may close. */
const EXPECTED: Readonly<Record<Exclude<Expected, 'end'>, string>> = {
  value: 'a value',
  element: 'a value or ]',
  name: 'a name in double quotes',
  field: 'a name in double quotes or }',
  colon: 'a colon',
  'next-element': 'a comma or ]',
  'next-field': 'a comma or }',
}

const BLANKS = /[ \t\n\r]*/y
const DIGITS = /[0-9]*/y
const HEX = /[0-9a-fA-F]{4}/y
const LITERALS = new Set(['true', 'false', 'null'])
const VALUE_BEGINS = /["{[0-9-]/
const OBJECT = 1
const ARRAY = 2

class Walk {
  readonly #text: string
  #at = 0
  #problem: string | null = null
  /** The brackets that are open, by kind; a text may be nested as deep as it is long, so this is no call stack. */
  #open = new Uint8Array(64)
  #depth = 0

  constructor(text: string) {
    this.#text = text
  }

  problem(): string | null {
    for (let expected: Expected = 'value'; this.#problem === null;) {
      const before = this.#at
      this.#at = this.#endOf(BLANKS, before)
      if (this.#at === this.#text.length) return expected === 'end' ? null : this.#endsWithin()
      expected = this.#step(expected, this.#text[this.#at]!, before)
    }
    return this.#problem
  }

  #step(expected: Expected, c: string, before: number): Expected {
    switch (expected) {
      case 'value':
      case 'element':
        if (c === ']' && this.#closes(expected, 'element', ARRAY)) return this.#close()
        return this.#value(expected, c)
      case 'name':
      case 'field':
        if (c === '}' && this.#closes(expected, 'field', OBJECT)) return this.#close()
        if (c !== '"') return this.#unexpected(expected)
        this.#string()
        return 'colon'
      case 'colon':
        if (c !== ':') return this.#unexpected(expected)
        this.#at++
        return 'value'
      case 'next-element':
      case 'next-field':
        if (c === (expected === 'next-element' ? ']' : '}')) return this.#close()
        if (c !== ',') return this.#unexpected(expected)
        this.#at++
        return expected === 'next-element' ? 'value' : 'name'
      case 'end':
        return this.#refuse(`after character ${this.#count(before)} something follows the value: ${this.#follower(c)}`)
    }
  }

  /** Whether a closing bracket may stand here; where it may not for a comma before it, that is said. */
  #closes(expected: Expected, first: Expected, kind: number): boolean {
    if (expected === first) return true
    if (this.#depth === 0 || this.#open[this.#depth - 1] !== kind) return false
    const comma = this.#text.slice(0, this.#at).trimEnd()
    if (comma.endsWith(',')) this.#refuse(`at character ${this.#count(comma.length)} there is a trailing comma`)
    return false
  }

  #value(expected: 'value' | 'element', c: string): Expected {
    if (c === '{') return this.#push(OBJECT)
    if (c === '[') return this.#push(ARRAY)
    if (c === '"') {
      this.#string()
      return this.#after()
    }
    if (c >= '0' && c <= '9') return this.#number()
    if (c === '-' && !this.#text.startsWith('Infinity', this.#at + 1)) return this.#number()
    const word = wordAt(this.#text, this.#at)
    if (!LITERALS.has(word)) return this.#unexpected(expected)
    this.#at += word.length
    return this.#after()
  }

  #string(): void {
    const text = this.#text
    for (this.#at++; this.#at < text.length; this.#at++) {
      const code = text.charCodeAt(this.#at)
      if (code === 0x22) {
        this.#at++
        return
      }
      if (code < 0x20) {
        this.#refuseHere(`a string holds a raw control character (${codeOf(text[this.#at]!)})`)
        return
      }
      if (code === 0x5c && !this.#escape()) return
    }
    this.#refuse('the text ends within a string')
  }

  /** From the backslash to the escape's last character. */
  #escape(): boolean {
    const c = this.#text.slice(this.#at + 1, this.#at + 2)
    if ('"\\/bfnrt'.includes(c)) {
      this.#at++
      return true
    }
    if (c !== 'u') {
      this.#refuseHere(`a string has an unknown escape: a backslash before ${shown(c)}`)
      return false
    }
    if (this.#endOf(HEX, this.#at + 2) < 0) {
      const rest = this.#text.slice(this.#at + 2, this.#at + 6)
      if (/^[0-9a-fA-F]*$/.test(rest) && rest.length < 4) this.#refuse('the text ends within a string')
      else this.#refuseHere('a string has an escape \\u without four hexadecimal digits')
      return false
    }
    this.#at += 5
    return true
  }

  #number(): Expected {
    const text = this.#text
    if (text[this.#at] === '-') this.#at++
    if (text[this.#at] === '0') {
      this.#at++
      if (/[0-9]/.test(text[this.#at] ?? '')) return this.#refuseHere('a number has a leading zero', -1)
      if (/[xX]/.test(text[this.#at] ?? '')) return this.#refuseHere('a number is hexadecimal', -1)
    } else if (!this.#digits()) return 'end'
    if (text[this.#at] === '.') {
      this.#at++
      if (!this.#digits()) return 'end'
    }
    if (text[this.#at] === 'e' || text[this.#at] === 'E') {
      this.#at++
      if (text[this.#at] === '-' || text[this.#at] === '+') this.#at++
      if (!this.#digits()) return 'end'
    }
    return this.#after()
  }

  #digits(): boolean {
    const end = this.#endOf(DIGITS, this.#at)
    if (end > this.#at) {
      this.#at = end
      return true
    }
    if (end === this.#text.length) this.#refuse('the text ends within a number')
    else this.#refuseHere(`a digit is expected in a number, and there is ${foundAt(this.#text, end)}`)
    return false
  }

  #push(kind: number): Expected {
    if (this.#depth === this.#open.length) {
      const grown = new Uint8Array(2 * this.#depth)
      grown.set(this.#open)
      this.#open = grown
    }
    this.#open[this.#depth++] = kind
    this.#at++
    return kind === OBJECT ? 'field' : 'element'
  }

  #close(): Expected {
    this.#depth--
    this.#at++
    return this.#after()
  }

  #after(): Expected {
    if (this.#depth === 0) return 'end'
    return this.#open[this.#depth - 1] === OBJECT ? 'next-field' : 'next-element'
  }

  #follower(c: string): string {
    const isValue = VALUE_BEGINS.test(c) || LITERALS.has(wordAt(this.#text, this.#at))
    return isValue ? `a second value (${SEVERAL})` : foundAt(this.#text, this.#at)
  }

  #endsWithin(): string {
    if (this.#depth === 0) return 'there is no value'
    return `the text ends within an ${this.#open[this.#depth - 1] === OBJECT ? 'object' : 'array'} (${SEVERAL})`
  }

  #unexpected(expected: Exclude<Expected, 'end'>): Expected {
    if (this.#problem !== null) return 'end'
    return this.#refuseHere(`${EXPECTED[expected]} is expected, and there is ${foundAt(this.#text, this.#at)}`)
  }

  #refuseHere(what: string, by = 0): Expected {
    return this.#refuse(`at character ${this.#count(this.#at + by) + 1} ${what}`)
  }

  #refuse(problem: string): Expected {
    this.#problem ??= problem
    return 'end'
  }

  /** Characters before this position. */
  #count(position: number): number {
    let characters = 0
    for (let at = 0; at < position; at += this.#text.codePointAt(at)! > 0xffff ? 2 : 1) characters++
    return characters
  }

  /** Where what the sticky pattern matches from `at` ends; -1 where it does not. */
  #endOf(pattern: RegExp, at: number): number {
    pattern.lastIndex = at
    return pattern.test(this.#text) ? pattern.lastIndex : -1
  }
}
