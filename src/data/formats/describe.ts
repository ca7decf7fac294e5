import { setImmediate } from 'node:timers/promises'
import { ShoalError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Bytes, Cuts, RowGroup } from '../../core/types.ts'
import { CsvEnds } from './csv/ends.ts'
import { isUtf16 } from './text/encodings.ts'
import { headLength } from './csv/head.ts'
import { readRange } from './feed.ts'
import type { ResolvedReadOptions } from './options.ts'
import { columnsText } from './parquet/metadata/columns.ts'
import { readParquetFooter } from './parquet/metadata/footer.ts'
import type { RandomAccess } from './source.ts'

/** Scanning so much takes below a millisecond or two; then the event loop has its turn. */
const STEP = 1024 * 1024
const WHOLE: Cuts = { kind: 'whole' }

export interface Description {
  readonly cuts: Cuts
  /** Parquet: see `columnsText`. */
  readonly columns?: string
}

/**
 * Finds out how a shard may be cut, and what columns a Parquet file has. A function of content and options; reads the footer of Parquet, and the whole of a
 * CSV file longer than LIMITS.splitBytes where quotes or escapes decide where its records begin.
 * What does not parse as its format is `whole`: it is offered all the same, and fails the job that reads it.
 * Rejects with what the source throws, and with the signal's reason.
 */
export async function describe(
  source: RandomAccess,
  size: Bytes,
  options: ResolvedReadOptions,
  signal?: AbortSignal,
): Promise<Description> {
  if (options.format === 'parquet' && options.compression === 'none') return describeParquet(source)
  return { cuts: await cutsOf(source, size, options, signal) }
}

async function cutsOf(
  source: RandomAccess,
  size: Bytes,
  options: ResolvedReadOptions,
  signal?: AbortSignal,
): Promise<Cuts> {
  if (options.format === 'parquet') return WHOLE
  if (options.compression !== 'none' || !isCutAtLineFeeds(options)) return WHOLE
  if (options.format === 'text' || options.format === 'ndjson' || size <= LIMITS.splitBytes) return { kind: 'lines' }
  const header = await headLength(source, options, signal)
  if (header === null) return WHOLE
  // Nothing can make a line end data: the first split, which is longer, holds all that stands before the rows.
  if (options.quote === '' && options.escape === '') return header === 0 ? { kind: 'lines' } : { kind: 'lines', header }
  return describeCsv(source, size, header, options, signal)
}

/**
 * Whether each LF byte outside of quotes ends a record: in UTF-16 it may be half of a character, where CR ends lines too
 * a file may have no LF, and where a value of a JSON file begins is known by all that comes before it.
 */
export function isCutAtLineFeeds({ format, encoding, lineEnd }: ResolvedReadOptions): boolean {
  return format !== 'json' && !isUtf16(encoding) && lineEnd === 'lf'
}

async function describeParquet(source: RandomAccess): Promise<Description> {
  try {
    const file = await readParquetFooter(source, 'the shard')
    const groups = file.groups.map(({ rows, chunks }): RowGroup => ({
      rows,
      bytes: chunks.reduce((sum, { start, end }) => sum + end - start, 0),
    }))
    // A damaged footer must not make a catalog that no peer can take.
    const sound = groups.every(({ rows, bytes }) => isCount(rows) && isCount(bytes) && bytes <= source.size)
    if (!sound || groups.length > LIMITS.cutsPerShardMax) return { cuts: WHOLE }
    return { cuts: { kind: 'row-groups', groups }, columns: columnsText(file.columns) }
  } catch (error) {
    if (error instanceof ShoalError && error.code === 'DAMAGED') return { cuts: WHOLE }
    throw error
  }
}

const isCount = (n: number): boolean => Number.isSafeInteger(n) && n >= 0

async function describeCsv(
  source: RandomAccess,
  size: Bytes,
  header: Bytes,
  options: ResolvedReadOptions,
  signal?: AbortSignal,
): Promise<Cuts> {
  const ends = new CsvEnds(options, true)
  const at: Bytes[] = []
  let nextCut = Math.max(LIMITS.csvCutEveryBytes, header)
  for (let position = 0; position < size;) {
    const length = Math.min(STEP, size - position)
    const bytes = await readRange(source, 'the shard', position, length)
    ends.scan(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
    const first = position + ends.first
    if (ends.first > 0 && first >= nextCut && first < size) {
      at.push(first)
      nextCut = (Math.floor(first / LIMITS.csvCutEveryBytes) + 1) * LIMITS.csvCutEveryBytes
    }
    position += length
    // A source may answer at once, for ever; only this gives others their turn.
    await setImmediate()
    signal?.throwIfAborted()
  }
  return { kind: 'offsets', header, at }
}
