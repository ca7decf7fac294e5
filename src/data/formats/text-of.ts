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
  // A prefix is sound up to the first wrong byte, and seems so for at most 3 bytes more: as far as a character goes.
  let sound = 0
  let broken = bytes.length
  while (broken - sound > 1) {
    const middle = (sound + broken) >>> 1
    if (soundUpTo(bytes, middle) === null) broken = middle
    else sound = middle
  }
  const end = soundUpTo(bytes, sound) ?? 0
  const hex = bytes[end]?.toString(16).padStart(2, '0') ?? ''
  return `not valid UTF-8: byte 0x${hex} at position ${end + 1} of the record`
}

/** Where the last whole character of the first `length` bytes ends; null if what comes before is not UTF-8. */
function soundUpTo(bytes: Buffer, length: number): number | null {
  for (let end = length; end >= 0 && end > length - 4; end--) {
    if (isUtf8(bytes.subarray(0, end))) return end
  }
  return null
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
