/** Parquet files: footers as the catalog reads them, pages as tasks do; compressed, nested, in every encoding. */
import { isDeepStrictEqual } from 'node:util'
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { deserializeTCompactProtocol } from 'hyparquet/src/thrift.js'
import { ByteWriter, parquetWriteBuffer } from 'hyparquet-writer'
import { serializeTCompactProtocol } from 'hyparquet-writer/src/thrift.js'
import { decodeCatalog, encodeCatalog } from '../../../src/catalog/codec.ts'
import { describe } from '../../../src/data/formats/describe.ts'
import { NO_FACTS } from '../../../src/catalog/body.ts'
import { PLAIN_TEXT } from '../../../src/core/look.ts'
import { resolveReadOptions } from '../../../src/data/formats/options.ts'
import { sourceOf } from '../../../src/data/formats/source.ts'
import { fixture, fixtures } from '../../data/formats/fixture.ts'
import { readAll } from '../../data/formats/read-all.ts'
import { mutateValue } from '../mutate-value.ts'
import { mutate } from '../mutate.ts'
import type { Random } from '../random.ts'
import { holds, orShoalErrorOf, target, type Target } from '../target.ts'

const COUNT = 40
const numbers = Array.from({ length: COUNT }, (_, i) => (i * 7) % 11)
const texts = numbers.map((n) => `text ${n}`)
const some = <T>(values: readonly T[]): (T | null)[] => values.map((value, i) => (i % 5 === 3 ? null : value))
/** Literals alone: a block of LZ4 that compresses nothing. */
const lz4 = (bytes: Uint8Array): Uint8Array => {
  const lengths: number[] = []
  let left = bytes.length - 15
  for (; left >= 255; left -= 255) lengths.push(255)
  const head = bytes.length < 15 ? [bytes.length << 4] : [0xf0, ...lengths, left]
  return new Uint8Array(Buffer.concat([Uint8Array.from(head), bytes]))
}
const COMPRESSORS = {
  GZIP: (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes)),
  ZSTD: (bytes: Uint8Array) => new Uint8Array(zstdCompressSync(bytes)),
  BROTLI: (bytes: Uint8Array) => new Uint8Array(brotliCompressSync(bytes)),
  LZ4_RAW: lz4,
  LZ4: lz4,
}

type Options = Parameters<typeof parquetWriteBuffer>[0]
const written = (options: Options): Uint8Array => new Uint8Array(parquetWriteBuffer({ compressors: COMPRESSORS, ...options })) // prettier-ignore

const FLAT: Options['columnData'] = [
  { name: 'i', data: Int32Array.from(numbers), type: 'INT32', encoding: 'DELTA_BINARY_PACKED' },
  { name: 'l', data: BigInt64Array.from(numbers, BigInt), type: 'INT64', encoding: 'DELTA_BINARY_PACKED' },
  { name: 's', data: texts, type: 'STRING' },
  {
    name: 'p',
    data: texts.map((text) => new Uint8Array(Buffer.from(text))),
    type: 'BYTE_ARRAY',
    encoding: 'DELTA_LENGTH_BYTE_ARRAY',
  },
  {
    name: 'q',
    data: texts.map((text) => new Uint8Array(Buffer.from(text))),
    type: 'BYTE_ARRAY',
    encoding: 'DELTA_BYTE_ARRAY',
  },
  { name: 'f', data: Float32Array.from(numbers), type: 'FLOAT', encoding: 'BYTE_STREAM_SPLIT' },
  { name: 'b', data: some(numbers.map((n) => n > 5)), type: 'BOOLEAN' },
  { name: 't', data: some(numbers.map((n) => new Date(n * 1e9))), type: 'TIMESTAMP' },
  { name: 'o', data: some(texts), type: 'STRING' },
]

const CODECS = ['UNCOMPRESSED', 'SNAPPY', 'GZIP', 'ZSTD', 'BROTLI', 'LZ4', 'LZ4_RAW'] as const

const CORPUS: readonly Uint8Array[] = [
  ...fixtures('parquet', '.parquet').map((name) => new Uint8Array(fixture(`parquet/${name}`))),
  // Nested, and written otherwise: those of them that are small.
  ...fixtures('parquet-matrix', '.parquet')
    .map((name) => new Uint8Array(fixture(`parquet-matrix/${name}`)))
    .filter(({ length }) => length < 8_000),
  ...CODECS.map((codec) => written({ columnData: FLAT, codec })),
  // What lies within pages is reached by a change of one byte only where nothing is compressed.
  ...Array.from({ length: 6 }, () => written({ columnData: FLAT, codec: 'UNCOMPRESSED', pageSize: 100 })),
]

