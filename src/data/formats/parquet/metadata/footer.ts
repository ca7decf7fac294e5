import { ShoalError } from '../../../../core/errors.ts'
import { LIMITS } from '../../../../core/limits.ts'
import type { Bytes } from '../../../../core/types.ts'
import { readRange } from '../../feed.ts'
import type { RandomAccess } from '../../source.ts'
import { leavesOf, schemaOf, type Leaf, type SchemaNode } from './schema.ts'
import { Unsupported } from '../problems.ts'
import { isCount, readThrift, ThriftStruct, type Thrift, type Wanted } from './thrift.ts'

/** The magic at both ends, and the footer's length before the last one. */
const MAGIC = 'PAR1'
const MAGIC_BYTES = 4
const TRAILER_BYTES = 8

/** What a file's footer says of it. */
export interface ParquetFile {
  readonly columns: readonly SchemaNode[]
  readonly leaves: readonly Leaf[]
  readonly groups: readonly RowGroup[]
  /** The footer's bytes with the trailer, as they stand at the end of the file. */
  readonly footer: Uint8Array
}

export interface RowGroup {
  readonly rows: number
  /** One for each leaf, in that order. */
  readonly chunks: readonly Chunk[]
}

/** The values that one row group has of one leaf: pages, one behind the other. */
export interface Chunk {
  readonly start: Bytes
  readonly end: Bytes
  /** By number, as CompressionCodec has them. */
  readonly codec: number
  readonly values: number
  readonly uncompressed: Bytes
  /** Its pages cannot be read; what else is here may be missing, and is 0 then. */
  readonly encrypted: boolean
}

/** What of FileMetaData is read; statistics, and all that is not here, are walked over. */
const CHUNK_META: Wanted = { 3: true, 4: true, 5: true, 6: true, 7: true, 9: true, 11: true }
const COLUMN: Wanted = { 1: true, 3: CHUNK_META, 8: {}, 9: {} }
const FILE: Wanted = { 2: true, 4: { 1: COLUMN, 3: true }, 8: {} }

/** Reads a Parquet file's footer. Throws DAMAGED where there is none, or where it says what cannot be. */
export async function readParquetFooter(source: RandomAccess, name: string): Promise<ParquetFile> {
  if (source.size < MAGIC_BYTES + TRAILER_BYTES) throw damaged(name, 'it is too short to be a Parquet file')
  const trailer = Buffer.from(await readRange(source, name, source.size - TRAILER_BYTES, TRAILER_BYTES))
  const magic = trailer.toString('latin1', TRAILER_BYTES - MAGIC_BYTES)
  if (magic === 'PARE') throw damaged(name, 'its footer', new Unsupported('it is encrypted, which is not supported'))
  if (magic !== MAGIC) throw damaged(name, 'it does not end in PAR1: truncated, or not a Parquet file')
  const length = trailer.readUInt32LE(0)
  if (length > LIMITS.parquetFooterBytesMax || length > source.size - MAGIC_BYTES - TRAILER_BYTES) {
    throw damaged(name, `its footer would be ${length} bytes long`)
  }
  const total = length + TRAILER_BYTES
  const footer = Uint8Array.from(await readRange(source, name, source.size - total, total))
  try {
    const { struct } = readThrift(footer.subarray(0, length), 0, LIMITS.parquetFooterValuesMax, FILE)
    const columns = schemaOf(struct.get(2))
    const leaves = leavesOf(columns)
    const groups = listOf(struct.get(4) ?? []).map((group, i) => groupOf(group, leaves, i))
    return { columns, leaves, groups, footer }
  } catch (error) {
    throw damaged(name, 'its footer cannot be read', error)
  }
}

function groupOf(group: Thrift, leaves: readonly Leaf[], index: number): RowGroup {
  const fail = (why: string): Error => new Error(`row group ${index}: ${why}`)
  if (!(group instanceof ThriftStruct)) throw fail('it is none')
  const chunks = listOf(group.get(1))
  if (chunks.length !== leaves.length) throw fail(`it has ${chunks.length} of ${leaves.length} columns`)
  const rows = group.get(3)
  if (!isCount(rows)) throw fail('it has an impossible number of rows')
  return { rows, chunks: chunks.map((chunk, i) => chunkOf(chunk, leaves[i]!, rows, fail)) }
}

function chunkOf(chunk: Thrift, { node, path, repeats }: Leaf, rows: number, group: (why: string) => Error): Chunk {
  const fail = (why: string): Error => group(`column ${path.join('.')}: ${why}`)
  const meta = chunk instanceof ThriftStruct ? chunk.get(3) : undefined
  if (!(chunk instanceof ThriftStruct)) throw fail('it is none')
  const encrypted = chunk.has(8)
  if (encrypted && meta === undefined) return { start: 0, end: 0, codec: 0, values: 0, uncompressed: 0, encrypted }
  const elsewhere = chunk.get(1)
  if (elsewhere instanceof Uint8Array && elsewhere.length > 0) throw fail('its values lie in another file')
  if (!(meta instanceof ThriftStruct)) throw fail('its metadata are missing')
  const names = listOf(meta.get(3) ?? []).map((name) =>
    name instanceof Uint8Array ? Buffer.from(name).toString() : '',
  )
  if (names.length > 0 && names.join('\0') !== path.join('\0'))
    throw fail(`the column ${names.join('.')} is in its place`)
  const [codec, values, uncompressed, compressed] = [4, 5, 6, 7].map((field) => meta.get(field))
  if (!isCount(codec) || !isCount(values) || !isCount(uncompressed) || !isCount(compressed))
    throw fail('its metadata say what cannot be')
  if (!repeats && values !== rows) throw fail(`it has ${values} values for ${rows} rows`)
  if (node.physical === 'FIXED_LEN_BYTE_ARRAY' && node.length === 0) throw fail('its values have no length')
  const data = meta.get(9)
  const dictionary = meta.get(11)
  // Some writers say 0 where there is no dictionary.
  const start = isCount(dictionary) && dictionary > 0 && dictionary < (data as number) ? dictionary : data
  if (!isCount(start) || !isCount(start + compressed)) throw fail('its metadata say what cannot be')
  return { start, end: start + compressed, codec, values, uncompressed, encrypted }
}

function listOf(value: Thrift | undefined): readonly Thrift[] {
  if (!Array.isArray(value)) throw new Error('a list in it is none')
  return value as readonly Thrift[]
}

export function damaged(name: string, why: string, cause?: unknown): ShoalError {
  const reason = cause instanceof Error ? `${why}: ${cause.message}` : why
  const remedy = cause instanceof Unsupported ? 'write the file again without it' : 'restore the file from a good copy'
  return new ShoalError('DAMAGED', `${name} cannot be read as Parquet`, {
    why: reason,
    try: [remedy, 'leave it out of the input'],
    cause,
  })
}
