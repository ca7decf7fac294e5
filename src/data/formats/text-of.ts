import { isAscii, isUtf8 } from 'node:buffer'
import type { Encoding } from '../../core/types.ts'

/** A region as one string. `broken`: it is not valid UTF-8 as a whole, so each character stands for one byte. */
export interface RegionText {
  readonly text: string
  readonly broken: boolean
}

/** Decodes a region at once: checking it whole and slicing one string is many times faster than line by line. */
export function textOf(region: Buffer, encoding: Encoding): RegionText {
  if (encoding !== 'utf-8' || isAscii(region)) return { text: region.toString('latin1'), broken: false }
  return isUtf8(region)
    ? { text: region.toString('utf8'), broken: false }
    : { text: region.toString('latin1'), broken: true }
}

/** Decodes a piece of a `broken` region; null if it is not UTF-8 itself. */
export function repair(piece: string): string | null {
  const bytes = Buffer.from(piece, 'latin1')
  return isUtf8(bytes) ? bytes.toString('utf8') : null
}

/** Says where a piece of a `broken` region stops being UTF-8. */
export function utf8Problem(piece: string): string {
  const bytes = Buffer.from(piece, 'latin1')
  let end = 0
  for (let step = bytes.length; step > 0;) {
    // A prefix may end within a character: at most 3 bytes more complete it.
    if (end + step <= bytes.length && startsValid(bytes, end + step)) end += step
    else step = step === 1 ? 0 : Math.ceil(step / 2)
  }
  const hex = bytes[end]?.toString(16).padStart(2, '0') ?? ''
  return `not valid UTF-8: byte 0x${hex} at position ${end + 1} of the record`
}

function startsValid(bytes: Buffer, end: number): boolean {
  for (let back = 0; back < 4 && back < end; back++) {
    if (isUtf8(bytes.subarray(0, end - back))) return true
  }
  return false
}

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
