import { assert } from '../../../core/errors.ts'

/**
 * Encodings of the Encoding Standard (WHATWG, section 4.2) in which one byte is one character, by their names. In all of
 * them the bytes below 0x80 are ASCII.
 */
const SINGLE_BYTE = [
  'ibm866',
  'iso-8859-2',
  'iso-8859-3',
  'iso-8859-4',
  'iso-8859-5',
  'iso-8859-6',
  'iso-8859-7',
  'iso-8859-8',
  'iso-8859-8-i',
  'iso-8859-10',
  'iso-8859-13',
  'iso-8859-14',
  'iso-8859-15',
  'iso-8859-16',
  'koi8-r',
  'koi8-u',
  'macintosh',
  'windows-874',
  'windows-1250',
  'windows-1251',
  'windows-1252',
  'windows-1253',
  'windows-1254',
  'windows-1255',
  'windows-1256',
  'windows-1257',
  'windows-1258',
  'x-mac-cyrillic',
]

/** What is named in messages: the others are rarely met. */
export const COMMON_ENCODINGS: readonly string[] = ['utf-8', 'utf-16le', 'utf-16be', 'windows-1252', 'bytes']

/**
 * The name of the encoding that a label stands for, as the standard has it (`latin1` is a label of `windows-1252`):
 * `utf-8`, `utf-16le`, `utf-16be`, `bytes` (lines as they are), or a single-byte one. null for any other.
 */
export function encodingOf(label: string): string | null {
  if (label === 'bytes') return label
  let name: string
  try {
    name = new TextDecoder(label).encoding
  } catch {
    return null
  }
  return name === 'utf-8' || isUtf16(name) || isSingleByte(name) ? name : null
}

export function isSingleByte(name: string): boolean {
  return SINGLE_BYTE.includes(name)
}

export function isUtf16(name: string): boolean {
  return name === 'utf-16le' || name === 'utf-16be'
}

const decoders = new Map<string, TextDecoder>()

/** Decodes a text in a single-byte encoding; null where a byte of it has no character. */
export function decodeSingleByte(bytes: Uint8Array, name: string): string | null {
  let decoder = decoders.get(name)
  if (decoder === undefined) decoders.set(name, (decoder = new TextDecoder(name, { fatal: true })))
  try {
    return decoder.decode(bytes)
  } catch {
    return null
  }
}

const tables = new Map<string, readonly (string | null)[]>()

/** The character of each byte in a single-byte encoding; null where it has none. */
export function tableOf(name: string): readonly (string | null)[] {
  const known = tables.get(name)
  if (known !== undefined) return known
  const table = Array.from({ length: 256 }, (_, byte) => decodeSingleByte(Uint8Array.of(byte), name))
  tables.set(name, table)
  return table
}

/** The byte of a character in a single-byte encoding; null where it has none. */
export function byteOf(character: string, name: string): number | null {
  const byte = tableOf(name).indexOf(character)
  return byte < 0 ? null : byte
}

/** A text as it stands in a file of this encoding; each of its characters must have a form there. */
export function bytesOf(text: string, name: string): Buffer {
  if (!isSingleByte(name)) return Buffer.from(text, 'utf8')
  const bytes = Array.from(text, (character) => byteOf(character, name))
  assert(!bytes.includes(null), 'a mark that files are read by has a form in their encoding')
  return Buffer.from(bytes as number[])
}
