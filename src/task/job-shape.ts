import type { PreparedInput, PreparedJob } from '../control/api.ts'
import { ShoalError } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'
import { nearestOne } from '../words/nearest.ts'

/** What a job declares, apart from its code. */
export type JobShape = Omit<PreparedJob, 'bundle' | 'sourceMap'>

type Fields = Readonly<Record<string, unknown>>
const FUNCTION = '\0function'
const JOB_FIELDS = [
  'input',
  'map',
  'combine',
  'reduce',
  'name',
  'params',
  'sort',
  'partitions',
  'onBadRecord',
  'format',
]
const INPUT_FIELDS = [
  'data',
  'format',
  'header',
  'columns',
  'delimiter',
  'quote',
  'escape',
  'escapeIn',
  'comment',
  'skipLines',
  'trim',
  'null',
  'ragged',
  'numbers',
  'timestamps',
  'maps',
  'hive',
  'lineEnd',
  'encoding',
]
const OUTPUT_FORMATS = ['ndjson', 'csv', 'parquet', 'table', 'json', 'text']
const INPUT_FORMATS = ['text', 'ndjson', 'json', 'csv', 'tsv', 'parquet']

/**
 * Checks the plain form (see `shape`) of a job module's default export, strictly: a misspelt field is an error.
 * @throws ShoalError JOB_BUILD, PARTITIONS.
 */
export function checkShape(found: unknown, fileName: string): JobShape {
  if (!isFields(found)) {
    throw refuse('the file does not export a job', ['export default defineJob({ input, map, … })'])
  }
  refuseUnknown(found, JOB_FIELDS, 'a job')
  const inputs = inputsOf(found['input'])
  checkMaps(found['map'], inputs)
  const name = optional(found, 'name', isText, 'a text') ?? fileName
  if (name === '' || name.length > LIMITS.namesBytesMax)
    throw refuse(`name is a text of 1 to ${LIMITS.namesBytesMax} characters`)
  const format = oneOf(found, 'format', OUTPUT_FORMATS)
  return {
    name,
    params: paramsOf(found['params']),
    inputs,
    partitions: partitionsOf(found['partitions']),
    combine: functionOf(found, 'combine'),
    reduce: functionOf(found, 'reduce'),
    sort: optional(found, 'sort', (v) => typeof v === 'boolean', 'true or false') === true,
    onBadRecord: (oneOf(found, 'onBadRecord', ['fail', 'skip']) ?? 'fail') as 'fail' | 'skip',
    format,
  }
}

const refuse = (message: string, remedy: readonly string[] = []): ShoalError =>
  new ShoalError('JOB_BUILD', message, { try: remedy })
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isText = (value: unknown): value is string => typeof value === 'string' && !value.startsWith('\0')
const quoted = (words: readonly string[]): string => words.map((word) => `'${word}'`).join(', ')

/** How a value of the plain form is named in a message. */
function shown(value: unknown): string {
  if (value === '\0') return 'a NUL'
  if (typeof value === 'string' && value.startsWith('\0')) return value === FUNCTION ? 'a function' : value.slice(1)
  return JSON.stringify(value)
}

function refuseUnknown(fields: Fields, known: readonly string[], what: string): void {
  const name = Object.keys(fields).find((field) => !known.includes(field))
  if (name === undefined) return
  const near = nearestOne(name, known)
  throw refuse(`${what} has no field "${name}"`, near === null ? [`fields: ${known.join(', ')}`] : [near])
}

function optional<T>(fields: Fields, name: string, is: (value: unknown) => value is T, form: string): T | undefined
function optional(fields: Fields, name: string, is: (value: unknown) => boolean, form: string): unknown
function optional(fields: Fields, name: string, is: (value: unknown) => boolean, form: string): unknown {
  const value = fields[name]
  if (value === undefined || is(value)) return value
  throw refuse(`${name} is ${form}, not ${shown(value)}`)
}

function oneOf(fields: Fields, name: string, words: readonly string[]): string | null {
  const value = fields[name]
  if (value === undefined) return null
  if (isText(value) && words.includes(value)) return value
  const near = isText(value) ? nearestOne(value, words) : null
  throw refuse(`${name} is one of ${quoted(words)}, not ${shown(value)}`, near === null ? [] : [`${name}: '${near}'`])
}

function functionOf(fields: Fields, name: string): boolean {
  const value = fields[name]
  if (value === undefined) return false
  if (value === FUNCTION) return true
  throw refuse(`${name} is a function, not ${shown(value)}`)
}

function partitionsOf(value: unknown): number | null {
  if (value === undefined) return null
  if (Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= LIMITS.partitionsMax)
    return value as number
  throw new ShoalError(
    'PARTITIONS',
    `partitions is a whole number from 1 to ${LIMITS.partitionsMax}, not ${shown(value)}`,
  )
}

function paramsOf(value: unknown): Readonly<Record<string, string>> {
  if (value === undefined) return {}
  if (!isFields(value)) throw refuse(`params is an object of texts, not ${shown(value)}`)
  for (const [name, param] of Object.entries(value)) {
    if (!isText(param))
      throw refuse(`params.${name} is a text, not ${shown(param)}`, [
        'write it as a text and convert it where it is used',
      ])
  }
  return value as Readonly<Record<string, string>>
}

