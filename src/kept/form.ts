/**
 * The form in which a small file is kept under a home: one line of text, then the content as it is.
 *
 *     shoal crc32 8c736521 1267\n
 *
 * The checksum (CRC-32, of zlib and PNG) is over the content, `1267` is its length in bytes: a flipped bit anywhere, a
 * file that was cut or went on too long is known to be damaged, and never taken for what was written.
 */

const TABLE: Uint32Array = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1
  return c
})

/** Longer than any head: 'shoal crc32 ' + 8 + ' ' + 16 digits + newline. */
const HEAD_BYTES_MAX = 40

const NEWLINE = 10

/** CRC-32 of bytes. */
export function crc32(bytes: Uint8Array): number {
  let c = 0xffffffff
  for (let i = 0; i < bytes.length; i++) c = TABLE[(c ^ bytes[i]!) & 0xff]! ^ (c >>> 8)
  return (c ^ 0xffffffff) >>> 0
}

function headOf(content: Uint8Array): string {
  return `shoal crc32 ${crc32(content).toString(16).padStart(8, '0')} ${content.length}\n`
}

/** The bytes to write to disk for this content. */
export function toKept(content: Uint8Array): Uint8Array {
  const head = headOf(content)
  const bytes = new Uint8Array(head.length + content.length)
  for (let i = 0; i < head.length; i++) bytes[i] = head.charCodeAt(i)
  bytes.set(content, head.length)
  return bytes
}

/** The content that the bytes were made of, sharing their memory; null where they are damaged. */
export function fromKept(bytes: Uint8Array): Uint8Array | null {
  const end = bytes.subarray(0, HEAD_BYTES_MAX).indexOf(NEWLINE)
  if (end < 0) return null
  const content = bytes.subarray(end + 1)
  // The head is a function of the content: whatever differs in it, a digit, a space, is damage too.
  const head = headOf(content)
  if (head.length !== end + 1) return null
  for (let i = 0; i <= end; i++) if (bytes[i] !== head.charCodeAt(i)) return null
  return content
}
