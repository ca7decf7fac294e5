import { describe, expect, test } from 'vitest'
import type { ReadOptions } from '../../../src/core/types.ts'
import { resolveReadOptions } from '../../../src/data/formats/options.ts'

describe('resolveReadOptions', () => {
  test.each([
    ['a/b.ndjson', 'ndjson', 'none'],
    ['b.jsonl.gz', 'ndjson', 'gzip'],
    ['b.csv.zst', 'csv', 'zstd'],
    ['B.CSV.GZ', 'csv', 'gzip'],
    ['b.tsv', 'tsv', 'none'],
    ['b.parquet', 'parquet', 'none'],
    ['access.log', 'text', 'none'],
    ['README', 'text', 'none'],
    ['access.log.1.gz', 'text', 'gzip'],
    ['x.csv.bak', 'text', 'none'],
    ['x.json', 'ndjson', 'none'],
    ['.gz', 'text', 'gzip'],
    ['data.csv.1', 'csv', 'none'],
    ['data.csv.1.gz', 'csv', 'gzip'],
    ['data.csv.20261101', 'csv', 'none'],
    ['data.csv-20261101.gz', 'csv', 'gzip'],
    ['data.tsv.gz-2026-11-01', 'tsv', 'gzip'],
    ['data.ndjson.2026-11-01T15', 'ndjson', 'none'],
    ['data.csv-20261101-153000', 'csv', 'none'],
    ['data.csv.123456', 'text', 'none'],
    ['data-20261101', 'text', 'none'],
    ['data.csv.bak', 'text', 'none'],
    ['data.csv.gz.12', 'csv', 'gzip'],
    ['a.csv.gzip', 'csv', 'gzip'],
    ['a.tsv.bgz', 'tsv', 'gzip'],
    ['a.ndjson.zstd', 'ndjson', 'zstd'],
    ['a.csv.bz2', 'csv', 'none'],
    ['a.parq', 'parquet', 'none'],
    ['a.pq', 'parquet', 'none'],
    ['part-0.gz.parquet', 'parquet', 'none'],
    ['2026.01', 'text', 'none'],
  ])('%s is %s, %s', (path, format, compression) => {
    expect(resolveReadOptions(path, {})).toMatchObject({ format, compression })
  })

  test('defaults', () => {
    const common = {
      columns: null,
      header: true,
      escape: '',
      comment: '',
      skipLines: 0,
      trim: false,
      nulls: [],
      fill: false,
      lineEnd: 'lf',
      encoding: 'utf-8',
      compression: 'none',
    }
    expect(resolveReadOptions('a.csv', {})).toEqual({
      ...{ ...common, format: 'csv', delimiter: ',', quote: '"', escapeIn: 'quoted' },
    })
    expect(resolveReadOptions('a.tsv', {})).toEqual({
      ...{ ...common, format: 'tsv', delimiter: '\t', quote: '', escapeIn: 'quoted' },
    })
    expect(resolveReadOptions('a.txt', {})).toMatchObject({ header: false })
    expect(resolveReadOptions('a.parquet', {}).encoding).toBe('bytes')
  })

  test('an option wins over the name, compression still goes by it', () => {
    expect(resolveReadOptions('a.log.gz', { format: 'csv', delimiter: ';' })).toMatchObject({
      format: 'csv',
      compression: 'gzip',
      delimiter: ';',
    })
  })

  test.each<[string, ReadOptions, RegExp]>([
    ['a.txt', { delimiter: ';' }, /delimiter is for csv and tsv/],
    ['a.ndjson', { header: false }, /header is for csv and tsv/],
    ['a.parquet', { quote: '' }, /quote is for csv and tsv/],
    ['a.csv', { delimiter: ';;' }, /delimiter must be one character/],
    ['a.csv', { delimiter: '' }, /delimiter must be one character/],
    ['a.csv', { delimiter: '\n' }, /delimiter must be one character/],
    ['a.csv', { delimiter: '→', encoding: 'latin1' }, /delimiter must be one character/],
    ['a.csv', { quote: '«' }, /quote must be one ASCII character/],
    ['a.csv', { quote: ',' }, /must differ/],
    ['a.csv', { columns: ['a'] }, /without a header/],
    ['a.csv', { header: false, columns: ['a', 'a'] }, /twice/],
    ['a.csv', { header: false, columns: [] }, /list of names/],
    ['a.ndjson', { columns: ['a'] }, /no meaning/],
    ['a.csv', { encoding: 'bytes' }, /for text lines/],
    ['a.ndjson', { encoding: 'bytes' }, /for text lines/],
    ['a.parquet', { encoding: 'latin1' }, /no meaning for Parquet/],
    ['a.csv', { encoding: 'utf-9' }, /is none that is read here/],
    ['a.csv', { encoding: 'shift_jis' }, /is none that is read here/],
    ['a.json', { format: 'json', encoding: 'latin1' }, /no meaning for JSON/],
    ['a.csv', { escape: '\\\\' }, /escape must be one ASCII character/],
    ['a.csv', { escape: ',' }, /must differ/],
    ['a.csv', { escapeIn: 'all' }, /without escape/],
    ['a.csv', { comment: '"' }, /must not begin/],
    ['a.csv', { skipLines: -1 }, /whole number/],
    ['a.txt', { skipLines: 2 }, /skipLines is for csv and tsv/],
    ['a.parquet', { lineEnd: 'any' }, /for files of lines/],
    ['a.txt', { lineEnd: 'any', encoding: 'bytes' }, /no meaning for encoding/],
    ['a.csv', { format: 'xml' as 'csv' }, /is not one of/],
  ])('%s with %j is refused', (path, options, message) => {
    expect(() => resolveReadOptions(path, options)).toThrow(expect.objectContaining({ code: 'USAGE' }))
    expect(() => resolveReadOptions(path, options)).toThrow(message)
  })

  test('for an encoding that is not read here, with how to make one that is', () => {
    const tries = (encoding: string): unknown => expect.objectContaining({ try: [expect.stringContaining(encoding)] })
    expect(() => resolveReadOptions('a.csv', { encoding: 'shift_jis' })).toThrow(
      tries('iconv -f shift_jis -t UTF-8') as Error,
    )
    expect(() => resolveReadOptions('a.csv', { encoding: 'x; y' })).toThrow(tries('iconv -f NAME -t') as Error)
  })

  test('a character beyond the BMP is one character', () => {
    expect(resolveReadOptions('a.csv', { delimiter: '😀' }).delimiter).toBe('😀')
  })
})
