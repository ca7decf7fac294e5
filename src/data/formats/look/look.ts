/**
 * What a file is, as its first and last bytes show, also within gzip and zstd. It is looked at once, when the file is
 * offered: names lie, and a file that is read as what it is not gives wrong rows without an error.
 */
import { isUtf8 } from 'node:buffer'
import { PLAIN_TEXT, type Content, type LineEnd, type Look } from '../../../core/look.ts'
import { LIMITS } from '../../../core/limits.ts'
import { firstBytesWithin } from '../compressed/inside.ts'
import { jsonLook } from '../json/look.ts'
import { magicOf } from './magic.ts'
import { isMarkup } from './markup.ts'
import type { Head, RandomAccess } from '../source.ts'
import { endsInBytes, endsInUtf16 } from './two-encodings.ts'

export interface Looked {
  readonly look: Look
  /** null where the file is compressed and its first bytes could not be had. */
  readonly head: Head | null
}

/** Reads LIMITS.lookBytes at the beginning, and less at the end. Rejects with what the source throws. */
export async function lookAt(source: RandomAccess): Promise<Looked> {
  // The source may use its buffer again for the next read.
  const bytes = Buffer.from(await source.read(0, LIMITS.lookBytes))
  const head = { bytes, whole: bytes.length >= source.size }
  const magic = magicOf(bytes, isText(bytes))
  if (magic === 'gzip' || magic === 'zstd') return within(source, magic, bytes)
  const end = head.whole
    ? bytes
    : Buffer.from(await source.read(source.size - LIMITS.lookEndBytes, LIMITS.lookEndBytes))
  return { look: { ...PLAIN_TEXT, ...lookIn(head, magic, end) }, head }
}

async function within(source: RandomAccess, compression: 'gzip' | 'zstd', begin: Uint8Array): Promise<Looked> {
  const inside = await firstBytesWithin(source, compression, begin)
  if (inside === null) return { look: { ...PLAIN_TEXT, compression, content: 'unknown' }, head: null }
  if (inside.dictionary) return { look: { ...PLAIN_TEXT, compression, content: 'zstd-dictionary' }, head: null }
  // As much as of a file that is not compressed: the same content is to be read the same.
  const bytes = inside.bytes.subarray(0, LIMITS.lookBytes)
  const head = { bytes, whole: inside.whole && bytes.length === inside.bytes.length }
  const look = { ...PLAIN_TEXT, compression, ...lookIn(head, magicOf(bytes, isText(bytes)), bytes) }
  return { look, head }
}

/** `end`: last bytes of the file as it lies there, or the head again where these are not at hand. */
function lookIn({ bytes, whole }: Head, magic: Content | null, end: Uint8Array): Pick<Look, 'content'> & Partial<Look> {
  if (bytes.length === 0) return { content: 'empty' }
  if (magic !== null) return { content: magic }
  const isParquet = endsAs(end, 'PAR1') || endsAs(end, 'PARE')
  // A text does not begin and end so; where the beginning is damaged, the rest is no text.
  if (isParquet && (/^PAR[1E]/.test(Buffer.from(bytes.subarray(0, 4)).toString('latin1')) || !isText(bytes)))
    return { content: 'parquet' }
  if (bytes.length >= 4 && bytes[0] === 0xff && bytes[1] === 0xfe && bytes[2] === 0 && bytes[3] === 0)
    return { content: 'utf-32' }
  const encoding = utf16Of(bytes)
  if (encoding !== null) {
    if (endsInBytes(end, encoding)) return { content: 'two-encodings' }
    const text = new TextDecoder(encoding).decode(bytes.subarray(0, bytes.length & ~1))
    return { encoding, lineEnd: lineEndOf(text), content: textContent(text, whole) }
  }
  if (bytes.every((byte) => byte === 0)) return { content: 'zeros' }
  if (!isText(bytes)) return { content: 'binary' }
  if (endsInUtf16(end)) return { content: 'two-encodings' }
  const text = Buffer.from(bytes)
    .toString('latin1')
    .replace(/^\u00ef\u00bb\u00bf/, '')
  return { lineEnd: lineEndOf(text), content: textContent(text, whole) }
}

