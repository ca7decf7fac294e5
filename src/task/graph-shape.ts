import type { PreparedInput, PreparedJob } from '../control/api.ts'
import { ShoalError } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'
import { refuseMisfits } from '../core/spec/misfits.ts'
import { SETTINGS } from '../core/spec/settings.ts'
import { STAGE_SETTINGS, type StageSettings } from '../core/spec/stage-settings.ts'
import { behind, graphMisfit, orderOf } from '../core/spec/stages.ts'
import type { OutputSpec, SideRead, StageRead, StageSpec } from '../core/types.ts'
import { checkFields, type Found, isFound, isFunction, isText, refuse, refuseUnknown, shown } from './check-fields.ts'
import { inputOf } from './input-shape.ts'

/** What a job declares, apart from its code. */
export type JobShape = Omit<PreparedJob, 'bundle' | 'sourceMap'>

const JOB_FIELDS = ['name', 'params', 'format', 'output', 'outputs']
const STAGE_FIELDS = ['name', 'shoal', 'input', 'map', 'emits', 'side', ...Object.keys(STAGE_SETTINGS)]
/** How the name of a stage ends that `partitionBy` makes (`job/folders.ts`). */
const FOLDERS = '.folders'
/** What a cogroup does not have. */
const OF_ONE_INPUT = ['map', 'combine', 'aggregate', 'n', 'by', 'sortValues', 'onBadRecord']

/** A stage as it was found: what it reads are other stages by their place, or rows. */
interface Drawn {
  readonly name: string
  readonly rows: PreparedInput | null
  readonly reads: readonly { readonly alias: string; readonly stage: number }[]
  readonly sides: readonly SideRead[]
  readonly map: boolean
  readonly settings: StageSettings
}

/** A job of several stages, in the plain form (see `shape`). @throws ShoalError JOB_BUILD, PARTITIONS */
export function checkGraph(job: Found, found: readonly Found[], fileName: string): JobShape {
  if ('partitionBy' in job) {
    if ('outputs' in job)
      throw refuse('partitionBy stands beside one output; of several each has its own', ['{ stage, partitionBy }'])
    throw notDefined(job['partitionBy'], 'output')
  }
  refuseUnknown(job, JOB_FIELDS, 'a job of several stages')
  const given = outputsOf(job)
  if (found.length > LIMITS.stagesMax) throw refuse(`a job has at most ${LIMITS.stagesMax} stages`, [], 'LIMIT')
  const drawn = found.map(draw)
  checkNames(drawn)
  const missing = drawn.find((one) => behind(one).some((stage) => stage >= drawn.length))
  if (missing !== undefined) throw refuse(`stage "${missing.name}" reads a stage that is not there`)
  const taken = drawn.find(
    ({ name }, i) => name.endsWith(FOLDERS) && !given.some((one) => one.stage === i && one.folders),
  )
  if (taken !== undefined)
    throw refuse(`a stage cannot be called "${taken.name}": so ends the name of one that partitionBy makes`)
  const order = orderOf(drawn)
  if (order.length < drawn.length) throw circle(drawn, order)
  const places = new Map(order.map((stage, place) => [stage, place]))
  const inputs = drawn
    .flatMap(({ rows }) => rows ?? [])
    .toSorted((a, b) => Buffer.compare(Buffer.from(a.alias), Buffer.from(b.alias)))
  const stages = order.map((index): StageSpec => {
    const { name, rows, reads, sides, map, settings } = drawn[index]!
    const input = inputs.findIndex(({ alias }) => alias === name)
    const of: StageRead[] =
      rows === null ? reads.map(({ alias, stage }) => ({ alias, stage: places.get(stage)! })) : [{ alias: '', input }]
    const looked = sides.map((side) => ({ ...side, stage: places.get(side.stage)! }))
    return { name, reads: of, sides: looked, map, ...settings }
  })
  const outputs = given.map((one): OutputSpec => ({ ...one, stage: places.get(one.stage) ?? drawn.length }))
  const misfit = graphMisfit({ stages, outputs, inputs })
  if (misfit !== null) throw refuse(misfit)
  const { name, params, format } = job
  const settings = checkFields(SETTINGS, { name: name ?? fileName, params, format })
  return { inputs, ...settings, stages, outputs }
}

