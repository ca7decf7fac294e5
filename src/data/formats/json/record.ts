import { jsonProblem, whyNotJson } from './problem.ts'
import { hasLargeExponent, hasLongInteger, hasNoInteger, overflowOf } from './numbers.ts'
import { BAD } from '../reader.ts'
import type { RowFactory } from '../rows.ts'

/** See `ReadOptions.numbers`. */
export type Numbers = 'double' | 'exact'

/** What some texts together may hold that asks for a slower way; false: none of them does. */
export interface Suspects {
  readonly long: boolean
  readonly large: boolean
  readonly noInteger: boolean
}

export const ALL_SUSPECTS: Suspects = { long: true, large: true, noInteger: true }

/** Numbers are kept exact by recursion: how deep the stack lets it go must not decide what is a bad record. */
const EXACT_DEPTH_MAX = 1_000
const REMEDY = "numbers: 'exact' in the input, which gives numbers with a fraction or an exponent as text"

/** Of JSON texts that lie in this one, with white space, separators or brackets between them. */
export function suspectsOf(text: string, numbers: Numbers): Suspects {
  const exact = numbers === 'exact'
  return {
    long: hasLongInteger(text),
    large: !exact && hasLargeExponent(text),
    noInteger: exact && hasNoInteger(text),
  }
}

/** The value of one JSON text, or BAD. */
export function jsonRecord(text: string, suspects: Suspects, numbers: Numbers, factory: RowFactory): unknown {
  try {
    if (asksForSource(text, suspects, numbers)) {
      if (isTooDeep(text)) return BAD
      return numbers === 'exact' ? factory.jsonDigits(text) : factory.jsonExact(text)
    }
    const value = factory.json(text)
    const overflows = suspects.large && numbers === 'double' && hasLargeExponent(text) && overflowOf(text) !== null
    return overflows ? BAD : value
  } catch {
    return BAD
  }
}

/** Why `jsonRecord` gave BAD. */
export function whyBad(text: string, numbers: Numbers): string {
  if (asksForSource(text, ALL_SUSPECTS, numbers) && isTooDeep(text))
    return `it is nested deeper than ${EXACT_DEPTH_MAX} levels, with ${
      numbers === 'exact' ? 'numbers that are to stay exact' : 'an integer of 16 digits or more'
    }`
  const overflow = overflowIn(text, numbers)
  if (overflow === null) return jsonProblem(text)
  return `the number ${overflow.shown} at character ${overflow.at + 1} is beyond what a double holds (±1.8e308)`
}

/** What may read a text that `jsonRecord` gave BAD for, as options of the input. */
export function remediesFor(text: string, numbers: Numbers): readonly string[] {
  return overflowIn(text, numbers) === null ? [] : [REMEDY]
}

function overflowIn(text: string, numbers: Numbers): ReturnType<typeof overflowOf> {
  return numbers === 'double' && whyNotJson(text) === null ? overflowOf(text) : null
}

/** Whether some number's text has to be looked at. */
function asksForSource(text: string, suspects: Suspects, numbers: Numbers): boolean {
  if (suspects.long && hasLongInteger(text)) return true
  return numbers === 'exact' && suspects.noInteger && hasNoInteger(text)
}

/** Whether arrays and objects are nested deeper than numbers are kept exact. */
function isTooDeep(text: string): boolean {
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const c = text.charCodeAt(at)
    if (c === 0x22) {
      for (at++; at < text.length && text.charCodeAt(at) !== 0x22; at++) if (text.charCodeAt(at) === 0x5c) at++
    } else if (c === 0x5b || c === 0x7b) {
      if (++depth > EXACT_DEPTH_MAX) return true
    } else if (c === 0x5d || c === 0x7d) depth--
  }
  return false
}
