import { parquetMetadata } from 'hyparquet'
import { compressors as pure } from 'hyparquet-compressors'
import { describe, expect, test } from 'vitest'
import { LIMITS } from '../../../src/core/limits.ts'
import { compressors } from '../../../src/data/formats/parquet/codecs.ts'
import { Cursor, walkDelta, walkHybrid, walkPrefixed } from '../../../src/data/formats/parquet/runs.ts'
import { checkSchema } from '../../../src/data/formats/parquet/schema.ts'
import { walkThrift } from '../../../src/data/formats/parquet/thrift.ts'
import { fixture, fixtures } from './fixture.ts'

const bytes = (...all: number[]): Uint8Array => Uint8Array.from(all)
const HUGE = [0xff, 0xff, 0xff, 0xff, 0x07]

describe('metadata is walked before it is parsed', () => {
  test.each(fixtures('parquet', '.parquet'))('%s: to the end of its footer, and its schema is a tree', (name) => {
    const file = fixture(`parquet/${name}`)
    const length = file.readUInt32LE(file.length - 8)
    const footer = new Uint8Array(file.subarray(file.length - 8 - length))
    expect(walkThrift(footer, 0, LIMITS.parquetFooterValuesMax)).toBe(length)
    expect(() => checkSchema(parquetMetadata(footer).schema)).not.toThrow()
  })

  test.each([
    ['a list of 2^31 elements', bytes(0x19, 0xfc, ...HUGE)],
    ['a text of 2^31 bytes', bytes(0x18, ...HUGE)],
    ['a number without end', bytes(0x16, ...new Array<number>(1_000).fill(0xff), 0)],
    ['a struct within a struct, for ever', new Uint8Array(1_000_000).fill(0x1c)],
    ['a list within a list, for ever', bytes(0x19, ...new Array<number>(100_000).fill(0x19))],
    ['a map', bytes(0x1b, 0)],
    ['no end', bytes(0x15, 2)],
  ])('%s is refused at once', (_what, given) => {
    expect(() => walkThrift(given, 0, 1_000_000)).toThrow(/metadata/)
  })

  test('more values than the limit are refused', () => {
    const empty = bytes(0x19, 0xfc, 100, ...new Array<number>(100).fill(0), 0)
    expect(walkThrift(empty, 0, 101)).toBe(empty.length)
    expect(() => walkThrift(empty, 0, 100)).toThrow('too much')
  })

  test.each([
    ['a child that is not there', [{ name: 'root', num_children: 2 }, { name: 'a' }]],
    ['an element that belongs to nothing', [{ name: 'root', num_children: 0 }, { name: 'a' }]],
    [
      'a chain that is too long',
      Array.from({ length: 5_000 }, (_, i) => ({ name: 'n', num_children: i < 4_999 ? 1 : 0 })),
    ],
    ['no name', [{ name: 'root', num_children: 1 }, {} as { name: string }]],
  ])('a schema with %s is refused', (_what, schema) => {
    expect(() => checkSchema(schema)).toThrow(/schema/)
  })
})

describe('runs within a page', () => {
  test('are counted as they are', () => {
    // Eight packed bits, five of them 1; three times 1; twice 0.
    const runs = bytes(3, 0b1011_0101, 6, 1, 4, 0)
    expect(walkHybrid(new Cursor(runs), 1, 13, 1)).toBe(8)
    expect(walkHybrid(new Cursor(runs), 1, 5, 1)).toBe(3)
    // Three bits each: 5, 2, 7, 0 …
    expect(walkHybrid(new Cursor(bytes(3, 0b1101_0101, 0b0000_0001, 0)), 3, 8, 2)).toBe(1)
  })

  test.each([
    ['a value that comes more often than there are values', bytes(0xfe, 0xff, 0xff, 0xff, 0x0f, 1)],
    ['fewer packed values than none', bytes(0xff, 0xff, 0xff, 0xff, 0x0f, 1)],
    ['fewer values than it says', bytes(4, 1)],
    ['a header without end', bytes(...new Array<number>(20).fill(0xff))],
  ])('with %s are refused', (_what, runs) => {
    expect(() => walkHybrid(new Cursor(runs), 1, 10)).toThrow(/page/)
  })

  test.each([
    ['blocks of nothing', bytes(0, 4, 10, 0)],
    ['no miniblocks', bytes(0x80, 1, 0, 10, 0)],
    // The library went backwards by them, for ever.
    ['fewer miniblocks than none', bytes(0x80, 1, 0xfb, 0xff, 0xff, 0xff, 0x0f, 10, 0, 0, 0, 0, 0, 0)],
    ['values of 200 bits', bytes(0x80, 1, 1, 10, 0, 0, 200)],
  ])('deltas with %s are refused', (_what, deltas) => {
    expect(() => walkDelta(new Cursor(deltas), 10)).toThrow(/page/)
  })

  test('texts that grow on each other are refused where they add up to more than a page', () => {
    const zigzag = (n: number): number[] => {
      const out: number[] = []
      let rest = n * 2
      for (; rest >= 0x80; rest = Math.floor(rest / 128)) out.push((rest % 128) | 0x80)
      return [...out, rest]
    }
    // Every text is the one before and `first` characters more: prefixes 0, f, 2f …; suffixes f, f, f …
    const count = 33
    const linear = (first: number, step: number): number[] => [0x80, 1, 1, count, ...zigzag(first), ...zigzag(step), 0]
    const page = (first: number): Uint8Array => {
      const lengths = [...linear(0, first), ...linear(first, 0)]
      return new Uint8Array(Buffer.concat([Buffer.from(lengths), Buffer.alloc(first * count)]))
    }
    expect(() => walkPrefixed(new Cursor(page(100)), count)).not.toThrow()
    expect(() => walkPrefixed(new Cursor(page(600_000)), count)).toThrow('longer together')
  })
})

describe('LZ4', () => {
  const codecs = compressors(() => undefined)
  const text = Buffer.from('abcabcabcabcabcabcabcabc tail')
  /** `abc`, then a copy of 21 bytes from 3 before, then five literals. */
  const block = Buffer.concat([bytes(0x3f), Buffer.from('abc'), bytes(3, 0, 2, 0x50), Buffer.from(' tail')])
  const framed = (raw: number, stored: number): Buffer => {
    const head = Buffer.alloc(8)
    head.writeUInt32BE(raw >>> 0, 0)
    head.writeUInt32BE(stored >>> 0, 4)
    return Buffer.concat([head, block])
  }

  test('is what the library gives, bare and framed', () => {
    expect(Buffer.from(codecs.LZ4_RAW!(block, text.length))).toEqual(text)
    expect(Buffer.from(pure.LZ4_RAW!(block, text.length))).toEqual(text)
    const whole = framed(text.length, block.length)
    expect(Buffer.from(codecs.LZ4!(whole, text.length))).toEqual(text)
    expect(Buffer.from(codecs.LZ4!(block, text.length))).toEqual(text)
  })

  test('of another length is refused, and one whose lengths lead backwards ends', () => {
    expect(() => codecs.LZ4_RAW!(block, text.length + 1)).toThrow(/bytes where/)
    expect(() => codecs.LZ4_RAW!(block, text.length - 1)).toThrow(/more than it says/)
    // The library stays at this one for ever.
    expect(() => codecs.LZ4!(framed(0, -8), text.length)).toThrow(/LZ4|bytes where/)
  })
})
