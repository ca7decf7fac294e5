/** Record separators begin the texts of a JSON text sequence (RFC 7464). */
const BLANKS = /[ \t\n\r\u001e]*/y
const BLANKS_OF_LINE = /[ \t]*/y
const SCALAR = /(?:true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)(?![^ \t\n\r\u001e,\]}])/y
const WORD = /[^ \t\n\r\u001e,:"[\]{}]*/y
/** A word that the text's end may have cut off a scalar. */
const SCALAR_BEGINS = /^(?:t|tr|tru|f|fa|fal|fals|n|nu|nul|-?[0-9]*(?:\.[0-9]*)?(?:[eE][-+]?)?)$/

/**
 * How the values of a text lie in its lines, from its first characters: `ndjson`, one in each line; `json`, the first
 * one spans lines, or another shares its line; `json-line`, all of the text is one line, an array of objects or
 * of arrays, and `array-line`, an array of something else, each also where the line goes on beyond these characters; null, it is no JSON
 * that begins with a bracket. `whole`: there is no more of the text. It takes what begins like JSON for
 * JSON, since whoever reads the file finds out more; but not what only begins with a bracket, as lines of logs do.
 */
export function jsonLook(head: string, whole: boolean): 'ndjson' | 'json' | 'json-line' | 'array-line' | null {
  const start = endOf(BLANKS, head, 0)
  if (!beginsAsJson(head, start, whole)) return null
  const end = valueEnd(head, start)
  const line = kindOfLine(head, start)
  if (end === 'cut-off') return whole ? 'ndjson' : line
  if (typeof end === 'string') return end === 'spans-lines' ? 'json' : null
  const shared = shares(head, end, whole)
  if (shared !== false) return shared === null ? null : 'json'
  return whole && head.slice(end).trim() === '' ? line : 'ndjson'
}

/** What a text of one line is, by the value that it begins with. A separator says that each line has a text. */
function kindOfLine(head: string, start: number): 'ndjson' | 'json-line' | 'array-line' {
  if (head[start] !== '[' || head.slice(0, start).trim() !== '') return 'ndjson'
  return /^\[[ \t]*[[{]/.test(head.slice(start, start + 1_000)) ? 'json-line' : 'array-line'
}

/** Whether an array or an object begins at `at`, and goes on as such up to its first scalar or name. */
function beginsAsJson(text: string, at: number, whole: boolean): boolean {
  if (text[at] !== '{' && text[at] !== '[') return false
  for (let open = at; ;) {
    const isObject = text[open] === '{'
    const next = endOf(BLANKS, text, open + 1)
    const c = text[next]
    if (c === undefined || c === (isObject ? '}' : ']')) return true
    if (!isObject && (c === '{' || c === '[')) {
      open = next
      continue
    }
    const end = c === '"' ? stringEnd(text, next) : isObject ? null : scalarEnd(text, next, whole)
    if (end === null) return false
    const after = text[endOf(BLANKS, text, end)]
    return after === undefined || (isObject ? after === ':' : after === ',' || after === ']')
  }
}

/** Past the closing quote; the text's length where there is none; null where a line ends within the string. */
function stringEnd(text: string, from: number): number | null {
  for (let at = from + 1; at < text.length; at++) {
    const c = text[at]
    if (c === '"') return at + 1
    if (c === '\\') at++
    else if (c === '\n' || c === '\r') return null
  }
  return text.length
}

function scalarEnd(text: string, at: number, whole: boolean): number | null {
  const end = endOf(SCALAR, text, at)
  if (end >= 0) return end
  const wordEnd = endOf(WORD, text, at)
  const cut = !whole && wordEnd === text.length && SCALAR_BEGINS.test(text.slice(at, wordEnd))
  return cut ? wordEnd : null
}

/** Past the bracket that closes the value, or what was met before it. */
function valueEnd(text: string, from: number): number | 'spans-lines' | 'cut-off' | 'broken' {
  const closing: string[] = []
  for (let at = from; at < text.length; at++) {
    const c = text[at]
    if (c === '"') {
      const end = stringEnd(text, at)
      if (end === null) return 'broken'
      at = end - 1
    } else if (c === '{') closing.push('}')
    else if (c === '[') closing.push(']')
    else if (c === '}' || c === ']') {
      if (closing.pop() !== c) return 'broken'
      if (closing.length === 0) return at + 1
    } else if (c === '\n' || c === '\r') return 'spans-lines'
  }
  return 'cut-off'
}

/** Whether more values follow before the line ends, or a separator from them; null where something else does. */
function shares(text: string, from: number, whole: boolean): boolean | null {
  let shared = false
  for (let at = from; ;) {
    at = endOf(BLANKS_OF_LINE, text, at)
    const c = text[at]
    if (c === undefined || c === '\n' || c === '\r') return shared
    if (c === '{' || c === '[') return beginsAsJson(text, at, whole) ? true : null
    const end = c === '\u001e' ? at + 1 : c === '"' ? stringEnd(text, at) : scalarEnd(text, at, whole)
    if (end === null || end === at) return null
    at = end
    shared = true
  }
}

/** Where what the sticky pattern matches from `at` ends; -1 where it does not. */
function endOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : -1
}
