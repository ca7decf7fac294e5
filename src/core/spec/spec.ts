import type { InputSpec, JobSpec, OutputSpec, StageSpec } from '../types.ts'
import type { Fields, FieldsOf } from './fields.ts'
import { READ_OPTIONS } from './read-options.ts'
import { SPEC_SETTINGS } from './settings.ts'

const INPUT: FieldsOf<InputSpec> = {
  alias: { is: 'text', most: 100, needed: true },
  dataset: { is: 'text', most: 'namesBytesMax', needed: true },
  glob: { is: 'text', most: 4096, needed: true },
  frozen: { is: 'digest' },
  options: { is: 'fields', fields: READ_OPTIONS, needed: true },
}

/** What a job of one stage is, apart from the data, as it lies in its record. */
export const SPEC: FieldsOf<Omit<JobSpec, 'stages' | 'outputs'>> = {
  code: { is: 'digest', needed: true },
  inputs: { is: 'list', of: { is: 'fields', fields: INPUT }, least: 1, most: 100, needed: true },
  ...SPEC_SETTINGS,
  runtime: { is: 'text', most: 300, needed: true },
}

/** An input or a stage, by its place; which of both, and that it comes before, shows when the job is planned. */
const READ: Fields = {
  alias: { is: 'text', most: 100, needed: true },
  input: { is: 'whole', least: 0, most: 99 },
  stage: { is: 'whole', least: 0, most: 'stepsMax' },
}
const STAGE: FieldsOf<StageSpec> = {
  name: { is: 'text', most: 100, needed: true },
  reads: { is: 'list', of: { is: 'fields', fields: READ }, least: 1, most: 'edgesMax', needed: true },
  map: { is: 'flag', needed: true },
  combine: { is: 'flag', needed: true },
  reduce: { is: 'flag', needed: true },
  keepsKey: { is: 'flag', needed: true },
  sort: { is: 'flag', needed: true },
  partitions: { is: 'whole', least: 1, most: 'partitionsMax', default: null },
  onBadRecord: { is: 'word', words: ['fail', 'skip'], needed: true },
}
const OUTPUT: FieldsOf<OutputSpec> = {
  name: { is: 'text', most: 100, needed: true },
  stage: { is: 'whole', least: 0, most: 'stepsMax', needed: true },
}

/** What stands beside that in the record of a job of several stages. */
export const GRAPH: FieldsOf<Pick<JobSpec, 'stages' | 'outputs'>> = {
  stages: { is: 'list', of: { is: 'fields', fields: STAGE }, least: 1, most: 'stepsMax' },
  outputs: { is: 'list', of: { is: 'fields', fields: OUTPUT }, least: 1, most: 'stepsMax' },
}
