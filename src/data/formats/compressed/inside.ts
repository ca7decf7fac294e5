import { FileAhead, INSIDE_MAX, type Inside } from './inside-ahead.ts'
import { gzipInside } from './inside-gzip.ts'
import { zstdInside } from './inside-zstd.ts'
import type { RandomAccess } from '../source.ts'

/**
 * The first decompressed bytes of a gzip or zstd file, to look at what it holds: INSIDE_ENOUGH if there are as many, and
 * at most INSIDE_MAX. null where none can be told: it is damaged, or of another kind, or its data begin too far behind.
 *
 * Work and memory are bounded whatever the bytes, as files are looked at by the thousand, in the process of a node:
 * decompressing is synchronous, of some KiB of input and no more than INSIDE_MAX of output, and no window is reserved.
 * Checksums are not looked at. `begin`: the file's first bytes, as many as have been read. Rejects with what the source throws, and else never.
 */
export async function firstBytesWithin(
  source: RandomAccess,
  compression: 'gzip' | 'zstd',
  begin: Uint8Array = new Uint8Array(0),
): Promise<Inside | null> {
  const file = new FileAhead(source, begin)
  const inside = await (compression === 'gzip' ? gzipInside(file) : zstdInside(file))
  if (inside === null) return null
  const { bytes, whole } = inside
  if (bytes.length === 0 && !whole && !inside.dictionary) return null
  if (bytes.length <= INSIDE_MAX) return inside
  return { bytes: bytes.subarray(0, INSIDE_MAX), whole: false, dictionary: false }
}
