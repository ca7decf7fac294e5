import { parquetMetadata, type FileMetaData } from 'hyparquet'
import { ShoalError } from '../../../core/errors.ts'
import { LIMITS } from '../../../core/limits.ts'
import { readRange } from '../feed.ts'
import { checkSchema } from './schema.ts'
import { walkThrift } from './thrift.ts'
import type { RandomAccess } from '../source.ts'

/** The magic at both ends, and the footer's length before the last one. */
const MAGIC = 'PAR1'
const MAGIC_BYTES = 4
const TRAILER_BYTES = 8

export interface ParquetFooter {
  readonly metadata: FileMetaData
  /** The footer's bytes with the trailer, as they stand at the end of the file. */
  readonly bytes: Uint8Array
}

/** Reads a Parquet file's footer. Throws DAMAGED where there is none or it cannot be parsed. */
export async function readParquetFooter(source: RandomAccess, name: string): Promise<ParquetFooter> {
  if (source.size < MAGIC_BYTES + TRAILER_BYTES) throw damaged(name, 'it is too short to be a Parquet file')
  const trailer = Buffer.from(await readRange(source, name, source.size - TRAILER_BYTES, TRAILER_BYTES))
  const magic = trailer.toString('latin1', TRAILER_BYTES - MAGIC_BYTES)
  if (magic === 'PARE') throw damaged(name, 'its footer is encrypted, which is not supported')
  if (magic !== MAGIC) throw damaged(name, 'it does not end in PAR1: truncated, or not a Parquet file')
  const length = trailer.readUInt32LE(0)
  if (length > LIMITS.parquetFooterBytesMax || length > source.size - MAGIC_BYTES - TRAILER_BYTES) {
    throw damaged(name, `its footer would be ${length} bytes long`)
  }
  const total = length + TRAILER_BYTES
  const bytes = Uint8Array.from(await readRange(source, name, source.size - total, total))
  try {
    if (walkThrift(bytes, 0, LIMITS.parquetFooterValuesMax) > length) throw new Error('it is longer than it says')
    // The default parsers would make objects of statistics; nothing here reads those.
    const metadata = parquetMetadata(bytes, { geoparquet: false })
    checkSchema(metadata.schema)
    checkRowGroups(metadata.row_groups)
    return { metadata, bytes }
  } catch (error) {
    throw damaged(name, 'its footer cannot be parsed', error)
  }
}

/** Throws an Error unless they are lists: the library maps over bytes that stand in a list's place as if they were one. */
function checkRowGroups(groups: FileMetaData['row_groups']): void {
  if (!Array.isArray(groups) || !groups.every(({ columns }) => Array.isArray(columns)))
    throw new Error('its row groups are no list')
}

export function damaged(name: string, why: string, cause?: unknown): ShoalError {
  const reason = cause instanceof Error ? `${why} (${cause.message})` : why
  return new ShoalError('DAMAGED', `${name} cannot be read as Parquet`, {
    why: reason,
    try: ['restore the file from a good copy', 'leave it out of the input'],
    cause,
  })
}
