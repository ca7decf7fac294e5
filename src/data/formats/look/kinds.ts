import type { Content, Look } from '../../../core/look.ts'
import type { Format, ReadOptions } from '../../../core/types.ts'
import { encodingOf, isUtf16 } from '../text/encodings.ts'
import { nameParts } from './names.ts'
import { resolveReadOptions, TELLS_NOTHING, type ResolvedReadOptions } from '../options.ts'

/** Why a file is not read: `looks` goes behind `d/a.csv looks like`. */
export interface KindProblem {
  readonly looks: string
  readonly why: string
  /** What loses nothing first. */
  readonly try: readonly string[]
}

const READS = 'Shoal reads text, NDJSON, JSON, CSV, TSV and Parquet, plain or in gzip or zstd'

/** Words for what is read in no way, and how to make of it what is. */
const FOREIGN: Partial<Readonly<Record<Content, readonly [looks: string, remedy?: string]>>> = {
  'utf-32': ['UTF-32 text', 'iconv -f UTF-32 -t UTF-8 FILE > NEW'],
  'two-encodings': [
    'text that begins in one encoding and ends in another, UTF-16 one of them',
    'write all of it in UTF-8: iconv -f UTF-16 -t UTF-8 PART >> NEW, for the part that is UTF-16',
  ],
  bzip2: ['bzip2', 'bunzip2 FILE, or bzcat FILE | zstd > NEW.zst'],
  xz: ['xz', 'unxz FILE, or xzcat FILE | zstd > NEW.zst'],
  zip: ['a zip archive (or a file of Excel, Word or Java, which are such)', 'unzip FILE; of an Excel file, export CSV'],
  lz4: ['lz4', 'unlz4 FILE, or lz4cat FILE | zstd > NEW.zst'],
  snappy: ['snappy', 'snzip -d FILE'],
  lzip: ['lzip', 'lzip -d FILE'],
  lzop: ['lzop', 'lzop -d FILE'],
  compress: ['the output of compress(1)', 'gzip -d FILE reads it, too'],
  '7z': ['a 7z archive', '7z x FILE'],
  rar: ['a RAR archive', 'unrar x FILE'],
  tar: ['a tar archive', 'tar -xf FILE, and offer the folder with its files'],
  avro: ['Avro', "write it as Parquet or NDJSON, say with DuckDB: COPY (FROM read_avro('FILE')) TO 'NEW.parquet'"],
  orc: ['ORC', 'write it as Parquet, say with pyarrow: pyarrow.orc.read_table'],
  arrow: ['Arrow or Feather', 'write it as Parquet, say with pyarrow: pyarrow.feather.read_table'],
  hdf5: ['HDF5', 'write it as Parquet, say with pandas'],
  numpy: ['an array of NumPy', 'write it as Parquet, say with pyarrow'],
  sqlite: ['a database of SQLite', "sqlite3 -csv -header FILE 'SELECT …' > NEW.csv"],
  'sequence-file': ['a Hadoop sequence file', 'write it as Parquet, say with Spark'],
  excel: ['a file of Excel or Word of before 2007', 'export CSV'],
  pdf: ['PDF'],
  image: ['an image'],
  program: ['a program'],
  'lfs-pointer': ['a pointer of Git LFS, not the file', 'git lfs pull   brings the file itself'],
  'zstd-dictionary': ['zstd that was made with a dictionary', 'zstd -d -D DICTIONARY FILE'],
}

/**
 * Why a file of this look is not read by these options; null where it is read. Throws USAGE for options that have no
 * meaning (see `resolveReadOptions`).
 */
export function kindProblem(path: string, options: ReadOptions, look: Look): KindProblem | null {
  const resolved = resolveReadOptions(path, options, look)
  const { content, compression } = look
  const within = compression === 'none' || content === 'zstd-dictionary' ? '' : ` within ${compression}`
  const foreign = FOREIGN[content]
  const asBytes = resolved.format === 'text' && resolved.encoding === 'bytes'
  if (foreign !== undefined && !asBytes)
    return { looks: `${foreign[0]}${within}`, why: READS, try: foreign[1] === undefined ? [] : [foreign[1]] }
  // Compressed twice, as bytes or not: what was meant is what is inside.
  if (content === 'gzip' || content === 'zstd')
    return { looks: `${content}${within}`, why: `${READS}, once`, try: [`decompress it once: ${compression} -d FILE`] }
  if (resolved.format === 'parquet') return parquetProblem(look, within)
  return textProblem(path, options, resolved, look, within)
}

const CONTENT_WORDS: Partial<Readonly<Record<Content, string>>> = {
  ndjson: 'JSON',
  json: 'JSON',
  'json-line': 'JSON',
  'array-line': 'JSON',
  markup: 'HTML, XML or RTF',
  parquet: 'Parquet',
}

