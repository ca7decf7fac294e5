/** Users' files: lines, NDJSON, CSV, gzip, zstd. What is read is what an independent reader of the same bytes gives. */
import { isUtf8 } from 'node:buffer'
import { isDeepStrictEqual } from 'node:util'
import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { ReadOptions } from '../../../src/core/types.ts'
import { resolveReadOptions } from '../../../src/data/formats/options.ts'
import { expectedOf, splitsOf, withoutBom as withoutMark } from '../../data/formats/dialects.ts'
import { fixture, fixtures } from '../../data/formats/fixture.ts'
import { naiveLines } from '../../data/formats/naive.ts'
import { readAll, type ReadResult, type SplitToRead } from '../../data/formats/read-all.ts'
import { mutateValue } from '../mutate-value.ts'
import { mutate } from '../mutate.ts'
import type { Random } from '../random.ts'
import { holds, orShoalError, orShoalErrorOf, target, type Target } from '../target.ts'
import { jsonInput, jsonOf } from './cbor.ts'

const text = (lines: readonly string[], end = '\n'): Uint8Array => Buffer.from(lines.join(end) + end)
const BOM = Buffer.from('\uFEFF')
const withBom = (bytes: Uint8Array): Uint8Array => Buffer.concat([BOM, bytes])

const LINES = [
  text(['one', 'two', '', 'länger', '日本語 😀', ' ']),
  text(['a', 'b\rc', 'd'], '\r\n'),
  withBom(text(['mark', 'after'])),
  Buffer.from('no end'),
  Buffer.from([0xff, 0xfe, 0x0a, 0xc3, 0x28, 0x0a, 0x41]),
]
const JSONS = [
  text(['{"a":1,"b":[true,null,"x"]}', '{"a":12345678901234567890,"s":"\\ud83d\\ude00"}', '[]', '"t"', '-0.5e3', '']),
  text(['{"__proto__":{"x":1},"constructor":2}', '  {"a": {"b": {"c": {}}}}  ', '9007199254740993'], '\r\n'),
  withBom(text(['{"k":"\\u0000"}', '1'])),
]
const CSVS = [
  text(['id,name,note', '1,"a ""quoted"" one",x', '2,"two\nlines",', '3,,"']),
  text(['id;name', '1;ä', '2;"b;c"', ''], '\r\n'),
  text(['a\tb\tc', '1\t2\t3', "'q'\t'x\t'\t"]),
  text(['a,a,a,,', '1,2,3,4,5']),
  withBom(text(['"x","y"', '"1","2"'])),
  text(['# "a" note', 'x , "y" ', ' 1,"a, b" ', '', '#"', '// NA', 'NA']),
  text(['a,b', '"q\\"uote\\\\",c\\,d', 'line\\', 'end,"two\\', 'lines"', '\\"no,1\\'], '\r\n'),
  text(['a,b', '1,2', '"3\r",4', ''], '\r'),
  ...fixtures('csv', '.csv').map((name) => fixture(`csv/${name}`)),
]

const CSV_OPTIONS: readonly ReadOptions[] = [
  {},
  { header: false },
  { header: false, columns: ['x', 'y', 'z'] },
  { delimiter: ';' },
  { delimiter: '\t', quote: "'" },
  { quote: '' },
  { encoding: 'latin1' },
  { delimiter: 'ä', header: false },
  { escape: '\\', escapeIn: 'quoted', null: ['', '1'] },
  { escape: '\\', escapeIn: 'all', header: false, delimiter: 'ä' },
  { escape: '\\', ragged: 'fill' },
  { escape: '\\', quote: '', header: false, trim: true },
  { comment: '#', skipLines: 1, trim: true },
  { comment: '//', header: false, columns: ['x'], ragged: 'fill', null: ['NA'] },
  { lineEnd: 'any', escape: '\\', escapeIn: 'all', comment: '#', skipLines: 1 },
  { lineEnd: 'any', header: false, trim: true, delimiter: '\t', quote: "'" },
  { quote: '', skipLines: 1, comment: '#', header: false },
]
const TEXT_OPTIONS: readonly ReadOptions[] = [{}, { encoding: 'latin1' }, { encoding: 'bytes' }]

