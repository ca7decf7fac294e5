/**
 * A source map is an object of lists, so nothing nests deeper than this. A text that does is not parsed: deeply nested
 * brackets take JSON.parse a second for every 2 MiB, and much memory.
 */
const NESTS_MAX = 2
const [QUOTE, BACKSLASH] = [0x22, 0x5c]
const OPENS: ReadonlySet<number> = new Set([0x5b, 0x7b])
const CLOSES: ReadonlySet<number> = new Set([0x5d, 0x7d])

/** Whether JSON from elsewhere, such as a source map, nests no deeper than an object of lists. */
export function isFlat(json: string): boolean {
  let depth = 0
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at)
    if (code === QUOTE) {
      while (++at < json.length && json.charCodeAt(at) !== QUOTE) if (json.charCodeAt(at) === BACKSLASH) at++
    } else if (OPENS.has(code) && ++depth > NESTS_MAX) return false
    else if (CLOSES.has(code)) depth--
  }
  return true
}
