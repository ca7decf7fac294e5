/** The data plane's own bytes: frames, values, keys, runs, parts, samples; damaged before and behind their checksums. */
import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { crc32, zstdCompressSync } from 'node:zlib'
import { LIMITS } from '../../../src/core/limits.ts'
import type { Digest } from '../../../src/core/types.ts'
import { ByteReader, ByteWriter } from '../../../src/data/bytes.ts'
import { frame, FrameDecoder, FRAME_HEADER_BYTES } from '../../../src/data/frame.ts'
import { decodeKey, encodeKey } from '../../../src/data/order.ts'
import { PartReader, PART_MAGIC } from '../../../src/data/part.ts'
import { RunCursor, RUN_MAGIC, writeRecord } from '../../../src/data/run.ts'
import { boundsOf, readSample, SAMPLE_MAGIC } from '../../../src/data/sample.ts'
import { END, Groups } from '../../../src/data/fold.ts'
import { MemoryFiles, type SpillInput } from '../../../src/data/spill.ts'
import { decodeValue, encodeValue, hostFactory } from '../../../src/data/value.ts'
import { type Typed, typedBytes, typedKey } from '../../data/typed.ts'
import { mutate } from '../mutate.ts'
import type { Random } from '../random.ts'
import { holds, orShoalError, target, type Target } from '../target.ts'

const VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1e100,
  NaN,
  5n,
  -(2n ** 70n),
  'text',
  'länger ￿ 😀',
  Uint8Array.of(0, 1, 2, 255),
  new Date(86_400_000),
  [],
  [1, [2, [3, ['deep']]], null],
  { a: 1, b: { c: 'x', d: [true, false] } },
  { __proto__: 1, id: 42n, list: ['a', 'b', 'c'], at: new Date(0) },
]

const plain = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes)
const open = (bytes: Uint8Array): SpillInput => ({
  read: (offset, length) => bytes.subarray(offset, offset + length),
  close: () => undefined,
})
/** More steps than an input of this size can need. */
const stepsOf = (bytes: Uint8Array): number => bytes.length * 8 + 1_000

function valueBytes(value: unknown): Uint8Array {
  const writer = new ByteWriter()
  encodeValue(writer, value)
  return writer.copy()
}

/** Of the types that only typed encoders make. */
const TYPED: readonly Typed[] = [
  { kind: 'decimal', unscaled: -1230n, scale: 2 },
  { kind: 'interval', months: 14, days: -3, micros: 4_005_001n },
  { kind: 'time', unit: 'ms', value: 86_399_999n },
  { kind: 'uuid', bytes: Uint8Array.from({ length: 16 }, (_, i) => i * 17) },
  { kind: 'hugeint', value: -(2n ** 100n) },
  {
    kind: 'map',
    pairs: [
      [
        { kind: 'decimal', unscaled: 10n ** 30n, scale: 12 },
        {
          kind: 'array',
          elements: [
            { kind: 'time', unit: 'ns', value: 1n },
            { kind: 'plain', value: 7n },
          ],
        },
      ],
    ],
  },
]

const VALUE_BYTES = [...VALUES.map(valueBytes), ...TYPED.map(typedBytes)]
const KEYS = [...VALUES.map((value) => encodeKey(value)), ...TYPED.map(typedKey)]

/** varint(shape's length), shape, order form. */
const KEY_BYTES = KEYS.map(({ order, shape }) => {
  const writer = new ByteWriter()
  writer.varint(shape.length)
  writer.bytes(shape)
  writer.bytes(order)
  return writer.copy()
})

// ---- files of blocks

/** The records of a sorted run, of parts, of samples: what lies in the blocks. */
const sortedKeys = KEYS.toSorted((a, b) => Buffer.compare(a.order, b.order))
const RUN_RECORDS = sortedKeys.flatMap(({ order, shape }, i) =>
  [0, 1].map((split) => {
    const writer = new ByteWriter()
    writeRecord(writer, order, shape, split, 1 + (i % 3), VALUE_BYTES[i % VALUE_BYTES.length]!)
    return { bytes: writer.copy(), weight: 1 + (i % 3) }
  }),
)
const PART_RECORDS = VALUE_BYTES.map((value, i) => {
  const key = VALUE_BYTES[(i * 5) % VALUE_BYTES.length]!
  const writer = new ByteWriter()
  writer.varint(key.length)
  writer.bytes(key)
  writer.varint(value.length)
  writer.bytes(value)
  return { bytes: writer.copy(), weight: 1 }
})
const SAMPLE_RECORDS = KEYS.map(({ order }) => {
  const writer = new ByteWriter()
  writer.varint(order.length)
  writer.bytes(order)
  return { bytes: writer.copy(), weight: 1 }
})

type Records = readonly { readonly bytes: Uint8Array; readonly weight: number }[]

