export type Compression = 'none' | 'gzip' | 'zstd'
/** `any`: CR, LF and CR LF each end a line; `lf`: LF does, and one CR before it belongs to it. */
export type LineEnd = 'lf' | 'any'

/**
 * What the bytes of a file, within gzip or zstd, turn out to be. `unknown`: there was nothing to tell it by; `binary`:
 * no text, and nothing that has a name here; `zeros`: NULs alone; `json`: values that span lines, or share one;
 * `json-line`: one line, an array of objects or of arrays; `array-line`: one line, an array of something else.
 */
export const CONTENTS = [
  'empty',
  'unknown',
  'text',
  'ndjson',
  'json',
  'json-line',
  'array-line',
  'markup',
  'parquet',
  'receipt',
  'binary',
  'zeros',
  'utf-32',
  'bzip2',
  'xz',
  'zip',
  'gzip',
  'zstd',
  'zstd-dictionary',
  'lz4',
  'snappy',
  'lzip',
  'lzop',
  'compress',
  '7z',
  'rar',
  'tar',
  'avro',
  'orc',
  'arrow',
  'hdf5',
  'numpy',
  'sqlite',
  'sequence-file',
  'excel',
  'pdf',
  'image',
  'program',
  'lfs-pointer',
  'two-encodings',
] as const

export type Content = (typeof CONTENTS)[number]

/** What the first and last bytes of a file show. It is found once, when the file is offered, and travels with it. */
export interface Look {
  readonly compression: Compression
  /** Of text: UTF-16 shows itself; all else is read as the input says. */
  readonly encoding: 'utf-8' | 'utf-16le' | 'utf-16be'
  /** `any`: lines end in CR alone. */
  readonly lineEnd: LineEnd
  readonly content: Content
}

/** An ordinary text file. */
export const PLAIN_TEXT: Look = { compression: 'none', encoding: 'utf-8', lineEnd: 'lf', content: 'text' }
