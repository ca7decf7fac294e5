import type { InputSpec, JobSpec, OutputSpec, SideRead, StageRead, StageSpec } from '../types.ts'
import type { Field, FieldsOf } from './fields.ts'
import { LIMITS } from '../limits.ts'
import { STAGE_SETTINGS } from './stage-settings.ts'

const READ: FieldsOf<{ alias: string; input?: number; stage?: number }> = {
  alias: { is: 'text', most: 100, needed: true },
  input: { is: 'whole', least: 0, most: 'stagesMax' },
  stage: { is: 'whole', least: 0, most: 'stagesMax' },
}
const SIDE: FieldsOf<SideRead> = {
  alias: { is: 'text', most: 100, needed: true },
  stage: { is: 'whole', least: 0, most: 'stagesMax', needed: true },
  unique: { is: 'flag', needed: true },
}
const STAGE: FieldsOf<StageSpec> = {
  name: { is: 'text', most: 'stageNameMax', needed: true },
  program: { is: 'text', most: 50 },
  reads: { is: 'list', of: { is: 'fields', fields: READ }, least: 1, most: 'edgesMax', needed: true },
  sides: { is: 'list', of: { is: 'fields', fields: SIDE }, most: 'edgesMax', default: [] },
  map: { is: 'flag', needed: true },
  ...STAGE_SETTINGS,
}
const OUTPUT: FieldsOf<OutputSpec> = {
  name: { is: 'text', most: 'stageNameMax', needed: true },
  stage: { is: 'whole', least: 0, most: 'stagesMax', needed: true },
  folders: { is: 'flag' },
}

/** Of a job of several stages. */
export const GRAPH: { readonly stages: Field; readonly outputs: Field } = {
  stages: { is: 'list', of: { is: 'fields', fields: STAGE }, least: 1, most: 'stagesMax' },
  outputs: { is: 'list', of: { is: 'fields', fields: OUTPUT }, least: 1, most: 'stagesMax' },
}

type StagedSpec = Pick<JobSpec, 'stages' | 'outputs'> & { readonly inputs: readonly Pick<InputSpec, 'alias'>[] }

/**
 * What is wrong with the graph of a job, as a text; null where nothing is. There is one right form of a graph, so that
 * two jobs are one only if they mean the same: stages stand behind those that they read, else by name.
 */
export function graphMisfit({ stages, outputs, inputs }: StagedSpec): string | null {
  if (stages === undefined || outputs === undefined)
    return stages === outputs ? null : 'a job has stages and outputs, or neither'
  const names = new Set(stages.map(({ name }) => name))
  if (names.size < stages.length || names.has('')) return 'two stages have one name, or one has none'
  if (orderOf(stages).some((index, i) => index !== i)) return 'stages are not in order'
  const read = new Set<string>()
  for (const [index, { name, reads, sides, map }] of stages.entries()) {
    const aliases = reads.map(({ alias }) => alias)
    if (new Set(aliases).size < aliases.length || (aliases.length > 1 && aliases.includes('')))
      return `stage ${name} reads two things under one alias`
    if (aliases.some((alias, i) => i > 0 && alias <= aliases[i - 1]!)) return `what stage ${name} reads is not in order`
    const of = new Set(reads.map(readOf))
    if (of.size < reads.length) return `stage ${name} reads one thing twice`
    const isRows = reads.some((one) => 'input' in one)
    if (isRows && (reads.length > 1 || !map || aliases[0] !== '')) return `stage ${name} reads rows as no stage does`
    for (const one of reads) {
      if ('input' in one === 'stage' in one) return `stage ${name} reads neither rows nor a stage`
      if ('stage' in one ? one.stage >= index : inputs[one.input]?.alias !== name)
        return `stage ${name} reads what is not there`
    }
    for (const one of of) read.add(one)
    if (new Set(sides.map(({ stage }) => stage)).size < sides.length) return `stage ${name} has one stage as two sides`
    if (sides.some(({ alias }, i) => i > 0 && alias <= sides[i - 1]!.alias))
      return `sides of stage ${name} are not in order`
    if (sides.some(({ stage }) => stage >= index)) return `stage ${name} has a side that is not there`
    if (reads.length + sides.length >= LIMITS.edgesMax)
      return `stage ${name} reads more than ${LIMITS.edgesMax - 1} stages`
    for (const { stage } of sides) read.add(`stage ${stage}`)
  }
  if (!inputs.every((_, i) => read.has(`input ${i}`))) return 'an input is read by no stage'
  if (new Set(outputs.map(({ name }) => name)).size < outputs.length) return 'two outputs have one name'
  if (!outputs.every(({ name, stage }) => stage < stages.length && (name === '') === (outputs.length === 1)))
    return 'an output is none'
  if (outputs.some(({ folders = true }) => !folders)) return 'an output says that it has no folders'
  const given = new Set(outputs.map(({ stage }) => stage))
  if (given.size < outputs.length) return 'two outputs are one stage'
  if (outputs.some(({ name }, i) => i > 0 && name <= outputs[i - 1]!.name)) return 'outputs are not in order'
  const unread = stages.find((_, i) => !given.has(i) && !read.has(`stage ${i}`))
  return unread === undefined ? null : `stage ${unread.name} is read by nothing`
}

function readOf(read: StageRead): string {
  return 'input' in read ? `input ${read.input}` : `stage ${read.stage}`
}

/** A stage, as far as its place in the order goes. */
export interface Linked {
  readonly name: string
  readonly reads: readonly (StageRead | { readonly stage: number })[]
  readonly sides: readonly { readonly stage: number }[]
}

/** The stages that have to be there before one. */
export function behind({ reads, sides }: Linked): number[] {
  return [...reads, ...sides].flatMap((one) => ('stage' in one ? one.stage : []))
}

/** Stages by index: each behind those that it reads, else by name. Those in a circle, and behind one, are left out. */
export function orderOf(stages: readonly Linked[]): number[] {
  const order: number[] = []
  const placed = new Set<number>()
  const byName = [...stages.keys()].sort((a, b) => (stages[a]!.name < stages[b]!.name ? -1 : 1))
  for (;;) {
    const next = byName.find((i) => !placed.has(i) && behind(stages[i]!).every((stage) => placed.has(stage)))
    if (next === undefined) return order
    placed.add(next)
    order.push(next)
  }
}
