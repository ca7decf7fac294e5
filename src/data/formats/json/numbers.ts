/**
 * Numbers in JSON that a double does not hold, found in the text. The first questions are asked of all that is read:
 * they may say yes to what is no such number, as within a string, and never no to what is one.
 */

/** 2^53 has 16 digits. What stands before a number in JSON, or its sign, tells it from digits of a fraction or a text. */
const LONG_INTEGER = /[ :,[\-\n\r\t\u001e][0-9]{16}/
const BEGINS_LONG = /^[0-9]{16}/
/** A number of fewer digits overflows by an exponent of three digits or more; what follows tells it from other text. */
const LARGE_EXPONENT = /[0-9][eE]\+?[0-9]{3,}(?:[\s,\]}\u001e]|$)/
const NO_INTEGER = /[0-9][.eE]/
const INTEGER = /^-?[0-9]+$/

const [QUOTE, BACKSLASH, MINUS] = [0x22, 0x5c, 0x2d]
const SHOWN_MAX = 24
const LONG_DIGITS = 16

/** Whether there may be an integer that a double cannot hold, or a number of so many digits that it overflows. */
export function hasLongInteger(text: string): boolean {
  return hasLongDigits(text) && (LONG_INTEGER.test(text) || BEGINS_LONG.test(text))
}

/** Whether there are 16 digits in a row. One in 16 characters is of each such row: the others need no look, as a rule. */
function hasLongDigits(text: string): boolean {
  for (let at = LONG_DIGITS - 1; at < text.length; at += LONG_DIGITS) {
    if (!isDigit(text.charCodeAt(at))) continue
    let from = at
    while (isDigit(text.charCodeAt(from - 1))) from--
    let to = at + 1
    while (to - from < LONG_DIGITS && isDigit(text.charCodeAt(to))) to++
    if (to - from >= LONG_DIGITS) return true
  }
  return false
}

/** Whether there may be a number of fewer than 16 digits before its point that overflows a double. */
export function hasLargeExponent(text: string): boolean {
  return LARGE_EXPONENT.test(text)
}

/** Whether there may be a number with a fraction or an exponent. */
export function hasNoInteger(text: string): boolean {
  return NO_INTEGER.test(text)
}

/** The first number of a JSON text that overflows a double; null where there is none. Integers are bigints, and do not. */
export function overflowOf(text: string): { readonly at: number; readonly shown: string } | null {
  for (let at = 0; at < text.length; at++) {
    const c = text.charCodeAt(at)
    if (c === QUOTE) {
      for (at++; at < text.length && text.charCodeAt(at) !== QUOTE; at++) if (text.charCodeAt(at) === BACKSLASH) at++
    } else if (c === MINUS || isDigit(c)) {
      let end = at + 1
      while (end < text.length && isOfNumber(text.charCodeAt(end))) end++
      const number = text.slice(at, end)
      if (!Number.isFinite(Number(number)) && !INTEGER.test(number))
        return { at, shown: number.length > SHOWN_MAX ? `${number.slice(0, SHOWN_MAX)}…` : number }
      at = end - 1
    }
  }
  return null
}

const isDigit = (c: number): boolean => c >= 0x30 && c <= 0x39
/** Digits, `.`, `+`, `-`, `e`, `E`. */
const isOfNumber = (c: number): boolean =>
  isDigit(c) || c === 0x2e || c === 0x2b || c === MINUS || c === 0x65 || c === 0x45