/** The first byte chooses the options, the second where a split is cut. */
const withHead = (corpus: readonly Uint8Array[]): ((random: Random) => Uint8Array) => {
  return (random) => new Uint8Array(Buffer.concat([random.bytes(2), mutate(random, corpus)]))
}

interface Parts {
  readonly options: ReadOptions
  readonly cut: number
  readonly file: Uint8Array
}

function partsOf(bytes: Uint8Array, options: readonly ReadOptions[]): Parts {
  const file = bytes.subarray(2)
  return {
    options: options[(bytes[0] ?? 0) % options.length]!,
    cut: Math.floor(((bytes[1] ?? 0) / 256) * file.length),
    file,
  }
}

/** Null where the file is refused as it may be; no other error passes. */
function read(file: Uint8Array, path: string, options: ReadOptions, split?: SplitToRead): Promise<ReadResult | null> {
  return orShoalErrorOf(['DAMAGED', 'RECORD_LIMIT', 'BAD_RECORD'], () => readAll(file, path, options, split))
}

async function readInTwo(file: Uint8Array, path: string, options: ReadOptions, cut: number): Promise<unknown[] | null> {
  const first = await read(file, path, options, { start: 0, end: cut })
  const second = await read(file, path, options, { start: cut, end: file.length })
  return first === null || second === null ? null : [...first.records, ...second.records]
}

function withoutBom(file: Uint8Array): Uint8Array {
  return BOM.equals(file.subarray(0, 3)) ? file.subarray(3) : file
}

async function checkLines(bytes: Uint8Array): Promise<void> {
  const { options, cut, file } = partsOf(bytes, TEXT_OPTIONS)
  const whole = await read(file, 'a.log', options)
  holds(whole !== null, 'a text file is never damaged')
  const utf8 = options.encoding === undefined
  const lines = naiveLines(utf8 ? withoutBom(file) : file)
  const good = utf8 ? lines.filter((line) => isUtf8(line)) : lines
  const expected = good.map((line) =>
    options.encoding === 'bytes' ? line : Buffer.from(line).toString(utf8 ? 'utf8' : 'latin1'),
  )
  holds(isDeepStrictEqual(whole.records, expected), 'lines are the file between its line ends')
  holds(whole.bad.length === lines.length - good.length, 'lines that are no text are bad records')
  holds(isDeepStrictEqual(await readInTwo(file, 'a.log', options, cut), whole.records), 'a cut shows')
}

async function checkJson(bytes: Uint8Array): Promise<void> {
  const { cut, file } = partsOf(bytes, [{}])
  const whole = await read(file, 'a.ndjson', {})
  holds(whole !== null, 'an NDJSON file is never damaged')
  const lines = naiveLines(withoutBom(file)).filter((line) => !/^[ \t\r]*$/.test(Buffer.from(line).toString('latin1')))
  const good = lines.filter((line) => isUtf8(line) && jsonOf(line) !== null)
  holds(whole.records.length === good.length, 'each line of JSON is a record')
  holds(whole.bad.length === lines.length - good.length, 'each other line is a bad record')
  good.forEach((line, i) => {
    const exact = /[0-9]{16}/.test(Buffer.from(line).toString('latin1'))
    if (!exact) holds(isDeepStrictEqual(whole.records[i], jsonOf(line)?.value), 'a record is what its line says')
  })
  holds(isDeepStrictEqual(await readInTwo(file, 'a.ndjson', {}, cut), whole.records), 'a cut shows')
}

