import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { hostRows, makeRows, type RowFactory } from '../../../src/data/formats/rows.ts'

describe('makeRows', () => {
  const realm = runInNewContext(`({ rows: (${makeRows.toString()})(), Object, Array, Date, Uint8Array })`) as {
    rows: RowFactory
    Object: ObjectConstructor
    Array: ArrayConstructor
    Date: DateConstructor
    Uint8Array: Uint8ArrayConstructor
  }

  test('works from its source alone, and makes the values of the realm where that runs', () => {
    const { rows } = realm
    expect(Object.getPrototypeOf(rows.json('{"a":[1]}'))).toBe(realm.Object.prototype)
    expect(Object.getPrototypeOf(rows.jsonExact('{"a":9007199254740993}'))).toBe(realm.Object.prototype)
    expect(Object.getPrototypeOf(rows.row(['a'])(['1']))).toBe(realm.Object.prototype)
    expect(rows.row(null)(['1'])).toBeInstanceOf(realm.Array)
    expect(rows.array([1])).toBeInstanceOf(realm.Array)
    expect(rows.date(5)).toBeInstanceOf(realm.Date)
    expect(rows.bytes(Uint8Array.of(1))).toBeInstanceOf(realm.Uint8Array)
  })

  test('rows have own fields of any name, in order', () => {
    const names = ['b', 'a', '__proto__', 'constructor', 'a "quoted"\n name\u2028', '7', '']
    const row = hostRows.row(names)(names.map((_, i) => String(i))) as Record<string, string>
    expect(Object.getPrototypeOf(row)).toBe(Object.prototype)
    for (const [i, name] of names.entries()) expect(Object.getOwnPropertyDescriptor(row, name)?.value).toBe(String(i))
    expect(Object.keys(row)).toHaveLength(names.length)
  })

  test('numbers that overflow are no number; their text is had by jsonDigits', () => {
    expect(() => hostRows.jsonExact('{"a":[1e400]}')).toThrow('1e400 is beyond what a double holds')
    expect(() => hostRows.jsonExact(`-${'9'.repeat(400)}.5`)).toThrow(RangeError)
    expect(hostRows.jsonExact('9'.repeat(400))).toBe(BigInt('9'.repeat(400)))
    expect(hostRows.jsonDigits('[0.10,1e400,-0.0,12,-9007199254740993,9007199254740993.0,"0.5",true]')).toEqual([
      '0.10',
      '1e400',
      '-0.0',
      12,
      -9007199254740993n,
      '9007199254740993.0',
      '0.5',
      true,
    ])
  })

  test('bytes are a copy', () => {
    const view = Uint8Array.of(1, 2)
    const copy = hostRows.bytes(view)
    view[0] = 9
    expect([...copy]).toEqual([1, 2])
  })
})