const endsAs = (bytes: Uint8Array, word: string): boolean =>
  Buffer.from(bytes.subarray(-word.length)).toString('latin1') === word

/** Control characters that texts have: white space, bell, backspace, escape, and the separators of records. */
const IN_TEXTS = new Set([7, 8, 9, 10, 11, 12, 13, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f, 1, 2, 3, 4])
/** 1 for the bytes that texts do not have: all that is looked at goes by here, byte by byte. */
const STRANGE = Uint8Array.from({ length: 256 }, (_, byte) => (byte < 0x20 && !IN_TEXTS.has(byte) ? 1 : 0))

/**
 * Whether the bytes could be text of an encoding in which ASCII is ASCII. A few stray NULs and control characters do not
 * make a binary file of a text; where they are more than one in 64, or there is none but they, nothing else is likely.
 */
function isText(bytes: Uint8Array): boolean {
  let strange = 0
  for (let i = 0; i < bytes.length; i++) strange += STRANGE[bytes[i]!]!
  return strange * 64 <= bytes.length
}

/**
 * UTF-16 has a byte order mark, or shows itself by NULs in every second byte alone, the upper halves of its units, which
 * then are those of few scripts; or, in scripts whose units are of all kinds, by line feeds that are whole units in bytes
 * that are no UTF-8. Text with NULs in it (`find -print0`) has letters in both halves, and is none.
 */
function utf16Of(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | null {
  if (bytes.length >= 2 && bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le'
  if (bytes.length >= 2 && bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be'
  if (bytes.length % 2 === 1) return null
  let even = 0
  let odd = 0
  for (let i = 0; i < bytes.length; i += 2) if (bytes[i] === 0) even++
  for (let i = 1; i < bytes.length; i += 2) if (bytes[i] === 0) odd++
  if (even > 0 === odd > 0) return null
  const upper = odd > 0 ? 1 : 0
  if (!hasFewScripts(bytes, upper) && !hasUtf16Lines(bytes, upper)) return null
  return upper === 1 ? 'utf-16le' : 'utf-16be'
}

/**
 * Whether the upper halves, at every second byte from `upper`, are a quarter NULs (ASCII) and else of alphabets (below
 * U+2000), with little punctuation beyond them. TAB, LF and CR stand there in other text, and are rare as alphabets.
 */
function hasFewScripts(bytes: Uint8Array, upper: number): boolean {
  let nulls = 0
  let punctuation = 0
  for (let i = upper; i < bytes.length; i += 2) {
    const half = bytes[i]!
    if (half === 0) nulls++
    else if (half >= 0x20 && half <= 0x26) punctuation++
    else if (half > 0x1f || half === 0x09 || half === 0x0a || half === 0x0d) return false
  }
  const units = bytes.length / 2
  return nulls * 4 >= units && punctuation * 10 <= units
}

/** Whether there are line feeds, each is a unit of its own, and the bytes are no UTF-8. */
function hasUtf16Lines(bytes: Uint8Array, upper: number): boolean {
  let lines = 0
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] !== 0x0a) continue
    if (i % 2 === upper || bytes[i ^ 1] !== 0) return false
    lines++
  }
  return lines > 0 && !isUtf8(bytes)
}

/** CR alone ends lines where there is no LF; one CR that ends the text may be anything. */
function lineEndOf(text: string): LineEnd {
  const cr = text.indexOf('\r')
  return cr >= 0 && cr < text.length - 1 && !text.includes('\n') ? 'any' : 'lf'
}

const RECEIPT = /^\s*\{\s*"schema"\s*:\s*"shoal\.receipt\/1"/

function textContent(text: string, whole: boolean): Content {
  if (isMarkup(text, whole)) return 'markup'
  if (RECEIPT.test(text)) return 'receipt'
  return jsonLook(text, whole) ?? 'text'
}
