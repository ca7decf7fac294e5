/**
 * UTF-16 behind text of single bytes, as PowerShell's `>>` appends it, and the other way round. The bytes of either can be
 * read as the other, and are then other characters, with no error: NULs are text, and two letters of ASCII are often one
 * of Chinese.
 */

/** Whether the last bytes of a text that is no UTF-16 are a line of that: its line end, and a character before it. */
export function endsInUtf16(end: Uint8Array): boolean {
  const text = lastOf(end)
  return /[^\0\n]\0(?:\r\0)?\n\0$/.test(text) || /\0[^\0\n](?:\0\r)?\0\n$/.test(text)
}

/**
 * Whether the last bytes of a text in UTF-16 are a line of single bytes, which ends in LF, and has two letters of ASCII
 * where a unit would be. As a unit in little-endian order LF ends letters of Gurmukhi and Gujarati, and these have no such
 * neighbours; in big-endian order it ends more, and CR LF tells it.
 */
export function endsInBytes(end: Uint8Array, encoding: 'utf-16le' | 'utf-16be'): boolean {
  const run = /[^\0]*$/.exec(lastOf(end))![0]
  if (!run.endsWith(encoding === 'utf-16le' ? '\n' : '\r\n')) return false
  for (let at = run.length - 2; at >= 0; at -= 2) if (/^[ -~]{2}$/.test(run.slice(at, at + 2))) return true
  return false
}

const lastOf = (end: Uint8Array): string => Buffer.from(end.subarray(-512)).toString('latin1')
