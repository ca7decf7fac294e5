import type { PreparedInput, PreparedJob } from '../control/api.ts'
import { checkAggregate } from '../core/spec/aggregate.ts'
import { READ_OPTIONS } from '../core/spec/read-options.ts'
import { SETTINGS } from '../core/spec/settings.ts'
import { nearestOne } from '../words/nearest.ts'
import { checkFields, isFound, isFunction, isText, refuse, refuseUnknown, shown } from './check-fields.ts'

/** What a job declares, apart from its code. */
export type JobShape = Omit<PreparedJob, 'bundle' | 'sourceMap'>

const JOB_FIELDS = ['input', 'map', ...Object.keys(SETTINGS)]
const INPUT_FIELDS = ['data', ...Object.keys(READ_OPTIONS)]

/**
 * Checks the plain form (see `shape`) of a job module's default export, strictly: a misspelt field is an error.
 * @throws ShoalError JOB_BUILD, PARTITIONS.
 */
export function checkShape(found: unknown, fileName: string): JobShape {
  if (!isFound(found)) {
    throw refuse('the file does not export a job', ['export default defineJob({ input, map, … })'])
  }
  refuseUnknown(found, JOB_FIELDS, 'a job')
  const inputs = inputsOf(found['input'])
  checkMaps(found['map'], inputs)
  const settings = checkFields(SETTINGS, { name: fileName, ...found })
  checkAggregate(settings)
  return { inputs, ...settings }
}

/** A single input, or several by alias; `data` marks a single one, so it cannot be an alias. */
function inputsOf(value: unknown): PreparedInput[] {
  if (value === undefined) throw refuse('the job has no input', ["input: 'dataset/*.ndjson'"])
  if (isText(value) || (isFound(value) && 'data' in value && !isFound(value['data']))) return [inputOf('', value)]
  if (!isFound(value)) throw refuse(`input is a text, or an object with data, not ${shown(value)}`)
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
  if (!isFound(value)) throw refuse(`${what} is a dataset, dataset/glob, or an object with data, not ${shown(value)}`)
  refuseUnknown(value, INPUT_FIELDS, what)
  const { data } = value
  if (!isText(data) || data === '') throw refuse(`${what}.data is a dataset or dataset/glob, not ${shown(data)}`)
  return { alias, data, ...checkFields(READ_OPTIONS, value) }
}

function checkMaps(value: unknown, inputs: readonly PreparedInput[]): void {
  const aliases = inputs.map((input) => input.alias)
  if (value === undefined) throw refuse('the job has no map', ['map(record, { emit }) { emit(key, value) }'])
  if (aliases.length === 1 && aliases[0] === '') {
    if (!isFunction(value)) throw refuse(`map is a function, not ${shown(value)}: the job has a single input`)
    return
  }
  if (!isFound(value)) throw refuse(`map is an object with a function for each input: ${aliases.join(', ')}`)
  for (const alias of aliases) {
    if (value[alias] === undefined)
      throw refuse(`input "${alias}" has no map`, [`map: { ${alias}(record, { emit }) { … } }`])
    if (!isFunction(value[alias])) throw refuse(`map.${alias} is a function, not ${shown(value[alias])}`)
  }
  const extra = Object.keys(value).find((alias) => !aliases.includes(alias))
  if (extra === undefined) return
  const near = nearestOne(extra, aliases)
  throw refuse(`map.${extra} has no input of that alias`, [
    near === null ? `inputs: ${aliases.join(', ')}` : `map.${near}`,
  ])
}
