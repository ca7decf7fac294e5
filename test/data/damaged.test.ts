import { describe, expect, test } from 'vitest'
import { columnNames } from '../../src/data/formats/csv/columns.ts'
import { ByteReader, ByteWriter } from '../../src/data/bytes.ts'
import { decodeKey } from '../../src/data/order.ts'
import { decodeValue, hostFactory } from '../../src/data/value.ts'

const damaged = expect.objectContaining({ code: 'DAMAGED' }) as Error
const none = new Uint8Array(0)

describe('lengths in damaged bytes', () => {
  test('of arrays within arrays promise no more elements than there are bytes: 90 of 8 MB each were reserved', () => {
    const w = new ByteWriter()
    const size = 1_000_000
    // Each says that all the rest are its elements, and the first of them is the next.
    for (let depth = 0; depth < 90; depth++) {
      w.u8(11)
      w.varint(size - w.length - 8)
    }
    const bytes = new Uint8Array(size)
    bytes.set(w.view())
    let reserved = 0
    const make = { ...hostFactory, array: (length: number) => ((reserved += length), new Array<unknown>(0)) }
    expect(() => decodeValue(new ByteReader(bytes), make)).toThrow(damaged)
    expect(reserved).toBeLessThanOrEqual(size)
  })

  test('of texts in a key: an escape that is none, an end that does not come', () => {
    for (const order of [
      [0x10, 0x61],
      [0x10, 0x01],
      [0x10, 0x01, 0x05, 0x00],
      [0x10, 0x01, 0x00],
      [0x11, 0x61, 0x01],
    ])
      expect(() => decodeKey(Uint8Array.from(order), none, hostFactory)).toThrow(damaged)
    expect(decodeKey(Uint8Array.of(0x10, 0x01, 0x01, 0x61, 0x01, 0x02, 0x00), none, hostFactory)).toBe('\0a\x01')
  })

  test('a header of one name over and over gets its names in one pass', () => {
    const names = columnNames([...new Array<string>(100_000).fill('a'), 'a_3', ''])
    expect(new Set(names).size).toBe(names.length)
    expect(names.slice(0, 4)).toEqual(['a', 'a_2', 'a_4', 'a_5'])
    expect(names.slice(-2)).toEqual(['a_3', 'column_100002'])
  })
})