function parquetProblem({ content }: Look, within: string): KindProblem | null {
  if (within !== '')
    return {
      looks: `${content === 'parquet' ? 'Parquet' : 'something'}${within}`,
      why: 'Parquet is compressed in itself, and read at several places at once',
      try: ['decompress it once; its pages stay compressed'],
    }
  const looks = content === 'text' ? 'text' : CONTENT_WORDS[content]
  if (looks === undefined || content === 'parquet') return null
  return {
    looks: `${looks}, not Parquet`,
    why: 'its name, or format, says Parquet',
    try: [`format: '${looks === 'JSON' ? 'ndjson' : 'csv'}' for the input, if it is that`, 'rename it'],
  }
}

function textProblem(
  path: string,
  options: ReadOptions,
  { format, encoding, header }: ResolvedReadOptions,
  look: Look,
  within: string,
): KindProblem | null {
  if (encoding === 'bytes') return null
  const { content } = look
  const named = nameParts(path).compression
  if (named !== 'none' && look.compression === 'none' && !TELLS_NOTHING.includes(content))
    return {
      looks: `${CONTENT_WORDS[content] ?? 'text'}, not ${named}`,
      why: `its name says ${named}; a failed download, or a tool that decompresses on its way, may have left it so`,
      try: ['rename it, if it is the data', 'get the file again, if it is not'],
    }
  if (content === 'parquet')
    return {
      looks: `Parquet${within}`,
      why: `its name, or format, says ${format}`,
      try: ["format: 'parquet' for the input", 'rename it'],
    }
  if (content === 'binary') return isUtf16(encoding) || saysControl(options) ? null : binary(path, look, within)
  if (content === 'zeros' && format !== 'text') return binary(path, look, within)
  const mismatch = encodingProblem(options, look)
  if (mismatch !== null) return mismatch
  if (content === 'markup' && format !== 'text')
    return {
      looks: `${CONTENT_WORDS[content]}${within}`,
      why: `it is read as ${format}; a failed download may have left such a page`,
      try: ['get the file again', "format: 'text' reads its lines"],
    }
  if (isTableOfJson(options, format, content))
    return {
      looks: `JSON${within}`,
      why: `it is read as ${format}${header ? ', and its first line would name the columns' : ''}`,
      try: [
        `format: '${content === 'ndjson' ? 'ndjson' : 'json'}' for the input`,
        'rename it',
        ...(header ? [] : ["delimiter: '…', if its lines are fields all the same"]),
      ],
    }
  if (content === 'json-line' && format === 'ndjson' && options.format === undefined)
    return {
      looks: `one JSON array of objects or arrays${within}, on one line`,
      why: 'as NDJSON it is one record, an array; as JSON each of its elements is one',
      try: ["format: 'json' for the input: each element is a record", "format: 'ndjson': the array is one record"],
    }
  return null
}

/**
 * Who has no header, and says the delimiter, may have fields of JSON. TSV may, too, with a number or another JSON text
 * behind the first: such values share a line.
 */
function isTableOfJson({ delimiter, header }: ReadOptions, format: Format, content: Content): boolean {
  if (format !== 'csv' && format !== 'tsv') return false
  if (content !== 'ndjson' && content !== 'json' && content !== 'json-line' && content !== 'array-line') return false
  return header !== false || (delimiter === undefined && !(format === 'tsv' && content === 'json'))
}

function binary(path: string, look: Look, within: string): KindProblem | null {
  // A name that says gzip or zstd over bytes that are nothing known: damage, which the job that reads it says.
  if (look.compression === 'none' && nameParts(path).compression !== 'none') return null
  return {
    looks: `binary data${within}, or text of an encoding that does not show itself`,
    why: `it has NULs or control characters as no text has them; ${READS}`,
    try: [
      "encoding: 'utf-16le' or 'utf-16be' for the input, if it is that",
      "format: 'text', encoding: 'bytes' for lines as they are",
      'a glob that leaves it out',
    ],
  }
}

/** A delimiter that is no character of texts makes a short file of one look like none. */
function saysControl({ delimiter }: ReadOptions): boolean {
  return delimiter !== undefined && delimiter < ' '
}

function encodingProblem(options: ReadOptions, { encoding: found, content }: Look): KindProblem | null {
  if (options.encoding === undefined || content === 'empty' || content === 'unknown') return null
  const told = encodingOf(options.encoding) ?? ''
  if (told === found || (!isUtf16(told) && found === 'utf-8')) return null
  const looks = found === 'utf-8' ? 'text of single bytes' : found.toUpperCase()
  return {
    looks,
    why: `the input says encoding: '${options.encoding}'`,
    try: [found === 'utf-8' ? 'an input of its own for such files' : 'leave encoding away: UTF-16 is read as such'],
  }
}

/** What people are told that is read otherwise than its name says; null where it is read as that. */
export function unlikeItsName(path: string, options: ReadOptions, look: Look): string | null {
  if (look.content === 'zeros') return 'holds NULs alone, as far as was looked, and is read as such lines'
  const named = nameParts(path).compression
  const { compression, format } = resolveReadOptions(path, options, look)
  if (format === 'text' && options.format === undefined && (look.content === 'json' || look.content === 'json-line'))
    return "holds JSON that spans or shares lines, and is read as lines of text; format: 'json' reads its values"
  if (named === compression) return null
  return compression === 'none' ? `is not ${named}` : `is ${compression}, and read as such`
}
