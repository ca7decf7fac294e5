import type { PreparedInput } from '../control/api.ts'
import { refuseMisfits } from '../core/spec/misfits.ts'
import { SETTINGS } from '../core/spec/settings.ts'
import { nearestOne } from '../words/nearest.ts'
import { checkGraph, type JobShape } from './graph-shape.ts'
import { INPUT_FIELDS, inputOf } from './input-shape.ts'
import { checkFields, type Found, isFound, isFunction, isText, refuse, refuseUnknown, shown } from './check-fields.ts'

const JOB_FIELDS = ['input', 'map', 'emits', ...Object.keys(SETTINGS)]

/** The plain form (see `shape`) of what a job module exports. */
export interface FoundJob {
  readonly job: unknown
  readonly stages: readonly Found[]
}

/**
 * Checks what a job module exports, strictly: a misspelt field is an error.
 * @throws ShoalError JOB_BUILD, PARTITIONS.
 */
export function checkShape({ job, stages }: FoundJob, fileName: string): JobShape {
  if (!isFound(job)) {
    throw refuse('the file does not export a job', ['export default defineJob({ input, map, … })'])
  }
  if ('output' in job || 'outputs' in job) return checkGraph(job, stages, fileName)
  if (isText(job['shoal']))
    throw refuse(`the file exports ${shown(job)}, which is no job`, ['export default defineJob({ output: theStage })'])
  refuseUnknown(job, JOB_FIELDS, 'a job')
  const inputs = inputsOf(job['input'])
  checkMaps(job['map'], inputs)
  const settings = checkFields(SETTINGS, { name: fileName, ...job })
  refuseMisfits(settings, inputs.length)
  return { inputs, ...settings }
}

/** A single input, or several by alias; `data` marks a single one, so it cannot be an alias. */
function inputsOf(value: unknown): PreparedInput[] {
  if (value === undefined) throw refuse('the job has no input', ["input: 'dataset/*.ndjson'"])
  if (isText(value) || (isFound(value) && 'data' in value && !isFound(value['data'])))
    return [inputOf('', value, 'input')]
  if (!isFound(value)) throw refuse(`input is a text, or an object with data, not ${shown(value)}`)
  if ('data' in value) throw refuse('an alias of an input cannot be "data"', ['call it something else'])
  const known = Object.keys(value).filter((name) => INPUT_FIELDS.includes(name))
  if (known.length === Object.keys(value).length && known.length > 0)
    throw refuse('the input has no data', ["input: { data: 'dataset/*.csv', … }"])
  const inputs = Object.entries(value).map(([alias, input]) => {
    if (alias === '' || alias === '__proto__') throw refuse(`an alias of an input cannot be "${alias}"`)
    return inputOf(alias, input, `input.${alias}`)
  })
  if (inputs.length === 0) throw refuse('the job has no input', ["input: 'dataset/*.ndjson'"])
  return inputs.toSorted((a, b) => Buffer.compare(Buffer.from(a.alias), Buffer.from(b.alias)))
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
