import { describe, expect, expectTypeOf, it, test } from 'vitest'
import type { Field } from '../../src/core/spec/fields.ts'
import type { ReadOptions, READ_OPTIONS } from '../../src/core/spec/read-options.ts'
import type { Settings, SETTINGS } from '../../src/core/spec/settings.ts'
import type { Input, InputOptions, MultiInputJob, SingleInputJob } from '../../src/job.ts'
import { checkShape } from '../../src/task/job-shape.ts'

const FUNCTION = '\0function'
const shape = (job: object): unknown => checkShape({ job: { input: 'd', map: FUNCTION, ...job }, stages: [] }, 'file')
const ofInput = (options: object): unknown => shape({ input: { data: 'd', ...options } })

/** The names of the properties that any of these has. */
type Names<T> = T extends unknown ? keyof T : never
type TraitsOf<T> = Names<T[keyof T]>

test('what a person reads in src/job.ts is what the tables have', () => {
  expectTypeOf<keyof InputOptions>().toEqualTypeOf<keyof ReadOptions>()
  expectTypeOf<ReadOptions>().toExtend<InputOptions>()
  expectTypeOf<Omit<InputOptions, 'null'>>().toExtend<Omit<ReadOptions, 'null'>>()
  expectTypeOf<Names<Exclude<Input, string>>>().toEqualTypeOf<'data' | keyof ReadOptions>()
  for (const job of [{} as SingleInputJob<never, never, never>, {} as MultiInputJob<string, never, never, never>]) {
    expectTypeOf(job).toHaveProperty('input')
    expectTypeOf<keyof typeof job>().toEqualTypeOf<'input' | 'map' | keyof Settings>()
  }
  type Said = 'name' | 'params' | 'sort' | 'onBadRecord'
  type Declared = Required<SingleInputJob<never, never, never>>
  expectTypeOf<Pick<Declared, Said>>().toEqualTypeOf<Pick<Settings, Said>>()
  expectTypeOf<Declared['partitions' | 'format']>().toEqualTypeOf<NonNullable<Settings['partitions' | 'format']>>()
  // A misspelt trait would be one that nobody looks for.
  expectTypeOf<TraitsOf<typeof READ_OPTIONS> | TraitsOf<typeof SETTINGS>>().toExtend<Names<Field>>()
})

describe('what a job file declares', () => {
  it('has a default for what it does not say', () => {
    expect(shape({})).toEqual({
      ...{ inputs: [{ alias: '', data: 'd' }], name: 'file', params: {}, partitions: null, format: null },
      ...{ combine: false, reduce: false, sort: false, onBadRecord: 'fail' },
    })
  })

  it('is taken as it is said, and one text for null as a list of it', () => {
    const said = { name: 'n', params: { a: 'b' }, sort: true, partitions: 4, onBadRecord: 'skip', format: 'csv' }
    const options = {
      ...{ format: 'csv', header: false, columns: ['a'], delimiter: '😀', quote: '', escape: '\\', escapeIn: 'all' },
      ...{ comment: '#', skipLines: 0, trim: true, ragged: 'fill', numbers: 'exact', timestamps: 'date' },
      ...{ maps: 'pairs', hive: true, lineEnd: 'any', encoding: 'latin1' },
    }
    const input = { data: 'd', ...options, null: 'NA' }
    expect(shape({ ...said, input, combine: FUNCTION, reduce: FUNCTION })).toEqual({
      ...{ ...said, combine: true, reduce: true },
      inputs: [{ alias: '', data: 'd', ...options, null: ['NA'] }],
    })
  })

  test.each<[string, object, string, readonly string[]]>([
    ['name', { name: 7 }, 'name is a text, not 7', []],
    ['no name', { name: '' }, 'name is a text of 1 to 100 characters', []],
    ['reduce', { reduce: true }, 'reduce is a function, not true', []],
    ['sort', { sort: FUNCTION }, 'sort is true or false, not a function', []],
    ['params', { params: ['a'] }, 'params is an object of texts, not ["a"]', []],
    [
      'a parameter',
      { params: { a: 'b', n: 1 } },
      'params.n is a text, not 1',
      ['write it as a text and convert it where it is used'],
    ],
    [
      'onBadRecord',
      { onBadRecord: 'skp' },
      "onBadRecord is one of 'fail', 'skip', not \"skp\"",
      ["onBadRecord: 'skip'"],
    ],
    [
      'a field of no name',
      { something: 1 },
      'a job has no field "something"',
      [
        'fields: input, map, emits, combine, aggregate, n, by, sortValues, reduce, name, params, sort, partitions, onBadRecord, format',
      ],
    ],
  ])('%s', (_, job, message, remedies) => {
    expect(() => shape(job)).toThrow(expect.objectContaining({ code: 'JOB_BUILD', message, try: remedies }) as Error)
  })

  it('partitions have a code of their own', () => {
    const message = 'partitions is a whole number from 1 to 4096, not 0'
    expect(() => shape({ partitions: 0 })).toThrow(expect.objectContaining({ code: 'PARTITIONS', message }) as Error)
  })

  test.each<[string, object, string]>([
    ['header', { header: 1 }, 'header is true or false, not 1'],
    ['columns', { columns: [] }, 'columns is a list of names, not []'],
    ['columns of another kind', { columns: ['a', 7] }, 'columns is a list of names, not ["a",7]'],
    ['delimiter', { delimiter: '' }, 'delimiter is one character, not ""'],
    ['quote', { quote: 'ab' }, 'quote is one character, or \'\', not "ab"'],
    ['comment', { comment: '#########' }, 'comment is a short text, not "#########"'],
    ['skipLines', { skipLines: -1 }, 'skipLines is a whole number from 0 to 10000, not -1'],
    ['null', { null: [] }, 'null is a text, or a list of texts, not []'],
    ['encoding', { encoding: 8 }, 'encoding is a text, not 8'],
    ['lineEnd', { lineEnd: '\n' }, "lineEnd is one of 'lf', 'any', not \"\\n\""],
    ['a field of no name', { delimeter: ',' }, 'input has no field "delimeter"'],
  ])('of an input: %s', (_, options, message) => {
    expect(() => ofInput(options)).toThrow(expect.objectContaining({ code: 'JOB_BUILD', message }) as Error)
  })
})
