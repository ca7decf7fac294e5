import type { Field, Values } from './fields.ts'

/** What a person says of a job beside what it reads and how that is mapped, in the order in which a remedy lists it. */
export const SETTINGS = {
  combine: { is: 'function', default: false },
  reduce: { is: 'function', default: false },
  /** A job file without one has its own. */
  name: { is: 'text', most: 200, file: { least: 1, most: 'namesBytesMax' }, needed: true, inId: false },
  params: {
    is: 'named',
    of: { is: 'text', most: 'keyBytesMax' },
    names: 200,
    thing: 'parameter',
    default: {},
    said: 'an object of texts',
    remedy: 'write it as a text and convert it where it is used',
  },
  sort: { is: 'flag', default: false },
  /** null: decided by the plan from the snapshot's size. */
  partitions: { is: 'whole', least: 1, most: 'partitionsMax', default: null, code: 'PARTITIONS' },
  onBadRecord: { is: 'word', words: ['fail', 'skip'], closed: true, default: 'fail' },
  /** What the result is written as where the command does not say it. */
  format: {
    is: 'word',
    words: ['ndjson', 'csv', 'parquet', 'table', 'json', 'text'],
    default: null,
    inId: false,
    inSpec: false,
  },
} as const

type Table = typeof SETTINGS
type TableOfSpec = {
  readonly [Name in keyof Table as Table[Name] extends { inSpec: false } ? never : Name]: Table[Name]
}

export type Settings = Values<Table>
/** Those that are part of the specification. */
export type SpecSettings = Values<TableOfSpec>
/** The formats in which a result can be written. */
export type OutputFormat = NonNullable<Settings['format']>

export const OUTPUT_FORMATS: readonly OutputFormat[] = SETTINGS.format.words

const ofSpec = ([, field]: [string, Field]): boolean => field.inSpec !== false
export const SPEC_SETTINGS: TableOfSpec = Object.fromEntries(Object.entries(SETTINGS).filter(ofSpec)) as TableOfSpec

const NAMES = Object.keys(SPEC_SETTINGS) as (keyof SpecSettings)[]

/** Those of the specification, and nothing that stands beside them. */
export function specSettings(settings: SpecSettings): SpecSettings {
  return Object.fromEntries(NAMES.map((name) => [name, settings[name]])) as unknown as SpecSettings
}
