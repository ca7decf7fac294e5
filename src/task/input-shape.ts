import type { PreparedInput } from '../control/api.ts'
import { READ_OPTIONS } from '../core/spec/read-options.ts'
import { checkFields, isFound, isText, refuse, refuseUnknown, shown } from './check-fields.ts'

export const INPUT_FIELDS: readonly string[] = ['data', ...Object.keys(READ_OPTIONS)]

/** An input as a person writes it: a dataset, or an object with how it is read. `what` names it in messages. */
export function inputOf(alias: string, value: unknown, what: string): PreparedInput {
  if (isText(value) && value !== '') return { alias, data: value }
  if (!isFound(value)) throw refuse(`${what} is a dataset, dataset/glob, or an object with data, not ${shown(value)}`)
  refuseUnknown(value, INPUT_FIELDS, what)
  const { data } = value
  if (!isText(data) || data === '') throw refuse(`${what}.data is a dataset or dataset/glob, not ${shown(data)}`)
  return { alias, data, ...checkFields(READ_OPTIONS, value) }
}
