import type { Agreed, Bytes, Digest } from '../../core/types.ts'
import type { ResolvedReadOptions } from './options.ts'
import type { RowFactory } from './rows.ts'
import type { RandomAccess } from './source.ts'

/** One split to read. */
export interface SplitInput {
  readonly source: RandomAccess
  /** Byte offsets, or indexes of row groups where `rowGroups`. */
  readonly start: number
  readonly end: number
  readonly rowGroups: boolean
  /** CSV: length of what stands before the rows at the file's start, see `Cuts`; for splits that begin later. */
  readonly headerBytes: Bytes
  readonly options: ResolvedReadOptions
  /** `dataset/path`, for messages and places. */
  readonly name: string
  /** Lines that begin before the split's first record, where only a part of the file is at hand; else they are counted. */
  readonly linesBefore?: number
  /** zstd: memory for what a decoder keeps of its output, beside all else; else LIMITS.zstdWindowDefault. */
  readonly windowBytesMax?: Bytes
  /** Parquet: what other files of the input make of this one's columns. */
  readonly agreed?: Agreed
}

/** What `Batch.record` gives for a record that cannot be decoded. No record is ever this. */
export const BAD: unique symbol = Symbol('bad record')

/**
 * Some hundred records in order. The loop over it:
 * `for (let i = 0; i < batch.length; i++) { const record = batch.record(i); if (record === BAD) … batch.bad(i) … }`
 */
export interface Batch {
  /** Bad records included, empty lines not. */
  readonly length: number
  /** Decodes record i, or gives BAD. Cheap to call once; each call makes a new record. */
  record(i: number): unknown
  /** Why record i is BAD; only for such. */
  bad(i: number): string
  /** What may read it, as options of the input; only for such. */
  remedies?(i: number): readonly string[]
  /**
   * `dataset/path:line` (the line of its first byte, from 1, as an editor shows it) or `dataset/path#row` (from 1).
   * Asynchronous where the lines before the split must be counted; that reads the file up to the split, once.
   */
  place(i: number): string | Promise<string>
  /** The record's text, for messages and samples; bytes that are not valid text show as latin1. */
  raw(i: number): string
}

export interface SplitRead {
  /** Bytes that belong to this split; over all splits of an uncompressed line file they sum to its size. */
  readonly bytes: Bytes
  /**
   * SHA-256 of the bytes read: a function of file and split. Lines: the bytes of its records (for a CSV split that
   * does not begin at 0 after the header's); compressed: the whole file; Parquet: footer, then the column chunks read,
   * by row group and column.
   */
  readonly input: Digest
}

/** Reads the records of one split in order. One call at a time. */
export interface RecordReader {
  /**
   * The next batch, null at the end. A batch is good until the next call.
   * Rejects with DAMAGED (compressed, Parquet), RECORD_LIMIT, BAD_RECORD (a CSV header or UTF-16 that cannot be read, JSON
   * whose values cannot be told apart), FILE_KIND or TASK_MEMORY (zstd: a dictionary, a window), or what the source threw.
   */
  next(): Promise<Batch | null>
  /** Once `next` has given null. */
  facts(): SplitRead
}

export type OpenRecords = (input: SplitInput, factory: RowFactory) => RecordReader
