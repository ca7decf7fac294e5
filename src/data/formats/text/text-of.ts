import { isAscii, isUtf8 } from 'node:buffer'
import { decodeSingleByte } from './encodings.ts'

/** A region as one string. `broken`: it is no text of its encoding as a whole, so each character stands for one byte. */
export interface RegionText {
  readonly text: string
  readonly broken: boolean
}

/**
 * Decodes a region at once: checking it whole and slicing one string is many times faster than line by line.
 * `encoding` is UTF-8 or a single-byte one, by its name in the standard; UTF-16 comes as UTF-8, see `Utf16Feed`.
 */
export function textOf(region: Buffer, encoding: string): RegionText {
  if (isAscii(region)) return { text: region.toString('latin1'), broken: false }
  const text = decode(region, encoding)
  return text === null ? { text: region.toString('latin1'), broken: true } : { text, broken: false }
}

/** Decodes a piece of a `broken` region; null if it is no text of the encoding itself. */
export function repair(piece: string, encoding: string): string | null {
  return decode(Buffer.from(piece, 'latin1'), encoding)
}

function decode(bytes: Buffer, encoding: string): string | null {
  if (encoding === 'utf-8') return isUtf8(bytes) ? bytes.toString('utf8') : null
  if (encoding === 'windows-1252') {
    const text = bytes.toString('latin1')
    if (!C1.test(text)) return text
  }
  return decodeSingleByte(bytes, encoding)
}

/** What windows-1252 has other characters for than latin1; without them the two are one, and latin1 takes no time. */
const C1 = /[\x80-\x9f]/

const BOM = [0xef, 0xbb, 0xbf]

/** Drops a byte order mark at the start of a file; a BOM anywhere else is data. */
export function withoutBom(region: Buffer): Buffer {
  return BOM.every((byte, i) => region[i] === byte) ? region.subarray(3) : region
}

/** The lines of a text of whole records. An empty last piece (after the last LF) is no line; CR before LF is dropped. */
export function linesOf(text: string): string[] {
  if (text === '') return []
  const lines = text.split('\n')
  const last = lines.pop()!
  if (text.includes('\r')) {
    for (let i = 0; i < lines.length; i++) {
      const line = lines[i]!
      if (line.charCodeAt(line.length - 1) === 13) lines[i] = line.slice(0, -1)
    }
  }
  if (last !== '') lines.push(last)
  return lines
}