interface Shape {
  /** Raw bytes of each block. */
  readonly blocks: readonly Uint8Array[]
  readonly records: number
  readonly weight: number
}

/** A file of blocks with checksums and trailer as these blocks have them, whatever is in the blocks. */
function blockFile(magic: string, { blocks, records, weight }: Shape, compress: boolean): Uint8Array {
  const pieces: Uint8Array[] = [Buffer.from(magic, 'latin1')]
  const push = (raw: number, stored: Uint8Array): void => {
    const header = Buffer.alloc(12)
    header.writeUInt32BE(raw, 0)
    header.writeUInt32BE(stored.length, 4)
    header.writeUInt32BE(crc32(stored), 8)
    pieces.push(header, stored)
  }
  const hash = createHash('sha256')
  let bytes = 0
  for (const block of blocks) {
    if (block.length === 0) continue
    hash.update(block)
    bytes += block.length
    const packed = compress ? zstdCompressSync(block) : block
    push(block.length, packed.length < block.length ? packed : block)
  }
  const trailer = new ByteWriter()
  for (const n of [records, weight, bytes]) trailer.varint(n)
  trailer.bytes(hash.digest())
  push(0, trailer.copy())
  return plain(Buffer.concat(pieces))
}

function shapeOf(records: Records): Shape {
  const half = records.length >> 1
  const blocks = [records.slice(0, half), records.slice(half)].map((some) => Buffer.concat(some.map((r) => r.bytes)))
  return { blocks, records: records.length, weight: records.reduce((sum, { weight }) => sum + weight, 0) }
}

/** A file of blocks that is damaged: anywhere, or in its records, behind checksums that are right. */
function blockInput(magic: string, records: Records): (random: Random) => Uint8Array {
  const shape = shapeOf(records)
  const whole = blockFile(magic, shape, true)
  const small = blockFile(magic, shapeOf(records.slice(0, 3)), false)
  const pieces = [...records.map(({ bytes }) => bytes), ...shape.blocks.map(plain)]
  return (random) => {
    if (random.chance(0.3)) return mutate(random, [whole, small])
    const at = random.below(shape.blocks.length)
    const blocks = shape.blocks.map((block, i) => (i === at ? mutateNear(random, plain(block), pieces) : block))
    return blockFile(magic, { ...shape, blocks }, random.chance(0.1))
  }
}

/** `bytes` changed, with the others to take pieces from. */
function mutateNear(random: Random, bytes: Uint8Array, others: readonly Uint8Array[]): Uint8Array {
  return mutate(random, random.chance(0.9) ? [bytes] : others)
}

function readRun(bytes: Uint8Array): void {
  const cursor = new RunCursor(open(bytes), 0, 'run')
  const reader = new ByteReader()
  let steps = 0
  for (let view = cursor.next(); view !== null; view = cursor.next()) {
    holds(++steps < stepsOf(bytes), 'a run without end')
    holds(view.valueEnd <= view.buffer.length && view.orderEnd <= view.shapeStart, 'a record lies within its block')
    const { buffer, orderStart, orderEnd, shapeStart, shapeEnd, valueStart, valueEnd } = view
    orShoalError(['DAMAGED'], () =>
      decodeKey(buffer.subarray(orderStart, orderEnd), buffer.subarray(shapeStart, shapeEnd), hostFactory),
    )
    reader.over(buffer, valueStart, valueEnd)
    orShoalError(['DAMAGED'], () => decodeValue(reader, hostFactory))
  }
}

/** Fewer: a merge costs several times what reading does. */
const FEW_RECORDS = RUN_RECORDS.filter((_record, i) => i % 7 < 2)
const SOUND_RUN = blockFile(RUN_MAGIC, shapeOf(FEW_RECORDS), true)

/** Three runs, one of them damaged, as a reduce task reads them. */
function reduceRuns(bytes: Uint8Array): void {
  const runs = [SOUND_RUN, bytes, SOUND_RUN]
  const groups = new Groups({
    inputs: runs.map((run, i) => ({
      name: `run-${i}`,
      open: () => open(run),
      ranks: i === 0 ? [1, 0] : [2 * i, 2 * i + 1],
      aliases: i === 0 ? [0, 0] : [1, 1],
      expected: i === 1 ? { digest: '0'.repeat(64) as Digest, bytes: 1 } : null,
    })),
    aliases: 2,
    make: hostFactory,
    files: new MemoryFiles(),
    memory: 64,
    fanIn: 3,
  })
  let steps = 0
  while (groups.nextGroup()) {
    for (const alias of [1, 0]) {
      while (groups.nextValue(alias) !== END) holds(++steps < stepsOf(bytes) + 10_000, 'a group without end')
    }
  }
}

function checkPart(bytes: Uint8Array): void {
  const part = orShoalError(['DAMAGED'], () => new PartReader(open(bytes)))
  if (part === null) return
  orShoalError(['DAMAGED'], () => {
    for (const [key, value] of part.records()) {
      sameAgain(key)
      sameAgain(value)
    }
  })
}