/** A single input, or several by alias; `data` marks a single one, so it cannot be an alias. */
function inputsOf(value: unknown): PreparedInput[] {
  if (value === undefined) throw refuse('the job has no input', ["input: 'dataset/*.ndjson'"])
  if (isText(value) || (isFields(value) && 'data' in value && !isFields(value['data']))) return [inputOf('', value)]
  if (!isFields(value)) throw refuse(`input is a text, or an object with data, not ${shown(value)}`)
  if ('data' in value) throw refuse('an alias of an input cannot be "data"', ['call it something else'])
  const known = Object.keys(value).filter((name) => INPUT_FIELDS.includes(name))
  if (known.length === Object.keys(value).length && known.length > 0)
    throw refuse('the input has no data', ["input: { data: 'dataset/*.csv', … }"])
  const inputs = Object.entries(value).map(([alias, input]) => {
    if (alias === '' || alias === '__proto__') throw refuse(`an alias of an input cannot be "${alias}"`)
    return inputOf(alias, input)
  })
  if (inputs.length === 0) throw refuse('the job has no input', ["input: 'dataset/*.ndjson'"])
  return inputs.toSorted((a, b) => Buffer.compare(Buffer.from(a.alias), Buffer.from(b.alias)))
}

function inputOf(alias: string, value: unknown): PreparedInput {
  const what = alias === '' ? 'input' : `input.${alias}`
  if (isText(value) && value !== '') return { alias, data: value }
  if (!isFields(value)) throw refuse(`${what} is a dataset, dataset/glob, or an object with data, not ${shown(value)}`)
  refuseUnknown(value, INPUT_FIELDS, what)
  const { data } = value
  if (!isText(data) || data === '') throw refuse(`${what}.data is a dataset or dataset/glob, not ${shown(data)}`)
  optional(value, 'header', (v) => typeof v === 'boolean', 'true or false')
  optional(value, 'columns', (v) => Array.isArray(v) && v.length > 0 && v.every(isText), 'a list of names')
  optional(value, 'delimiter', (v) => isText(v) && [...v].length === 1, 'one character')
  optional(value, 'quote', (v) => isText(v) && [...v].length <= 1, "one character, or ''")
  optional(value, 'escape', (v) => isText(v) && [...v].length === 1, 'one character')
  optional(value, 'comment', (v) => isText(v) && v !== '' && v.length <= LIMITS.commentMarkMax, 'a short text')
  optional(value, 'skipLines', isLineCount, `a whole number from 0 to ${LIMITS.skipLinesMax}`)
  optional(value, 'trim', (v) => typeof v === 'boolean', 'true or false')
  optional(value, 'hive', (v) => typeof v === 'boolean', 'true or false')
  optional(value, 'null', (v) => isNullText(v) || (Array.isArray(v) && isNullTexts(v)), 'a text, or a list of texts')
  optional(value, 'encoding', isText, 'a text')
  oneOf(value, 'format', INPUT_FORMATS)
  oneOf(value, 'escapeIn', ['quoted', 'all'])
  oneOf(value, 'ragged', ['fail', 'fill'])
  oneOf(value, 'numbers', ['double', 'exact'])
  oneOf(value, 'timestamps', ['date', 'text'])
  oneOf(value, 'maps', ['pairs'])
  oneOf(value, 'lineEnd', ['lf', 'any'])
  const nulls = value['null']
  return { alias, data, ...value, ...(isText(nulls) ? { null: [nulls] } : {}) }
}

function isLineCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= LIMITS.skipLinesMax
}

const isNullText = (value: unknown): boolean => isText(value) && value.length <= LIMITS.nullTextMax

function isNullTexts(values: readonly unknown[]): boolean {
  return values.length > 0 && values.length <= LIMITS.nullTextsMax && values.every(isNullText)
}

function checkMaps(value: unknown, inputs: readonly PreparedInput[]): void {
  const aliases = inputs.map((input) => input.alias)
  if (value === undefined) throw refuse('the job has no map', ['map(record, { emit }) { emit(key, value) }'])
  if (aliases.length === 1 && aliases[0] === '') {
    if (value !== FUNCTION) throw refuse(`map is a function, not ${shown(value)}: the job has a single input`)
    return
  }
  if (!isFields(value)) throw refuse(`map is an object with a function for each input: ${aliases.join(', ')}`)
  for (const alias of aliases) {
    if (value[alias] === undefined)
      throw refuse(`input "${alias}" has no map`, [`map: { ${alias}(record, { emit }) { … } }`])
    if (value[alias] !== FUNCTION) throw refuse(`map.${alias} is a function, not ${shown(value[alias])}`)
  }
  const extra = Object.keys(value).find((alias) => !aliases.includes(alias))
  if (extra === undefined) return
  const near = nearestOne(extra, aliases)
  throw refuse(`map.${extra} has no input of that alias`, [
    near === null ? `inputs: ${aliases.join(', ')}` : `map.${near}`,
  ])
}