function outputsOf(job: Found): OutputSpec[] {
  const example = ["output: stage('totals', { input: rows('dataset'), … })"]
  if ('output' in job && 'outputs' in job) throw refuse('a job has an output, or outputs by name, not both')
  if ('output' in job) return [outputOf('', job['output'], 'output', example)]
  const outputs = job['outputs']
  if (!isFound(outputs) || Object.keys(outputs).length === 0)
    throw refuse(`outputs is an object of stages by name, not ${shown(outputs)}`, ['outputs: { daily, monthly }'])
  const names = Object.keys(outputs).toSorted()
  const all = names.map((name) => {
    checkName(name, 'an output')
    return outputOf(name, outputs[name], `outputs.${name}`, example)
  })
  const twice = all.find(({ stage }, i) => all.findIndex((one) => one.stage === stage) < i)
  if (twice !== undefined) throw refuse(`outputs.${twice.name} is a stage that another output is, too`)
  // One output by name is one output.
  return all.length === 1 ? [{ ...all[0]!, name: '' }] : all
}

/** A stage, or one whose records lie in folders. */
function outputOf(name: string, value: unknown, what: string, remedy: readonly string[]): OutputSpec {
  if (isFound(value) && 'partitionBy' in value) throw notDefined(value['partitionBy'], what)
  if (!isFound(value) || !('stage' in value)) return { name, stage: placeOf(value, what, remedy) }
  refuseUnknown(value, ['stage', 'folders'], what)
  if (value['folders'] !== true) throw refuse(`${what} is a stage, or { stage, partitionBy }`, remedy)
  return { name, stage: placeOf(value['stage'], `${what}.stage`, remedy), folders: true }
}

/** `defineJob` makes a stage of each `partitionBy` that it understands. */
function notDefined(partitionBy: unknown, what: string): ShoalError {
  if (isFunction(partitionBy))
    return refuse(`partitionBy of ${what} is said to defineJob, and of a stage`, ['defineJob({ … })'])
  return refuse(`partitionBy of ${what} is a function, not ${shown(partitionBy)}`, [
    'partitionBy: (key, value) => ({ day: value.day })',
  ])
}

/** The place of a stage that is referred to. */
function placeOf(value: unknown, what: string, remedy: readonly string[]): number {
  const [, place] = typeof value === 'string' ? (/^\0stage (\d+)$/.exec(value) ?? []) : []
  if (place !== undefined) return Number(place)
  const isRows = isFound(value) && value['shoal'] === 'rows'
  throw refuse(`${what} is a stage, not ${shown(value)}`, isRows ? READS_ROWS : remedy)
}

/** For who gives rows to what reads stages. */
const READS_ROWS = ["a stage that reads them: stage('users', { input: rows('users'), map(user, { emit }) { … } })"]

const isStage = (value: unknown): boolean => typeof value === 'string' && value.startsWith('\0stage ')

function draw(found: Found): Drawn {
  const { name, input, map } = found
  if (!isText(name))
    throw refuse(`the name of a stage is a text, not ${isFound(name) ? 'an object' : shown(name)}`, [
      "stage('totals', { … })",
    ])
  checkName(name, 'a stage')
  const what = `stage "${name}"`
  refuseUnknown(found, STAGE_FIELDS, what)
  if (map !== undefined && !isFunction(map)) throw refuse(`${what}: map is a function, not ${shown(map)}`)
  const settings = settingsOf(found, what)
  const drawn = { name, map: map !== undefined, settings, rows: null, reads: [], sides: sidesOf(found, what) }
  if (isStage(input)) {
    if ('onBadRecord' in found)
      throw refuse(`${what}: onBadRecord is for a stage that reads rows: what a stage gives can be read`)
    return { ...drawn, reads: [{ alias: '', stage: placeOf(input, what, []) }] }
  }
  if (isFound(input) && input['shoal'] === 'rows') {
    const { shoal: _, ...rows } = input
    if (map === undefined)
      throw refuse(`${what} reads rows, and has no map`, ['map(record, { emit }) { emit(key, value) }'])
    return { ...drawn, rows: inputOf(name, rows, `the input of ${what}`) }
  }
  if (!isFound(input) || Object.keys(input).length === 0)
    throw refuse(`${what}: input is rows or another stage, not ${shown(input)}`, [
      `input: rows('${isText(input) && input !== '' ? input : 'dataset'}')`,
      'input: anotherStage',
    ])
  return { ...drawn, reads: joinedBy(found, input, what) }
}

