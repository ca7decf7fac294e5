import type { Content } from '../../../core/look.ts'

interface Magic {
  readonly content: Content
  readonly at?: number
  readonly bytes: readonly number[] | string
}

/** First bytes of formats that have some, as file(1) knows them; those that begin alike, the longer first. */
const MAGICS: readonly Magic[] = [
  { content: 'gzip', bytes: [0x1f, 0x8b, 0x08] },
  { content: 'zstd', bytes: [0x28, 0xb5, 0x2f, 0xfd] },
  // A block, or the end of a stream that has none.
  { content: 'bzip2', at: 4, bytes: [0x31, 0x41, 0x59, 0x26, 0x53, 0x59] },
  { content: 'bzip2', at: 4, bytes: [0x17, 0x72, 0x45, 0x38, 0x50, 0x90] },
  { content: 'xz', bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00] },
  { content: 'zip', bytes: [0x50, 0x4b, 0x03, 0x04] },
  { content: 'zip', bytes: [0x50, 0x4b, 0x05, 0x06] },
  { content: 'lz4', bytes: [0x04, 0x22, 0x4d, 0x18] },
  { content: 'lz4', bytes: [0x02, 0x21, 0x4c, 0x18] },
  { content: 'snappy', bytes: [0xff, 0x06, 0x00, 0x00, 0x73, 0x4e, 0x61, 0x50, 0x70, 0x59] },
  { content: 'lzip', bytes: [0x4c, 0x5a, 0x49, 0x50, 0x01] },
  { content: 'lzop', bytes: [0x89, 0x4c, 0x5a, 0x4f, 0x00] },
  { content: 'compress', bytes: [0x1f, 0x9d] },
  { content: '7z', bytes: [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c] },
  { content: 'rar', bytes: [0x52, 0x61, 0x72, 0x21, 0x1a, 0x07] },
  { content: 'tar', at: 257, bytes: 'ustar' },
  { content: 'parquet', bytes: 'PAR1' },
  { content: 'parquet', bytes: 'PARE' },
  { content: 'avro', bytes: 'Obj\u0001' },
  { content: 'orc', bytes: 'ORC' },
  { content: 'arrow', bytes: 'ARROW1' },
  { content: 'arrow', bytes: 'FEA1' },
  { content: 'hdf5', bytes: [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a] },
  { content: 'numpy', bytes: [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59] },
  { content: 'sqlite', bytes: 'SQLite format 3\u0000' },
  { content: 'sequence-file', bytes: 'SEQ\u0006' },
  { content: 'excel', bytes: [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1] },
  { content: 'pdf', bytes: '%PDF-' },
  { content: 'image', bytes: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a] },
  { content: 'image', bytes: [0xff, 0xd8, 0xff] },
  { content: 'image', bytes: 'GIF8' },
  { content: 'program', bytes: [0x7f, 0x45, 0x4c, 0x46] },
  { content: 'program', bytes: [0xca, 0xfe, 0xba, 0xbe] },
  { content: 'lfs-pointer', bytes: 'version https://git-lfs.github.com/spec/' },
]

/** Formats whose first bytes are letters that a text may begin with, too: what else is in the head decides. */
const WORDS: readonly Content[] = ['orc', 'parquet', 'avro', 'arrow', 'image']

/** What the first bytes say, or null. `isText`: there is nothing in the head that a text would not have. */
export function magicOf(head: Uint8Array, isText: boolean): Content | null {
  for (const { content, at = 0, bytes } of MAGICS) {
    if (isText && WORDS.includes(content)) continue
    if (content === 'bzip2' && !(head[0] === 0x42 && head[1] === 0x5a && head[2] === 0x68)) continue
    const wanted = typeof bytes === 'string' ? [...bytes].map((letter) => letter.charCodeAt(0)) : bytes
    if (wanted.every((byte, i) => head[at + i] === byte)) return content
  }
  return isSkippableZstd(head) ? 'zstd' : null
}

/** A zstd file may begin with a frame of user data (RFC 8878, section 3.1.2), behind which a frame of data follows. */
function isSkippableZstd(head: Uint8Array): boolean {
  if (head.length < 8 || (head[0]! & 0xf0) !== 0x50) return false
  return head[1] === 0x2a && head[2] === 0x4d && head[3] === 0x18
}