async function checkCsv(bytes: Uint8Array): Promise<void> {
  const { options, cut, file } = partsOf(bytes, CSV_OPTIONS)
  const whole = await read(file, 'a.csv', options)
  if (options.encoding !== undefined || !isUtf8(file)) return
  const expected = expectedOf(withoutMark(Buffer.from(file).toString()), options)
  holds((whole === null) === (expected === null), 'only a header that cannot be read ends it')
  if (whole === null || expected === null) return
  holds(isDeepStrictEqual(whole.records, expected.records), 'rows are not what a naive reader sees')
  holds(isDeepStrictEqual(whole.places, expected.places), 'rows are at other lines')
  const bad = whole.bad.map(({ place }) => place)
  holds(isDeepStrictEqual(bad, expected.bad), 'other records are bad')
  const parts: unknown[] = []
  for (const split of await splitsOf(Buffer.from(file), options, [cut]))
    parts.push(...((await read(file, 'a.csv', options, split))?.records ?? []))
  holds(isDeepStrictEqual(parts, whole.records), 'a cut shows')
}

const PLAIN = [text(['one', 'two']), Buffer.alloc(0), Buffer.alloc(4_000, 'abcdefgh\n'), Buffer.from('x'.repeat(300))]
const GZIPS = [
  ...PLAIN.map((bytes) => gzipSync(bytes)),
  Buffer.concat([gzipSync('a\n'), gzipSync('b\n'), Buffer.alloc(5)]),
  // With a name, a comment and a header checksum's flag.
  Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 8 + 16, 0, 0, 0, 0, 0, 3]), Buffer.from('n\0c\0'), gzipSync('x\n').subarray(10)]), // prettier-ignore
  fixture('compress/ext_ok_duckdb_test_concat.gz'),
]
const ZSTDS = [
  ...PLAIN.map((bytes) => zstdCompressSync(bytes)),
  Buffer.concat([zstdCompressSync('a\n'), zstdCompressSync('b\n')]),
  // A skippable frame before a frame.
  Buffer.concat([Buffer.from([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]), zstdCompressSync('after\n')]),
  fixture('compress/ext_ok_rle-first-block.zst'),
]

/** What is read is what the platform's own decompressor gives at once. */
async function checkCompressed(
  file: Uint8Array,
  path: string,
  atOnce: (file: Uint8Array) => Uint8Array,
): Promise<void> {
  const whole = await orShoalErrorOf(['DAMAGED'], () => readAll(file, path, { encoding: 'bytes' }))
  if (whole === null) return
  const expected = naiveLines(atOnce(file))
  holds(isDeepStrictEqual(whole.records, expected), 'what was decompressed is another content')
}

const OPTIONS = [...CSV_OPTIONS, ...TEXT_OPTIONS, { format: 'parquet', columns: ['a'], encoding: 'utf-8' }]

export const FORMATS: readonly Target[] = [
  target('lines', { what: 'data/formats: text lines in every encoding', input: withHead(LINES), check: checkLines }),
  target('ndjson', { what: 'data/formats: NDJSON', input: withHead(JSONS), check: checkJson }),
  target('csv', { what: 'data/formats: CSV and TSV, all options', input: withHead(CSVS), check: checkCsv }),
  target('gzip', {
    what: 'data/formats: gzip',
    input: (random) => mutate(random, GZIPS),
    check: (bytes) => checkCompressed(bytes, 'a.log.gz', gunzipSync),
    quick: 200,
  }),
  target('zstd', {
    what: 'data/formats: zstd',
    input: (random) => mutate(random, ZSTDS),
    check: (bytes) => checkCompressed(bytes, 'a.log.zst', zstdDecompressSync),
    // A frame may ask for a window of 128 MiB, which zstd's decoders take unless told otherwise; here are two of them.
    bytesMax: 320 * 2 ** 20,
    quick: 200,
  }),
  target('read-options', {
    what: 'data/formats: how an input is read, as jobs and peers say',
    input: (random) =>
      random.chance(0.5) ? jsonInput(OPTIONS)(random) : Buffer.from(JSON.stringify(mutateValue(random, random.pick(OPTIONS)))), // prettier-ignore
    check: (bytes) => {
      const json = jsonOf(bytes)
      if (typeof json?.value !== 'object' || json.value === null) return
      for (const path of ['a.csv', 'a.parquet', 'a.log.gz'])
        orShoalError(['USAGE'], () => resolveReadOptions(path, json.value as ReadOptions))
    },
  }),
]