/** What was decoded is a value: it can be written, and is then read as the same. */
function sameAgain(value: unknown): void {
  const again = decodeValue(new ByteReader(valueBytes(value)), hostFactory)
  holds(isDeepStrictEqual(again, value) || value === 0, 'a value is another one after it was written')
}

// ---- frames

/** Whole frames and pieces of some; what a length says need not be there. */
function frameInput(random: Random): Uint8Array {
  const frames = Array.from({ length: 1 + random.below(4) }, () => {
    const framed = plain(frame(random.bytes(random.below(300))))
    if (random.chance(0.2)) new DataView(framed.buffer).setUint32(0, random.word())
    return framed
  })
  const whole = plain(Buffer.concat([Uint8Array.of(random.below(256)), ...frames]))
  return random.chance(0.5) ? whole : mutate(random, [whole])
}

function payloads(decoder: FrameDecoder, pieces: readonly Uint8Array[]): { got: Buffer[]; damaged: boolean } {
  const got: Buffer[] = []
  for (const piece of pieces) {
    const some = orShoalError(['DAMAGED'], () => decoder.push(piece))
    if (some === null) return { got, damaged: true }
    got.push(...some.map((payload) => Buffer.from(payload)))
  }
  return { got, damaged: false }
}

/** The first byte says in what pieces the rest comes: that shows in nothing but where damage ends it. */
function checkFrames(bytes: Uint8Array): void {
  const step = 1 + (bytes[0] ?? 0)
  const rest = bytes.subarray(1)
  const max = 256
  const pieces: Uint8Array[] = []
  for (let at = 0; at < rest.length; at += step) pieces.push(plain(rest.subarray(at, at + step)))
  const decoder = new FrameDecoder(max)
  const slowly = payloads(decoder, pieces)
  const atOnce = payloads(new FrameDecoder(max), [rest])
  holds(slowly.damaged === atOnce.damaged, 'the pieces in which bytes come decide whether they are damaged')
  if (slowly.damaged) return
  holds(isDeepStrictEqual(slowly.got, atOnce.got), 'the pieces in which bytes come show in the frames')
  holds(decoder.pending <= max + FRAME_HEADER_BYTES, 'no more than a frame is held')
  const used = slowly.got.reduce((sum, payload) => sum + payload.length + FRAME_HEADER_BYTES, 0)
  holds(used + decoder.pending === rest.length, 'all bytes are in a frame or wait for one')
}

export const DATA: readonly Target[] = [
  target('frames', { what: 'data/frame: streams and logs', input: frameInput, check: checkFrames }),
  target('value', {
    what: 'data/value: values of records',
    input: (random) => mutate(random, VALUE_BYTES),
    check: (bytes) => {
      const reader = new ByteReader(bytes)
      const value = orShoalError(['DAMAGED'], () => ({ decoded: decodeValue(reader, hostFactory) }))
      if (value !== null) sameAgain(value.decoded)
    },
  }),
  target('key', {
    what: 'data/order: keys of records',
    input: (random) => mutate(random, KEY_BYTES),
    check: (bytes) => {
      const reader = new ByteReader(bytes.subarray(0, LIMITS.keyBytesMax))
      const key = orShoalError(['DAMAGED'], () => {
        const shape = reader.bytes(reader.varint())
        return { decoded: decodeKey(reader.bytes(reader.end - reader.offset), shape, hostFactory) }
      })
      if (key === null) return
      const { order, shape } = encodeKey(key.decoded)
      holds(
        isDeepStrictEqual(decodeKey(order, shape, hostFactory), key.decoded),
        'a key is another after it was written',
      )
    },
  }),
  target('run', {
    what: 'data/run: runs on disk and from peers',
    input: blockInput(RUN_MAGIC, RUN_RECORDS),
    check: (bytes) => {
      orShoalError(['DAMAGED'], () => readRun(bytes))
    },
  }),
  target('reduce', {
    what: 'data/merge, data/fold: a damaged run among sound ones',
    input: blockInput(RUN_MAGIC, FEW_RECORDS),
    check: (bytes) => {
      orShoalError(['DAMAGED'], () => reduceRuns(bytes))
    },
  }),
  target('part', {
    what: 'data/part: parts on disk, from peers and over the control socket',
    input: blockInput(PART_MAGIC, PART_RECORDS),
    check: checkPart,
  }),
  target('sample', {
    what: 'data/sample: sampled keys',
    input: blockInput(SAMPLE_MAGIC, SAMPLE_RECORDS),
    check: (bytes) => {
      const keys = orShoalError(['DAMAGED'], () => readSample(open(bytes)))
      if (keys !== null) boundsOf(keys, 5)
    },
  }),
]
