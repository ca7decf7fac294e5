import type { RandomAccess } from './source.ts'
import type { Head } from './source.ts'
export async function firstBytesWithin(
  _s: RandomAccess,
  _c: 'gzip' | 'zstd',
): Promise<Head | { dictionary: true } | null> {
  return null
}
