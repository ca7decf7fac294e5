/** Users' files: lines, NDJSON, CSV, gzip, zstd. What is read is what an independent reader of the same bytes gives. */
import { isUtf8 } from 'node:buffer'
import { isDeepStrictEqual } from 'node:util'
import { constants, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { ReadOptions } from '../../../src/core/types.ts'
import { jsonLook } from '../../../src/data/formats/json/look.ts'
import { whyNotJson } from '../../../src/data/formats/json/problem.ts'
import { resolveReadOptions } from '../../../src/data/formats/options.ts'
import { expectedOf, splitsOf, withoutBom as withoutMark } from '../../data/formats/dialects.ts'
import { fixture, fixtures } from '../../data/formats/fixture.ts'
import { naiveJson, overflows, readJson } from '../../data/formats/naive-json.ts'
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
  text(['\u001e{"a":1}', '\u001e\u001e[2]', '\u001e', ' \u001e3']),
  text(['{"a":1,"b":[true,null,"x"]}', '{"a":12345678901234567890,"s":"\\ud83d\\ude00"}', '[]', '"t"', '-0.5e3', '']),
  text(['{"__proto__":{"x":1},"constructor":2}', '  {"a": {"b": {"c": {}}}}  ', '9007199254740993'], '\r\n'),
  withBom(text(['{"k":"\\u0000"}', '1'])),
]
/** Values that share or span lines. */
const JSON_FILES = [
  ...JSONS,
  text([
    '[',
    '  {"a": 1, "b": [true, null]},',
    '  {"a": 12345678901234567890, "s": "\\ud83d\\ude00"},',
    '  "ä", -0.5e3',
    ']',
  ]),
  text(['[{"a":"x\\"y\\\\"},{},[],[[1]],NaN,"t"]'], '\r\n'),
  text(['{"a": {', '"b": 1}}{"a":2} 3 "x" null', '[]'], '\r\n'),
  text(['\u001e{"a":', '1}', '\u001e[2]', '\u001e3 \u001e"x"']),
  withBom(text(['[1,', '2]', '\u001e'])),
]
const JSON_TEXTS = [...JSONS, ...JSON_FILES].flatMap((file) => [
  file,
  ...naiveLines(file).filter((line) => line.length > 9),
])
const LINES_OF_LOGS = [text(['[2026-11-30 10:00:01] INFO', '[info] {"a":1}', '{name} [1] 2', '[1, 2] [3', '{"a":1},'])]

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
/** `latin1` is a label of it. */
const WINDOWS_1252 = new TextDecoder('windows-1252')
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

/** It begins with the byte order mark of UTF-8, and is said to be of single bytes. */
function isMarkedOtherwise(file: Uint8Array, { encoding }: ReadOptions): boolean {
  return encoding === 'latin1' && BOM.equals(file.subarray(0, 3))
}

async function checkLines(bytes: Uint8Array): Promise<void> {
  const { options, cut, file } = partsOf(bytes, TEXT_OPTIONS)
  const whole = await read(file, 'a.log', options)
  if (isMarkedOtherwise(file, options)) return holds(whole === null, 'the mark of UTF-8 is read as single bytes')
  holds(whole !== null, 'a text file is never damaged')
  const utf8 = options.encoding === undefined
  const lines = naiveLines(utf8 ? withoutBom(file) : file)
  const good = utf8 ? lines.filter((line) => isUtf8(line)) : lines
  const expected = good.map((line) =>
    options.encoding === 'bytes' ? line : utf8 ? Buffer.from(line).toString() : WINDOWS_1252.decode(line),
  )
  holds(isDeepStrictEqual(whole.records, expected), 'lines are the file between its line ends')
  holds(whole.bad.length === lines.length - good.length, 'lines that are no text are bad records')
  holds(isDeepStrictEqual(await readInTwo(file, 'a.log', options, cut), whole.records), 'a cut shows')
}

async function checkJson(bytes: Uint8Array): Promise<void> {
  const { cut, file } = partsOf(bytes, [{}])
  const whole = await read(file, 'a.ndjson', {})
  const exact = await read(file, 'a.ndjson', { numbers: 'exact' })
  holds(whole !== null, 'an NDJSON file is never damaged')
  const lines = naiveLines(withoutBom(file))
    .map((line) => line.subarray(/^\u001e*/.exec(Buffer.from(line).toString('latin1'))![0].length))
    .filter((line) => !/^[ \t\r\u001e]*$/.test(Buffer.from(line).toString('latin1')))
  const good = lines.filter((line) => isUtf8(line) && jsonOf(line) !== null && !overflows(Buffer.from(line).toString()))
  holds(whole.records.length === good.length, 'each line of JSON is a record')
  holds(whole.bad.length === lines.length - good.length, 'each other line is a bad record')
  holds(exact !== null && exact.records.length >= good.length, 'what a double holds is kept exact, too')
  good.forEach((line, i) => {
    const long = /[0-9]{16}/.test(Buffer.from(line).toString('latin1'))
    if (!long) holds(isDeepStrictEqual(whole.records[i], jsonOf(line)?.value), 'a record is what its line says')
  })
  holds(isDeepStrictEqual(await readInTwo(file, 'a.ndjson', {}, cut), whole.records), 'a cut shows')
}