function joinedBy(found: Found, input: Found, what: string): Drawn['reads'] {
  const unfit = OF_ONE_INPUT.find((field) => field in found)
  if (unfit !== undefined)
    throw refuse(`${what} joins several stages, and so has no ${unfit}`, [
      `a stage of its own with ${unfit}, which this one reads`,
    ])
  if (!isFunction(found['reduce']))
    throw refuse(`${what} joins several stages, and so has a reduce`, ['reduce(key, { a, b }, { emit }) { … }'])
  const aliases = Object.keys(input).toSorted()
  if (aliases.length >= LIMITS.edgesMax)
    throw refuse(`${what} joins at most ${LIMITS.edgesMax - 1} stages`, [], 'LIMIT')
  const reads = aliases.map((alias) => {
    checkName(alias, `an alias in ${what}`)
    return { alias, stage: placeOf(input[alias], `${what}: input.${alias}`, []) }
  })
  const twice = reads.find(({ stage }, i) => reads.findIndex((one) => one.stage === stage) < i)
  if (twice !== undefined)
    throw refuse(`${what} reads one stage twice, once as ${twice.alias}`, [
      "a stage between, under a name of its own: stage('again', { input: theStage })",
    ])
  return reads
}

/** `side: { rates, users: unique(users) }` */
function sidesOf(found: Found, what: string): SideRead[] {
  const { side } = found
  if (side === undefined) return []
  if (!isFound(side))
    throw refuse(`${what}: side is an object of stages by name, not ${shown(side)}`, ['side: { rates }'])
  const sides = Object.keys(side)
    .toSorted()
    .map((alias): SideRead => {
      checkName(alias, `a side of ${what}`)
      const value = side[alias]
      const unique = isFound(value) && value['shoal'] === 'unique'
      const stage = placeOf(unique ? value['stage'] : value, `${what}: side.${alias}`, ['side: { rates }'])
      return { alias, stage, unique }
    })
  const twice = sides.find(({ stage }, i) => sides.findIndex((one) => one.stage === stage) < i)
  if (twice !== undefined) throw refuse(`${what}: side.${twice.alias} is a stage that another of its sides is, too`)
  if (!isFunction(found['map']) && !isFunction(found['reduce']))
    throw refuse(`${what} has a side, and neither map nor reduce to look up in it`, ['leave side out'])
  return sides
}

function settingsOf(found: Found, what: string): StageSettings {
  try {
    const settings = checkFields(STAGE_SETTINGS, found)
    refuseMisfits(settings, 1)
    if (settings.keepsKey && !settings.reduce)
      throw refuse('keepsKey says something of reduce, and there is none', ['leave keepsKey out'])
    return settings
  } catch (error) {
    if (!(error instanceof ShoalError)) throw error
    throw new ShoalError(error.code, `${what}: ${error.message}`, { try: error.try })
  }
}

function checkNames(drawn: readonly Drawn[]): void {
  const twice = drawn.find(({ name }, i) => drawn.findIndex((one) => one.name === name) < i)
  if (twice !== undefined)
    throw refuse(`two stages are called "${twice.name}"`, ['each stage of a job has a name of its own'])
}

function checkName(name: string, what: string): void {
  if (/^[\p{L}\p{N}][\p{L}\p{N}_.-]*$/u.test(name) && name.length <= LIMITS.stageNameMax) return
  throw refuse(`${what} cannot be called ${JSON.stringify(name)}`, [
    `letters, digits, _ . and -, at most ${LIMITS.stageNameMax}, a letter or digit first`,
  ])
}

/** Names one circle among the stages that have no place in the order. */
function circle(drawn: readonly Drawn[], order: readonly number[]): ShoalError {
  const placed = new Set(order)
  const path: number[] = []
  let at = drawn.findIndex((_, i) => !placed.has(i))
  while (!path.includes(at)) {
    path.push(at)
    at = behind(drawn[at]!).find((stage) => !placed.has(stage))!
  }
  const names = [...path.slice(path.indexOf(at)), at].map((i) => drawn[i]!.name)
  return refuse(`stages read each other in a circle: ${names.join(' reads ')}`, [
    'a stage reads only what is made before it',
  ])
}
