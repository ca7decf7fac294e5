import { isUtf8 } from 'node:buffer'
import { tableOf } from './encodings.ts'

/** Says where a piece of a `broken` region (see `textOf`) stops being text of its encoding, and what may be done. */
export function textProblem(piece: string, encoding: string): string {
  const bytes = Buffer.from(piece, 'latin1')
  return encoding === 'utf-8' ? utf8Problem(bytes) : singleByteProblem(bytes, encoding)
}

function singleByteProblem(bytes: Buffer, encoding: string): string {
  const table = tableOf(encoding)
  const at = bytes.findIndex((byte) => table[byte] === null)
  return `byte ${hex(bytes[at])} at position ${at + 1} of the record has no character in ${encoding}`
}

function utf8Problem(bytes: Buffer): string {
  const end = soundLength(bytes)
  const surrogate = surrogateProblem(bytes, end)
  if (surrogate !== null) return surrogate
  return `not valid UTF-8: byte ${hex(bytes[end])} at position ${end + 1} of the record; ${hint(bytes)}`
}

function hex(byte: number | undefined): string {
  return `0x${(byte ?? 0).toString(16).padStart(2, '0')}`
}

/** How many of the bytes are whole characters before the first that is none. */
function soundLength(bytes: Buffer): number {
  // A prefix is sound up to the first wrong byte, and seems so for at most 3 bytes more: as far as a character goes.
  let sound = 0
  let broken = bytes.length
  while (broken - sound > 1) {
    const middle = (sound + broken) >>> 1
    if (soundUpTo(bytes, middle) === null) broken = middle
    else sound = middle
  }
  return soundUpTo(bytes, sound) ?? 0
}

/** Where the last whole character of the first `length` bytes ends; null if what comes before is not UTF-8. */
function soundUpTo(bytes: Buffer, length: number): number | null {
  for (let end = length; end >= 0 && end > length - 4; end--) {
    if (isUtf8(bytes.subarray(0, end))) return end
  }
  return null
}

/**
 * A half of a surrogate pair, written in three bytes as if it were a character: from a UTF-16 file (see `Utf16Feed`),
 * in which no half of a pair is next to its other half, or from a writer of CESU-8, in which it always is.
 */
function surrogateProblem(bytes: Buffer, at: number): string | null {
  const first = surrogateAt(bytes, at)
  if (first === null) return null
  const second = first < 0xdc00 ? surrogateAt(bytes, at + 3) : null
  if (second !== null && second >= 0xdc00)
    return `not valid UTF-8: byte ${hex(bytes[at])} at position ${at + 1} of the record begins a surrogate pair, as CESU-8 writes it`
  const before = bytes.toString('utf8', 0, at).length
  return `an unpaired surrogate: U+${first.toString(16).toUpperCase()} as unit ${before + 1} of the record`
}

function surrogateAt(bytes: Buffer, at: number): number | null {
  const [first, second, third] = bytes.subarray(at, at + 3)
  if (first !== 0xed || second === undefined || third === undefined) return null
  if (second < 0xa0 || second > 0xbf || third < 0x80 || third > 0xbf) return null
  return 0xd000 + ((second & 0x3f) << 6) + (third & 0x3f)
}

/** Letters, quotes, dashes, currency signs and degrees: what Western European text has beyond ASCII. */
const WESTERN =
  /^[\0-\x7f\x80\x82\x84\x85\x8a\x8c\x8e\x91-\x97\x9a\x9c\x9e-\xa3\xa7\xab\xb0\xb4\xbb\xbf-\xd6\xd8-\xf6\xf8-\xff]*$/

/** Two letters of kana in Shift_JIS. */
const KANA = /(?:\x82[\x9f-\xf1]|\x83[\x40-\x96]){2}/
/** Letters of cp437 and cp850 within words, where windows-1252 has quotes that begin one, or nothing. */
const DOS = /\x81|[a-z][\x82\x84\x87\x8a]|[a-z][\x94\xa0-\xa4][a-z]/i

function hint(bytes: Buffer): string {
  const text = bytes.toString('latin1')
  if (KANA.test(text)) return 'is it Shift_JIS? `iconv -f SHIFT_JIS -t UTF-8 FILE > NEW` makes a file that is read'
  if (DOS.test(text))
    return 'is it cp850 or cp437, of DOS? `iconv -f CP850 -t UTF-8 FILE > NEW` makes a file that is read'
  return WESTERN.test(text)
    ? "is it windows-1252? encoding: 'windows-1252' reads it"
    : "is it of another encoding? The input's `encoding` says which; where that has none, `iconv -f NAME -t UTF-8 FILE > NEW`"
}
