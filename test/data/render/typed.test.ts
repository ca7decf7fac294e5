import { expect, test } from 'vitest'
import { ByteReader } from '../../../src/data/bytes.ts'
import { decodeValue, hostFactory } from '../../../src/data/value.ts'
import { type Typed, typedBytes } from '../typed.ts'
import { render, type Rec } from './render.ts'

const decoded = (v: Typed): unknown => decodeValue(new ByteReader(typedBytes(v)), hostFactory)
const amount = decoded({ kind: 'decimal', unscaled: 1230n, scale: 2 })

test('values of types that JavaScript has not are written as what it sees of them', () => {
  const records: Rec[] = [
    ['interval', decoded({ kind: 'interval', months: 14, days: 3, micros: 4_005_000n })],
    ['time', decoded({ kind: 'time', unit: 'us', value: 86_400_000_000n })],
    ['uuid', decoded({ kind: 'uuid', bytes: new Uint8Array(16) })],
    ['hugeint', decoded({ kind: 'hugeint', value: 2n ** 100n })],
    [
      'map',
      decoded({
        kind: 'map',
        pairs: [
          [
            { kind: 'plain', value: 1 },
            { kind: 'plain', value: 'a' },
          ],
        ],
      }),
    ],
    [amount, null],
  ]
  expect(render('ndjson', records).trimEnd().split('\n')).toEqual([
    '{"key":"interval","value":"P14M3DT4.005S"}',
    '{"key":"time","value":86400000000}',
    '{"key":"uuid","value":"00000000-0000-0000-0000-000000000000"}',
    '{"key":"hugeint","value":"1267650600228229401496703205376"}',
    '{"key":"map","value":[[1,"a"]]}',
    '{"key":"12.30","value":null}',
  ])
  expect(render('csv', [[amount, { price: amount, of: records[2]![1] }]])).toBe(
    'key,of,price\n12.30,00000000-0000-0000-0000-000000000000,12.30\n',
  )
  expect(render('table', records)).toContain('P14M3DT4.005S')
})
