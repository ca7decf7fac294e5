import { expect, it } from 'vitest'
import type { Fields } from '../../src/core/spec/fields.ts'
import { checked, WireError } from '../../src/wire/codec.ts'
import { strictly } from '../../src/wire/fields.ts'

const FIELDS: Fields = {
  name: { is: 'text', most: 3, needed: true },
  sort: { is: 'flag', default: false },
  partitions: { is: 'whole', least: 1, most: 9, default: null },
  mark: { is: 'character' },
  code: { is: 'digest' },
  kind: { is: 'word', words: ['a', 'b'] },
  stages: {
    ...{ is: 'list', least: 1, most: 2 },
    of: { is: 'fields', fields: { reduce: { is: 'function', needed: true } } },
  },
  side: { is: 'named', of: { is: 'text', most: 2 }, names: 2, thing: 'table' },
}
const least = { name: 'abc', sort: false, partitions: null }
const all = {
  ...{ name: '', sort: true, partitions: 9, mark: '😀', code: '0'.repeat(64), kind: 'b' },
  ...{ stages: [{ reduce: true }, { reduce: false }], side: { ab: 'ab' } },
}

it('a table is what a peer may say: every field within its bounds, nested ones too', () => {
  for (const said of [least, all]) expect(checked(strictly(FIELDS), said)).toEqual(said)
})

it.each([
  ['a field that there is not', { more: 1 }],
  ['one that is needed', { name: undefined }],
  ['one with a default', { sort: undefined }],
  ['one whose default is null', { partitions: undefined }],
  ['null for one that has another default', { sort: null }],
  ['null for one that may be absent', { mark: null }],
  ['a text too long', { name: 'abcd' }],
  ['a number too small', { partitions: 0 }],
  ['a number too large', { partitions: 10 }],
  ['half a number', { partitions: 1.5 }],
  ['more than a character', { mark: 'abcde' }],
  ['no digest', { code: '0' }],
  ['another word', { kind: 'c' }],
  ['a list too short', { stages: [] }],
  ['a list too long', { stages: [{ reduce: true }, { reduce: true }, { reduce: true }] }],
  ['a nested field of another kind', { stages: [{ reduce: 'x' }] }],
  ['a nested field that there is not', { stages: [{ reduce: true, more: 1 }] }],
  ['a name too long', { side: { abc: 'a' } }],
  ['a named thing of another kind', { side: { a: 1 } }],
])('%s is refused', (_, change) => {
  const said = Object.entries({ ...all, ...change }).filter(([, value]) => value !== undefined)
  expect(() => checked(strictly(FIELDS), Object.fromEntries(said))).toThrow(WireError)
})
