/**
 * What a terminal obeys instead of showing it: controls (C0 with ESC, BEL, CR and backspace, DEL, C1), line and paragraph
 * separators, and what turns the direction of writing.
 */
const CONTROLS = /[\p{Cc}\u2028-\u202E\u2066-\u2069]/gu
const CONTROLS_IN_LINES = /[^\P{Cc}\n\t]|[\u2028-\u202E\u2066-\u2069]/gu
const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/**
 * Text from data, names, logs and user code, for one line of a terminal: it must not move the cursor, colour the screen,
 * pass for a line of Shoal's own or turn the direction of writing. Such characters are spelt as JSON spells them, so that
 * JSON stays the same JSON.
 */
export function visible(text: string): string {
  return text.replace(CONTROLS, spelt)
}

/** The same of text that has lines: its newlines and tabs stay. */
export function visibleLines(text: string): string {
  return text.replace(CONTROLS_IN_LINES, spelt)
}

/** A value as JSON in one line, without what JSON.stringify leaves as it is and a terminal obeys: DEL, C1 and the like. */
export function visibleJson(value: object): string {
  return visible(JSON.stringify(value))
}

function spelt(character: string): string {
  return NAMED[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
