/** What stands where JSON has something else, in plain words, with the remedy for what people meet. */

const WORD = /[\p{L}_$][\p{L}\p{N}_$]*/uy
/** What does not show, or would change how the message shows. */
const HIDDEN = /^[\p{C}\p{Z}]$/u
const SHOWN_MAX = 24

/** What names and number-like words of other languages are in JSON. */
const REMEDIES: Readonly<Record<string, string>> = {
  NaN: 'JSON has no NaN; write null',
  Infinity: 'JSON has no Infinity; write null',
  undefined: 'JSON has no undefined; write null',
  None: 'JSON writes null',
  nil: 'JSON writes null',
  NULL: 'JSON writes null',
  Null: 'JSON writes null',
  True: 'JSON writes true',
  TRUE: 'JSON writes true',
  False: 'JSON writes false',
  FALSE: 'JSON writes false',
}

/** Where one text holds several values, or a part of one. */
export const SEVERAL = "format: 'json' reads values that share or span lines"

const MARKS: Readonly<Record<string, string>> = {
  ',': 'a comma',
  ':': 'a colon',
  '"': 'a string',
  '{': 'an object',
  '[': 'an array',
  '+': 'a plus sign (JSON numbers have none)',
  "'": 'a string in single quotes (JSON has double quotes)',
  '`': 'a string in backquotes (JSON has double quotes)',
  '\u2018': 'a typographic quote (U+2018); JSON has plain double quotes',
  '\u2019': 'a typographic quote (U+2019); JSON has plain double quotes',
  '\u201c': 'a typographic quote (U+201C); JSON has plain double quotes',
  '\u201d': 'a typographic quote (U+201D); JSON has plain double quotes',
  '#': 'a comment',
  '\uFEFF': 'a byte order mark (U+FEFF), as where files were joined',
  '\u001e': `a record separator (U+001E); ${SEVERAL}`,
}

/** What begins at `at`, which is not the text's end. */
export function foundAt(text: string, at: number): string {
  const c = String.fromCodePoint(text.codePointAt(at)!)
  if (c === '-' && text.startsWith('Infinity', at + 1)) return `-Infinity (${REMEDIES['Infinity']})`
  if (c === '-' || (c >= '0' && c <= '9')) return 'a number'
  if (c === '.' && /[0-9]/.test(text[at + 1] ?? '')) return 'a number without a digit before its point'
  if (c === '/' && (text[at + 1] === '/' || text[at + 1] === '*')) return 'a comment'
  const word = wordAt(text, at)
  if (word !== '') return described(word)
  return MARKS[c] ?? shown(c)
}

/** The word that begins at `at`; '' where none does. */
export function wordAt(text: string, at: number): string {
  WORD.lastIndex = at
  return WORD.exec(text)?.[0] ?? ''
}

function described(word: string): string {
  const remedy = Object.hasOwn(REMEDIES, word) ? REMEDIES[word] : undefined
  if (remedy !== undefined) return `${word} (${remedy})`
  return word.length > SHOWN_MAX ? `${word.slice(0, SHOWN_MAX).toWellFormed()}…` : word
}

/** A character itself, or its number where it does not show. */
export function shown(c: string): string {
  return HIDDEN.test(c) ? codeOf(c) : c
}

/** A character by its number: in a terminal or a log it may do anything. */
export function codeOf(c: string): string {
  return `U+${c.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`
}
