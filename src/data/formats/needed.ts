import { ShoalError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Bytes } from '../../core/types.ts'
import { isCutAtLineFeeds } from './describe.ts'
import { readParquetFooter } from './parquet/metadata/footer.ts'
import type { SplitInput } from './reader.ts'
import type { RandomAccess } from './source.ts'

/** Bytes [offset, offset + length) of a file. */
export interface Piece {
  readonly offset: Bytes
  readonly length: Bytes
}

const LF = 0x0a

/**
 * What of a file the reader of this split reads, ascending, and none of it twice: so much has to be here before the
 * split can be read without the file. Lines before the split, which name the place of a bad record, are not part of it:
 * see `Places`. Reads little itself: the tail of the last record, a Parquet footer.
 */
export async function neededPieces(input: SplitInput): Promise<Piece[]> {
  const { source, options, start } = input
  if (options.compression !== 'none' || (options.format !== 'parquet' && !isCutAtLineFeeds(options)))
    return joined([{ offset: 0, length: source.size }], source.size)
  if (options.format === 'parquet') return joined(await parquetPieces(input), source.size)
  const header = start === 0 ? 0 : input.headerBytes
  const first = Math.max(0, start - 1)
  const end = await tailEnd(source, start, input.end)
  return joined(
    [
      { offset: 0, length: header },
      { offset: first, length: end - first },
    ],
    source.size,
  )
}

/** Where reading for the split's last record stops: it goes on beyond the split's end by whole tails. */
async function tailEnd(source: RandomAccess, start: Bytes, end: Bytes): Promise<Bytes> {
  if (end <= start || end >= source.size) return end
  const last = await source.read(end - 1, 1)
  if (last[0] === LF) return end
  let at = end
  // A record that is longer than this is refused before it is read any further.
  while (at < source.size && at - end <= LIMITS.recordBytesMax + LIMITS.splitTailBytes) {
    const tail = await source.read(at, LIMITS.splitTailBytes)
    const ended = tail.includes(LF)
    at += LIMITS.splitTailBytes
    if (ended) break
  }
  return at
}

async function parquetPieces({ source, name, options, start, end, rowGroups }: SplitInput): Promise<Piece[]> {
  const pieces: Piece[] = []
  const noting: RandomAccess = {
    size: source.size,
    read: (offset, length) => {
      pieces.push({ offset, length })
      return source.read(offset, length)
    },
  }
  try {
    const { groups, leaves } = await readParquetFooter(noting, name)
    const wanted = options.columns === null ? null : new Set(options.columns)
    for (const { chunks } of rowGroups ? groups.slice(start, end) : groups)
      for (const [leaf, chunk] of chunks.entries())
        if (wanted?.has(leaves[leaf]!.path[0]!) !== false)
          pieces.push({ offset: chunk.start, length: chunk.end - chunk.start })
  } catch (error) {
    // Whoever reads the split fails over the same bytes, and says it.
    if (!(error instanceof ShoalError) || error.code !== 'DAMAGED') throw error
  }
  return pieces
}

/** Pieces within the file in order, those that touch or nearly do as one: a little more is read than many times a little. */
function joined(pieces: readonly Piece[], size: Bytes): Piece[] {
  const within = pieces
    .filter(({ offset, length }) => offset >= 0 && length > 0 && offset < size)
    .sort((a, b) => a.offset - b.offset)
  const result: Piece[] = []
  for (const { offset, length } of within) {
    const end = Math.min(offset + length, size)
    const last = result.at(-1)
    if (last !== undefined && offset <= last.offset + last.length + LIMITS.pieceGapBytes)
      result[result.length - 1] = { offset: last.offset, length: Math.max(end - last.offset, last.length) }
    else result.push({ offset, length: end - offset })
  }
  return result
}
