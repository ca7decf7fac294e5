import { jsonProblem } from './problem.ts'
import { BAD } from '../reader.ts'
import type { RowFactory } from '../rows.ts'

/** What may be an integer that a double cannot hold: 2^53 has 16 digits. */
const LONG_DIGITS = /[0-9]{16}/

/** Integers are kept exact by recursion: how deep the stack lets it go must not decide what is a bad record. */
const EXACT_DEPTH_MAX = 1_000

/** Whether any text within this one may hold an integer that asks for the slower way. */
export function hasLongDigits(text: string): boolean {
  return LONG_DIGITS.test(text)
}

/** The value of one JSON text, or BAD. `longDigits` false: it is known to hold no long number. */
export function jsonRecord(text: string, longDigits: boolean, factory: RowFactory): unknown {
  try {
    if (!longDigits || !LONG_DIGITS.test(text)) return factory.json(text)
    return isTooDeep(text) ? BAD : factory.jsonExact(text)
  } catch {
    return BAD
  }
}

/** Why `jsonRecord` gave BAD. */
export function whyBad(text: string): string {
  return LONG_DIGITS.test(text) && isTooDeep(text)
    ? `it is nested deeper than ${EXACT_DEPTH_MAX} levels, with an integer of 16 digits or more`
    : jsonProblem(text)
}

/** Whether arrays and objects are nested deeper than integers are kept exact. */
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
