import { DecompressedFeed } from './compress.ts'
import { CsvReader } from './csv-reader.ts'
import { RangeFeed, type ByteFeed } from './feed.ts'
import { JsonReader } from './json-reader.ts'
import { LineReader } from './line-reader.ts'
import { ParquetReader } from './parquet-reader.ts'
import { Places } from './places.ts'
import type { RecordReader, SplitInput } from './reader.ts'
import type { RowFactory } from './rows.ts'

/** Opens a split for reading. Nothing is read before the first `next`. `factory` makes the records. */
export function openRecords(input: SplitInput, factory: RowFactory): RecordReader {
  const { source, start, end, name, headerBytes, options, linesBefore } = input
  if (options.format === 'parquet') return new ParquetReader(input, factory)
  const feed: ByteFeed =
    options.compression === 'none'
      ? new RangeFeed(source, name, start, end, headerBytes)
      : new DecompressedFeed(source, name, options.compression)
  const places = new Places(source, name, start, linesBefore ?? null)
  if (options.format === 'csv' || options.format === 'tsv') return new CsvReader(input, factory, feed, places)
  if (options.format === 'json') return new JsonReader(input, factory, feed, places)
  return new LineReader(input, factory, feed, places)
}