/** The first two bytes are the lengths of the chunks that the file comes in. */
async function checkJsonFile(bytes: Uint8Array): Promise<void> {
  const file = bytes.subarray(2)
  const found = await readJson(file, [1 + (bytes[0] ?? 0), 1 + ((bytes[1] ?? 0) >> 4)])
  const { error, bad, raws, records } = found
  if (error !== null) holds(error.code === 'BAD_RECORD', 'a JSON file is refused by another error')
  holds(isDeepStrictEqual(await readJson(file, [1_000]), found), 'how a file comes in chunks shows')
  const expected = isUtf8(file) ? naiveJson(Buffer.from(file).toString()) : null
  if (expected === null) {
    holds(error !== null || bad.length > 0, 'a file that is not right is read without a word')
    return
  }
  const good = expected.texts.filter((one) => !overflows(one))
  holds(error === null && bad.length === expected.texts.length - good.length, 'a file that is right is refused')
  holds(isDeepStrictEqual(raws, good), 'the values of a file are others')
  good.forEach((one, i) => {
    if (!/[0-9]{16}/.test(one)) holds(isDeepStrictEqual(records[i], JSON.parse(one)), 'a record is what its text says')
  })
}

/** What a whole text looks like is what reading it shows; a head of it may only say less. */
function checkJsonLook(bytes: Uint8Array): void {
  const file = Buffer.from(bytes.subarray(2)).toString()
  const look = jsonLook(file, true)
  const head = jsonLook(file.slice(0, (bytes[0] ?? 0) * 2), false)
  if (look !== null && head === 'json') holds(look === 'json', 'a head of a text that is no such thing spans lines')
  const values = naiveJson(file)
  const first = /^[ \t\r\n\u001e]*([[{])/.exec(file)
  holds(look === null || first !== null, 'what begins with no bracket is taken for JSON')
  if (values === null || first === null || file.startsWith('\uFEFF')) return
  holds(look !== null, 'JSON is taken for none')
  const lines = file.split(/[\r\n]/).map((line) => line.replace(/^[ \t\u001e]+/, ''))
  const oneEach = lines.every((line) => /^[ \t\u001e]*$/.test(line) || jsonOf(Buffer.from(line)) !== null)
  if (oneEach)
    holds(
      look === 'ndjson' || look === 'json-line' || look === 'array-line',
      'a value in each line is taken for JSON over lines',
    )
  const [content] = lines.filter((line) => /[^ \t\u001e]/.test(line))
  if (!oneEach && jsonOf(Buffer.from(content!)) === null)
    holds(look === 'json', 'values that share or span lines are taken for one in each')
}

async function checkCsv(bytes: Uint8Array): Promise<void> {
  const { options, cut, file } = partsOf(bytes, CSV_OPTIONS)
  const whole = await read(file, 'a.csv', options)
  if (isMarkedOtherwise(file, options)) return holds(whole === null, 'the mark of UTF-8 is read as single bytes')
  if (options.encoding === undefined && !isUtf8(file)) return
  const string = options.encoding === undefined ? withoutMark(Buffer.from(file).toString()) : WINDOWS_1252.decode(file)
  const expected = expectedOf(string, options)
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
const zstdAtOnce = (file: Uint8Array): Uint8Array =>
  zstdDecompressSync(file, { params: { [constants.ZSTD_d_windowLogMax]: 31 } })
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
  fixture('compress/dictionary.zst'),
]

/** What is read is what the platform's own decompressor gives at once. */
async function checkCompressed(
  file: Uint8Array,
  path: string,
  atOnce: (file: Uint8Array) => Uint8Array,
): Promise<void> {
  const whole = await orShoalErrorOf(['DAMAGED', 'FILE_KIND', 'TASK_MEMORY'], () =>
    readAll(file, path, { encoding: 'bytes' }),
  )
  if (whole === null) return
  const expected = naiveLines(atOnce(file))
  holds(isDeepStrictEqual(whole.records, expected), 'what was decompressed is another content')
}

const OPTIONS = [
  ...CSV_OPTIONS,
  ...TEXT_OPTIONS,
  { format: 'parquet', columns: ['a'], encoding: 'utf-8', timestamps: 'text', maps: 'pairs' },
  { format: 'ndjson', numbers: 'exact', hive: true },
]

export const FORMATS: readonly Target[] = [
  target('lines', { what: 'data/formats: text lines in every encoding', input: withHead(LINES), check: checkLines }),
  target('ndjson', { what: 'data/formats: NDJSON', input: withHead(JSONS), check: checkJson }),
  target('json', {
    what: 'data/formats: JSON whose values share or span lines',
    input: withHead(JSON_FILES),
    check: checkJsonFile,
  }),
  target('json-look', {
    what: 'data/formats: how JSON values lie in lines',
    input: withHead([...JSON_FILES, ...JSONS, ...LINES_OF_LOGS]),
    check: checkJsonLook,
  }),
  target('json-problem', {
    what: 'data/formats: what is wrong with a JSON text',
    input: (random) => mutate(random, JSON_TEXTS),
    check: (bytes) => {
      const json = Buffer.from(bytes).toString()
      const why = whyNotJson(json)
      holds((why === null) === (jsonOf(bytes) !== null), 'JSON.parse sees it otherwise')
      holds(why === null || !/\p{C}/u.test(why), 'a control character is shown')
    },
  }),
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
    check: (bytes) => checkCompressed(bytes, 'a.log.zst', zstdAtOnce),
    // A frame may have a window of any size, of which 128 MiB may be filled; here are two decoders.
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
