import type { Compression, Format } from '../../../core/types.ts'

/** What the name of a file says of it. */
export interface NameParts {
  readonly compression: Compression
  /** null: nothing; `.json` may be NDJSON or a JSON text: its content decides. */
  readonly format: Format | 'json-or-ndjson' | null
}

const COMPRESSIONS: readonly (readonly [suffix: RegExp, compression: Compression])[] = [
  [/\.(gz|gzip|bgz|bgzf)$/, 'gzip'],
  [/\.(zst|zstd)$/, 'zstd'],
]
/** Their content is refused, but behind them stands what it would be. */
const UNREAD = /\.(bz2|xz|lzma|lz4|lz|sz|snappy|zip|z|7z)$/
/** What rotation appends: `data.csv.1`, `data.csv.20261101`, `data.csv-2026-11-01`, `data.csv-20261101-1530`. */
const ROTATED = /(?:\.\d{1,5}|[.-](?:19|20)\d\d(-?)\d\d\1\d\d(?:[T_-]?\d{2}(?:-?\d{2}){0,2})?)$/i
const FORMATS: readonly (readonly [suffix: RegExp, format: NameParts['format']])[] = [
  [/\.(ndjson|jsonl)$/, 'ndjson'],
  [/\.json$/, 'json-or-ndjson'],
  [/\.csv$/, 'csv'],
  [/\.tsv$/, 'tsv'],
  [/\.(parquet|parq|pq)$/, 'parquet'],
]

/** Suffixes match in either case, from the end: rotation, compression, rotation, format. */
export function nameParts(path: string): NameParts {
  let name = path.slice(path.lastIndexOf('/') + 1).toLowerCase()
  name = name.replace(ROTATED, '')
  const found = COMPRESSIONS.find(([suffix]) => suffix.test(name))
  name = name.replace(found?.[0] ?? UNREAD, '').replace(ROTATED, '')
  return { compression: found?.[1] ?? 'none', format: FORMATS.find(([suffix]) => suffix.test(name))?.[1] ?? null }
}
