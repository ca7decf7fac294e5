import { assert } from '../../core/errors.ts'
import { DecompressedFeed } from './compressed/compress.ts'
import { CsvReader } from './csv/reader.ts'
import { isCutAtLineFeeds } from './describe.ts'
import { isSingleByte, isUtf16 } from './text/encodings.ts'
import { HiveReader } from './hive.ts'
import { RangeFeed, type ByteFeed } from './feed.ts'
import { JsonReader } from './json/reader.ts'
import { LineEndFeed } from './text/line-end-feed.ts'
import { LineReader } from './text/line-reader.ts'
import { ParquetReader } from './parquet/reader.ts'
import { Places } from './places.ts'
import type { RecordReader, SplitInput } from './reader.ts'
import type { RowFactory } from './rows.ts'
import { MarkFeed } from './text/mark-feed.ts'
import { Utf16Feed } from './text/utf16-feed.ts'

/** Opens a split for reading. Nothing is read before the first `next`. `factory` makes the records. */
export function openRecords(input: SplitInput, factory: RowFactory): RecordReader {
  return input.options.hive ? new HiveReader(input, factory, openPlain) : openPlain(input, factory)
}

/** Without the fields of folders. */
function openPlain(input: SplitInput, factory: RowFactory): RecordReader {
  const { source, start, name, linesBefore } = input
  if (input.options.format === 'parquet') return new ParquetReader(input, factory)
  const feed = feedOf(input)
  const { encoding } = input.options
  const options = isUtf16(encoding) ? { ...input.options, encoding: 'utf-8' } : input.options
  const places = new Places(source, name, start, linesBefore ?? null)
  if (options.format === 'csv' || options.format === 'tsv')
    return new CsvReader({ ...input, options }, factory, feed, places)
  if (options.format === 'json') return new JsonReader({ ...input, options }, factory, feed, places)
  return new LineReader({ ...input, options }, factory, feed, places)
}

/** The split's bytes as readers take them: decompressed, and UTF-16 as UTF-8. */
function feedOf({ source, start, end, name, headerBytes, options, windowBytesMax }: SplitInput): ByteFeed {
  const { format, compression, encoding, lineEnd } = options
  assert(
    compression !== 'none' || isCutAtLineFeeds(options) || (start === 0 && end === source.size),
    'a file that cannot be cut at its line feeds is one split',
  )
  let feed: ByteFeed =
    compression === 'none'
      ? new RangeFeed(source, name, start, end, headerBytes)
      : new DecompressedFeed(source, name, compression, windowBytesMax)
  if (isUtf16(encoding)) feed = new Utf16Feed(feed, name, encoding)
  if (start === 0 && isSingleByte(encoding)) feed = new MarkFeed(feed, name, encoding)
  // A CSV's quotes decide which line ends are data: its own reader knows.
  return lineEnd === 'any' && (format === 'text' || format === 'ndjson') ? new LineEndFeed(feed) : feed
}