interface Region {
  readonly start: number
  readonly end: number
}

/** Where the footer lies, and what comes before it. */
function footerOf(file: Uint8Array): Region {
  if (file.length < 12) return { start: 0, end: file.length }
  const length = new DataView(file.buffer, file.byteOffset).getUint32(file.length - 8, true)
  return { start: Math.max(0, file.length - 8 - length), end: file.length - 8 }
}

/** Changes a few bytes of a region, where they stand: all offsets stay right. */
function overwrite(random: Random, file: Uint8Array, { start, end }: Region): Uint8Array {
  const copy = new Uint8Array(file)
  for (let left = 1 + random.below(3); left > 0 && end > start; left--) {
    const at = start + random.below(end - start)
    const by = random.pick([
      [random.below(256)],
      [copy[at]! ^ (1 << random.below(8))],
      [0xff, 0xff, 0xff, 0xff, 0x0f],
      [0],
    ])
    copy.set(by.slice(0, end - at), at)
  }
  return copy
}

/** A footer that is longer or shorter, with the length that says so. */
function otherFooter(random: Random, file: Uint8Array): Uint8Array {
  const { start, end } = footerOf(file)
  const before = file.subarray(start, end)
  const footer = random.chance(0.4) ? mutate(random, [before]) : sayingElse(random, before)
  const trailer = new Uint8Array(8)
  new DataView(trailer.buffer).setUint32(0, footer.length, true)
  trailer.set(Buffer.from('PAR1'), 4)
  return new Uint8Array(Buffer.concat([file.subarray(0, start), footer, trailer]))
}

/** A footer in which one thing says something else, and all lengths are right. */
function sayingElse(random: Random, footer: Uint8Array): Uint8Array {
  try {
    const said = deserializeTCompactProtocol({ view: new DataView(new Uint8Array(footer).buffer), offset: 0 })
    const writer = new ByteWriter()
    serializeTCompactProtocol(writer, mutateValue(random, said) as Record<string, unknown>)
    return new Uint8Array(writer.getBuffer())
  } catch {
    // Nothing that Thrift can say.
    return mutate(random, [footer])
  }
}

function fileInput(random: Random): Uint8Array {
  const file = random.pick(CORPUS)
  switch (random.below(9)) {
    case 0:
      return mutate(random, CORPUS)
    case 2:
      return otherFooter(random, file)
    case 1:
      return overwrite(random, file, footerOf(file))
    default:
      return overwrite(random, file, { start: 4, end: footerOf(file).start })
  }
}

const OPTIONS = resolveReadOptions('a.parquet', {})

/** A catalog with these cuts: what its peers must be able to take. */
async function checkFooter(file: Uint8Array): Promise<void> {
  const description = await describe(sourceOf(file), file.length, OPTIONS)
  const witness = { dev: '1', ino: '1', mtimeNs: '1', ctimeNs: '1' }
  const entry = { path: 'a.parquet', root: '0123456789ab', size: file.length, witness, ...description }
  const mtime = '2026-01-02T03:04:05.678Z'
  const entries = [{ ...entry, state: 'offered' as const, mtime, look: PLAIN_TEXT }]
  const roots = [{ root: '0123456789ab', state: 'ok' as const, why: '', ...NO_FACTS }]
  const body = { version: 1, datasets: [{ name: 'd', replicated: false, roots, entries }] }
  holds(isDeepStrictEqual(decodeCatalog(encodeCatalog(body)), body), 'a catalog is another one after it was sent')
}

export const PARQUET: readonly Target[] = [
  target('parquet', {
    what: 'data/formats: Parquet files, every encoding and codec',
    input: fileInput,
    check: async (bytes) => {
      await orShoalErrorOf(['DAMAGED', 'BAD_RECORD'], () => readAll(bytes, 'a.parquet', {}))
    },
    quick: 300,
  }),
  target('parquet-footer', {
    what: 'data/formats, catalog: footers of Parquet files, as a node describes its shards',
    input: (random) => {
      const file = random.pick(CORPUS)
      return random.chance(0.5) ? otherFooter(random, file) : overwrite(random, file, footerOf(file))
    },
    check: checkFooter,
    quick: 1000,
  }),
]
