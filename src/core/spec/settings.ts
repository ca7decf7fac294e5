import type { Field, Values } from './fields.ts'

/** What a person says of a job beside what it reads and how that is mapped, in the order in which a remedy lists it. */
export const SETTINGS = {
  combine: { is: 'function', default: false },
  /**
   * What values of a key are folded by, instead of combine. This and the two below have no default: the id of a job that
   * does not say them must not change by them.
   */
  aggregate: {
    is: 'word',
    words: ['sum', 'count', 'min', 'max', 'first', 'last', 'collect', 'top'],
    closed: true,
  },
  /** Of `top`: how many values of a key are kept … */
  n: { is: 'whole', least: 1, most: 'topMax' },
  /** … and what they are compared by, if not by themselves. */
  by: { is: 'function' },
  /** What the values of a key are sorted by. No default, as above. */
  sortValues: { is: 'function' },
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
export type AggregateName = NonNullable<Settings['aggregate']>
/** The formats in which a result can be written. */
export type OutputFormat = NonNullable<Settings['format']>

export const OUTPUT_FORMATS: readonly OutputFormat[] = SETTINGS.format.words

const ofSpec = ([, field]: [string, Field]): boolean => field.inSpec !== false
export const SPEC_SETTINGS: TableOfSpec = Object.fromEntries(Object.entries(SETTINGS).filter(ofSpec)) as TableOfSpec

const NAMES = Object.keys(SPEC_SETTINGS) as (keyof SpecSettings)[]

/** Those of the specification that are said, and nothing that stands beside them. */
export function specSettings(settings: SpecSettings): SpecSettings {
  const said = NAMES.filter((name) => settings[name] !== undefined)
  return Object.fromEntries(said.map((name) => [name, settings[name]])) as unknown as SpecSettings
}
