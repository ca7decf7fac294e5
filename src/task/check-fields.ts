/** The plain form of what a job file exports (see `inside/shape.ts`), checked field by field. */
import { ShoalError } from '../core/errors.ts'
import { boundOf, type Field, type Fields, type Range, type Shape, type Values } from '../core/spec/fields.ts'
import { nearestOne } from '../words/nearest.ts'

/** An object of the plain form, in which nothing is known yet. */
export type Found = Readonly<Record<string, unknown>>

/** What stands for a function; other things that have no plain form are told by a text behind a NUL. */
const FUNCTION = '\0function'

export const isFound = (value: unknown): value is Found =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
export const isText = (value: unknown): value is string => typeof value === 'string' && !value.startsWith('\0')
export const isFunction = (value: unknown): boolean => value === FUNCTION

export const refuse = (
  message: string,
  remedy: readonly string[] = [],
  code: Field['code'] = 'JOB_BUILD',
): ShoalError => new ShoalError(code, message, { try: remedy })

/** How a value of the plain form is named in a message. */
export function shown(value: unknown): string {
  if (value === '\0') return 'a NUL'
  if (typeof value === 'string' && value.startsWith('\0')) return isFunction(value) ? 'a function' : value.slice(1)
  return isFound(value) && isText(value['shoal']) ? whatMade(value) : JSON.stringify(value)
}

/** What a call of `shoal/job` gave, as a person wrote it. */
function whatMade({ shoal, name, data }: Found): string {
  if (shoal === 'stage' && isText(name)) return `stage "${name}"`
  return shoal === 'rows' && isText(data) ? `rows('${data}')` : `${String(shoal)}(…)`
}

export function refuseUnknown(found: Found, known: readonly string[], what: string): void {
  const name = Object.keys(found).find((field) => !known.includes(field))
  if (name === undefined) return
  const near = nearestOne(name, known)
  throw refuse(`${what} has no field "${name}"`, near === null ? [`fields: ${known.join(', ')}`] : [near])
}

/**
 * What is said in these fields, or meant by their absence.
 * @throws ShoalError JOB_BUILD, or what else a field names
 */
export function checkFields<T extends Fields>(fields: T, found: Found): Values<T> {
  const values: Record<string, unknown> = {}
  for (const [name, field] of Object.entries<Field>(fields)) {
    const value = found[name]
    if (value !== undefined) values[name] = checkField(name, field, value)
    else if (field.default !== undefined) values[name] = field.default
  }
  return values as unknown as Values<T>
}

function checkField(name: string, field: Field, value: unknown): unknown {
  if (!fits(field, value)) throw misfit(name, field, value)
  if (field.is === 'function') return true
  return field.is === 'list' && !Array.isArray(value) ? [value] : value
}

function fits(shape: Shape, value: unknown): boolean {
  switch (shape.is) {
    case 'flag':
      return typeof value === 'boolean'
    case 'function':
      return isFunction(value)
    case 'character':
      return isText(value) && ([...value].length === 1 || (value === '' && shape.orNone === true))
    case 'whole':
      return Number.isSafeInteger(value) && isWithin(value as number, shape)
    case 'word':
      return isText(value) && shape.words.includes(value)
    case 'text':
      return isText(value) && isWithin(value.length, shape.file)
    case 'list':
      if (!Array.isArray(value)) return shape.orOne === true && fits(shape.of, value)
      return isWithin(value.length, shape.file) && value.every((one) => fits(shape.of, one))
    case 'named':
      return isFound(value) && Object.values(value).every((one) => fits(shape.of, one))
    // Made by Shoal: no person writes them.
    case 'digest':
    case 'fields':
      return false
  }
}

function isWithin(size: number, { least = 0, most = Infinity }: Range = {}): boolean {
  return size >= boundOf(least) && size <= boundOf(most)
}

function misfit(name: string, field: Field, value: unknown): ShoalError {
  if (field.is === 'named' && isFound(value)) {
    const [key = '', one] = Object.entries(value).find(([, each]) => !fits(field.of, each)) ?? []
    const remedy = field.remedy === undefined ? [] : [field.remedy]
    return refuse(`${name}.${key} is ${formOf(field.of)}, not ${shown(one)}`, remedy, field.code)
  }
  if (field.is === 'text' && isText(value) && field.said === undefined) {
    const { least = 0, most = Infinity } = field.file ?? {}
    return refuse(`${name} is a text of ${boundOf(least)} to ${boundOf(most)} characters`, [], field.code)
  }
  const near = field.is === 'word' && isText(value) ? nearestOne(value, field.words) : null
  const remedy = near === null ? [] : [`${name}: '${near}'`]
  return refuse(`${name} is ${field.said ?? formOf(field)}, not ${shown(value)}`, remedy, field.code)
}

/** What a message says that a thing of this shape is. */
function formOf(shape: Shape): string {
  switch (shape.is) {
    case 'flag':
      return 'true or false'
    case 'function':
      return 'a function'
    case 'character':
      return shape.orNone === true ? "one character, or ''" : 'one character'
    case 'whole':
      return `a whole number from ${boundOf(shape.least)} to ${boundOf(shape.most)}`
    case 'word':
      return `one of ${shape.words.map((word) => `'${word}'`).join(', ')}`
    case 'text':
    case 'digest':
      return 'a text'
    case 'list':
      return 'a list'
    case 'named':
    case 'fields':
      return 'an object'
  }
}
