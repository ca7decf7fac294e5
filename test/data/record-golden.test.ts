/** The vectors of docs/record.md, which were computed from its text by another program. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import type { AggregateName } from '../../src/core/spec/settings.ts'
import { aggregateOf } from '../../src/data/aggregates/of-job.ts'
import { ByteReader, ByteWriter, compareBytes } from '../../src/data/bytes.ts'
import { decodeKey, encodeKey } from '../../src/data/order.ts'
import { PART_MAGIC, PartWriter } from '../../src/data/part.ts'
import { murmur3, partitionOf } from '../../src/data/partition.ts'
import { writeRecord } from '../../src/data/run.ts'
import { MemoryFiles } from '../../src/data/spill.ts'
import { decodeValue, encodeValue, hostFactory } from '../../src/data/value.ts'
import { seen, type Typed, typedBytes, typedKey } from './typed.ts'

const page = readFileSync(new URL('../../docs/record.md', import.meta.url), 'utf8')

/** Rows of the table under that header, cells without their backticks. */
function table(header: string): string[][] {
  const start = page.indexOf(header)
  expect(start, header).toBeGreaterThan(0)
  const rows: string[][] = []
  for (const line of page.slice(start).split('\n').slice(2)) {
    if (!line.startsWith('|')) break
    rows.push(
      line
        .slice(1, -1)
        .split(' | ')
        .map((cell) => cell.trim().replace(/^`(.*)`$/, '$1')),
    )
  }
  expect(rows.length).toBeGreaterThan(1)
  return rows
}

const made = new WeakSet<object>()
const keep = (v: Typed): Typed => {
  made.add(v)
  return v
}
/** What makes the types that JavaScript has not, in a cell. */
const TYPES = {
  decimal: (text: string) =>
    keep({ kind: 'decimal', unscaled: BigInt(text.replace('.', '')), scale: text.split('.')[1]?.length ?? 0 }),
  interval: (months: number, days: number, micros: bigint) => keep({ kind: 'interval', months, days, micros }),
  time: (unit: 'ms' | 'us' | 'ns', value: bigint) => keep({ kind: 'time', unit, value }),
  uuid: (text: string) => keep({ kind: 'uuid', bytes: Buffer.from(text.replaceAll('-', ''), 'hex') }),
  hugeint: (value: bigint) => keep({ kind: 'hugeint', value }),
  map: (pairs: [unknown, unknown][]) =>
    keep({ kind: 'map', pairs: pairs.map(([key, value]) => [typed(key), typed(value)]) }),
}

/** Arrays may hold such types; all else is what JavaScript emits. */
function typed(v: unknown): Typed {
  if (typeof v === 'object' && v !== null && made.has(v)) return v as Typed
  return Array.isArray(v) && v.some((element) => typed(element).kind !== 'plain')
    ? { kind: 'array', elements: v.map(typed) }
    : { kind: 'plain', value: v }
}

/** The value that a cell denotes, made in a realm of its own. */
const valueOf = (text: string): unknown => runInNewContext(`(${text})`, { ...TYPES })
const typedOf = (text: string): Typed => typed(valueOf(text))
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const bytesOf = (value: unknown): Uint8Array => {
  const w = new ByteWriter()
  encodeValue(w, value)
  return w.copy()
}

describe('docs/record.md', () => {
  test.each(table('| aggregate | values | accumulator |'))('%s of %s is %s', (name, list, expected) => {
    const [word, n = '1'] = name!.split(' ') as [AggregateName, string?]
    const aggregate = aggregateOf({ name: word, n: Number(n) })
    const items = (valueOf(list!) as unknown[]).map((value) => aggregate.take(value, null))
    const folded = items.slice(1).reduce((all, item) => aggregate.add(all, item), aggregate.lift(items[0]))
    const w = new ByteWriter()
    aggregate.write(w, folded)
    expect(hex(w.view())).toBe(expected)
    const again = new ByteWriter()
    aggregate.write(again, aggregate.read(new ByteReader(Buffer.from(expected!, 'hex'))))
    expect(hex(again.view())).toBe(expected)
  })

  test.each(table('| value | bytes |'))('value %s is %s', (text, expected) => {
    const value = typedOf(text!)
    expect(hex(value.kind === 'plain' ? bytesOf(value.value) : typedBytes(value))).toBe(expected)
    const back = decodeValue(new ByteReader(Buffer.from(expected!, 'hex')), hostFactory)
    expect(hex(bytesOf(back))).toBe(hex(bytesOf(seen(value))))
  })

  test.each(table('| key | order form | shape | partition |'))('key %s is %s', (text, order, shape, partition) => {
    const value = typedOf(text!)
    const key = value.kind === 'plain' ? encodeKey(value.value) : typedKey(value)
    expect(hex(key.order)).toBe(order)
    expect(hex(key.shape)).toBe(shape)
    expect(partitionOf(key.order, 0, key.order.length, 1000)).toBe(Number(partition))
    expect(hex(bytesOf(decodeKey(key.order, key.shape, hostFactory)))).toBe(hex(bytesOf(seen(value))))
  })

  test('keys in the table ascend', () => {
    const orders = table('| key | order form | shape | partition |').map((row) => Buffer.from(row[1]!, 'hex'))
    for (let i = 1; i < orders.length; i++) {
      const [a, b] = [orders[i - 1]!, orders[i]!]
      expect(compareBytes(a, 0, a.length, b, 0, b.length)).toBeLessThan(0)
    }
  })

  test.each(table('| key | split | weight | value | record |'))(
    'run record of %s',
    (key, split, weight, value, record) => {
      const { order, shape } = encodeKey(valueOf(key!))
      const w = new ByteWriter()
      writeRecord(w, order, shape, Number(split), Number(weight), bytesOf(valueOf(value!)))
      expect(hex(w.view())).toBe(record)
    },
  )

  test('part records, their hash and their file', () => {
    const files = new MemoryFiles()
    const part = new PartWriter(files.create('part'))
    const rows = table('| key | value | record |')
    for (const [key, value] of rows) part.emit(valueOf(key!), valueOf(value!))
    const facts = part.finish()
    const raw = Buffer.from(rows.map((row) => row[2]).join(''), 'hex')
    expect(facts).toEqual({
      records: rows.length,
      bytes: raw.length,
      part: createHash('sha256').update(raw).digest('hex'),
    })
    expect(page).toContain(facts.part)
    // So short a block does not shrink: the file is magic, header, and the records as they are.
    const file = files.files.get('part')!
    expect(Buffer.from(file.subarray(0, 4)).toString()).toBe(PART_MAGIC)
    expect(hex(file.subarray(16, 16 + raw.length))).toBe(hex(raw))
  })

  test('murmur3: vectors published with other implementations', () => {
    const of = (text: string, seed: number): number => {
      const bytes = Buffer.from(text, 'hex')
      return murmur3(bytes, 0, bytes.length, seed)
    }
    expect(of('', 0)).toBe(0)
    expect(of('', 1)).toBe(0x514e28b7)
    expect(of('', 0xffffffff)).toBe(0x81f16f39)
    expect(of('ffffffff', 0)).toBe(0x76293b50)
    expect(of('21436587', 0)).toBe(0xf55b516b)
    expect(of('21436587', 0x5082edee)).toBe(0x2362f9de)
    expect(of('214365', 0)).toBe(0x7e4a8634)
    expect(of('2143', 0)).toBe(0xa0f7b07a)
    expect(of('21', 0)).toBe(0x72661cf4)
    expect(of('00000000', 0)).toBe(0x2362f9de)
  })
})
