import type { InputSpec, JobSpec } from '../types.ts'
import type { FieldsOf } from './fields.ts'
import { READ_OPTIONS } from './read-options.ts'
import { SPEC_SETTINGS } from './settings.ts'
import { GRAPH } from './stages.ts'

const INPUT: FieldsOf<InputSpec> = {
  alias: { is: 'text', most: 100, needed: true },
  dataset: { is: 'text', most: 'namesBytesMax', needed: true },
  glob: { is: 'text', most: 4096, needed: true },
  frozen: { is: 'digest' },
  options: { is: 'fields', fields: READ_OPTIONS, needed: true },
}

/** What a job is, apart from the data, as it lies in its record. */
export const SPEC: FieldsOf<JobSpec> = {
  code: { is: 'digest', needed: true },
  inputs: { is: 'list', of: { is: 'fields', fields: INPUT }, least: 1, most: 100, needed: true },
  ...SPEC_SETTINGS,
  ...GRAPH,
  runtime: { is: 'text', most: 300, needed: true },
  runtimes: { is: 'named', of: { is: 'text', most: 300 }, names: 50, thing: 'kind of program' },
}
