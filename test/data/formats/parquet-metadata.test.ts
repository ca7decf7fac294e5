import { describe, expect, test } from 'vitest'
import { readParquetFooter } from '../../../src/data/formats/parquet/metadata/footer.ts'
import { schemaOf } from '../../../src/data/formats/parquet/metadata/schema.ts'
import { readThrift, ThriftStruct, ThriftWriter } from '../../../src/data/formats/parquet/metadata/thrift.ts'
import { sourceOf } from '../../../src/data/formats/source.ts'
import { fixture, fixtures } from './fixture.ts'

const bytes = (...all: number[]): Uint8Array => Uint8Array.from(all)
const HUGE = [0xff, 0xff, 0xff, 0xff, 0x07]
const ALL = { 1: true, 2: true, 3: true, 20: true, 30: true } as const

describe('Thrift', () => {
  test('what is written is read', () => {
    const w = new ThriftWriter()
    w.i32(1, -5)
    w.struct(2, () => w.texts(1, ['é', 'x'.repeat(3000)]))
    w.structs(3, [1, 2], (n) => w.i64(7, n * 2 ** 45))
    w.i32s(
      20,
      Array.from({ length: 20 }, (_, i) => i - 10),
    )
    w.text(300, 'far')
    w.end()
    const { struct, end } = readThrift(w.take(), 0, 1_000, { ...ALL, 300: true })
    expect(end).toBe(w.take().length)
    expect(struct.get(1)).toBe(-5)
    expect((struct.get(2) as ThriftStruct).get(1)).toEqual(
      ['é', 'x'.repeat(3000)].map((text) => new Uint8Array(Buffer.from(text))),
    )
    expect((struct.get(3) as ThriftStruct[]).map((one) => one.get(7))).toEqual([2 ** 45, 2 ** 46])
    expect(struct.get(20)).toEqual(Array.from({ length: 20 }, (_, i) => i - 10))
    expect(Buffer.from(struct.get(300) as Uint8Array).toString()).toBe('far')
  })

  test('what is not wanted is walked over', () => {
    const w = new ThriftWriter()
    w.struct(1, () => w.i32(1, 1))
    w.i32(2, 2)
    w.end()
    expect([...readThrift(w.take(), 0, 10, { 2: true }).struct]).toEqual([[2, 2]])
  })

  test.each([
    ['a list of 2^31 elements', bytes(0x19, 0xfc, ...HUGE)],
    ['a text of 2^31 bytes', bytes(0x18, ...HUGE)],
    ['a number without end', bytes(0x16, ...new Array<number>(1_000).fill(0xff), 0)],
    ['a struct within a struct, for ever', new Uint8Array(1_000_000).fill(0x1c)],
    ['a list within a list, for ever', bytes(0x19, ...new Array<number>(100_000).fill(0x19))],
    ['a map', bytes(0x1b, 0)],
    ['no end', bytes(0x15, 2)],
    ['a field below 0', bytes(0x05, 1, 0, 0)],
  ])('%s is refused at once', (_what, given) => {
    expect(() => readThrift(given, 0, 1_000_000, ALL)).toThrow(/metadata/)
  })

  test('more values than the limit are refused', () => {
    const empty = bytes(0x19, 0xfc, 100, ...new Array<number>(100).fill(0), 0)
    expect(readThrift(empty, 0, 101, ALL).end).toBe(empty.length)
    expect(() => readThrift(empty, 0, 100, ALL)).toThrow('too much')
  })
})

const element = (fields: readonly (readonly [number, number | string])[]): ThriftStruct =>
  new ThriftStruct(fields.map(([id, value]) => [id, typeof value === 'string' ? Buffer.from(value) : value]))
const root = (children: number): ThriftStruct => element([[4, 'root'], [5, children]]) // prettier-ignore
const group = (children: number): ThriftStruct => element([[3, 0], [4, 'g'], [5, children]]) // prettier-ignore
const leaf = (...more: readonly (readonly [number, number])[]): ThriftStruct => element([[1, 1], [3, 0], [4, 'a'], ...more]) // prettier-ignore

describe('a schema', () => {
  test.each(fixtures('parquet', '.parquet'))('of %s is read', async (name) => {
    const file = fixture(`parquet/${name}`)
    const { columns, groups, leaves } = await readParquetFooter(sourceOf(file), name)
    expect(columns.length).toBeGreaterThan(0)
    for (const { chunks } of groups) expect(chunks).toHaveLength(leaves.length)
  })

  test.each([
    ['a child that is not there', [root(2), leaf()]],
    ['an element that belongs to nothing', [root(1), leaf(), leaf()]],
    ['a chain that is too long', [root(1), ...Array.from({ length: 5_000 }, () => group(1)), leaf()]],
    ['no name', [root(1), element([[1, 1]])]],
    ['no columns', [root(0)]],
    ['a group without fields', [root(1), group(0)]],
  ])('with %s is refused', (_what, elements) => {
    expect(() => schemaOf(elements)).toThrow(/schema|columns|fields/)
  })

  test('a type that the values cannot have is refused: text as INT32', () => {
    expect(() => schemaOf([root(1), leaf([6, 0])])).toThrow('the column a is stored as INT32, which cannot be string')
    expect(() => schemaOf([root(1), leaf([6, 5])])).toThrow('incomplete')
  })
})
