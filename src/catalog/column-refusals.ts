/** Why Parquet files are not read together, in words that say what to do. */
import { ShoalError } from '../core/errors.ts'
import { nearest } from '../words/nearest.ts'
import type { Conflict, FileColumns } from '../data/formats/parquet/metadata/agree.ts'
import { columnOf, unquotedName } from '../data/formats/parquet/metadata/column-path.ts'

/** One Parquet file among others. */
export interface ParquetFile extends FileColumns {
  /** `dataset/path`. */
  readonly name: string
  /** The node that has it: two nodes may have files of one name. */
  readonly node: string
}

/** So many are named; the rest is counted. */
const NAMED = 10

/** `all` is not empty. */
export function columnsDiffer(all: readonly Conflict<ParquetFile>[], someAreWanted: boolean): ShoalError {
  const { path, one, other } = all[0]!
  const [a, b] = namesOf(one.file, other.file)
  const rest = all.slice(1).map((conflict) => {
    const [first, second] = namesOf(conflict.one.file, conflict.other.file)
    return `${conflict.path}: ${conflict.one.form} in ${first}, ${conflict.other.form} in ${second}`
  })
  const column = unquotedName(columnOf(path))
  return new ShoalError('SCHEMA_DIFFERS', `${a} has ${path} as ${one.form}, ${b} as ${other.form}`, {
    why: ['values of one column have one form in all records of an input', ...shown(rest)].join('\n'),
    try: [
      ...remedies(one.form, other.form),
      someAreWanted
        ? `columns: [...] of the input, without '${column}'`
        : `columns: [...] of the input, with those that the job reads, without '${column}'`,
      "--input 'NAME/GLOB'   with a glob that takes files of one schema; several inputs of one job can take the others",
      'write one of the files again with the type of the other',
    ],
  })
}

function remedies(a: string, b: string): string[] {
  const forms = new Set([a, b])
  return forms.has('bytes') && forms.has('string') ? ["encoding: 'utf-8' of the input, if the bytes are text"] : []
}

function shown(lines: readonly string[]): string[] {
  return lines.length <= NAMED ? [...lines] : [...lines.slice(0, NAMED), `and ${lines.length - NAMED} more columns`]
}

/** Two nodes may have files of one name. */
function namesOf(one: ParquetFile, other: ParquetFile): [string, string] {
  if (one.name !== other.name) return [one.name, other.name]
  return [`${one.name} on ${one.node}`, `${other.name} on ${other.node}`]
}

/** Neither the columns of the one nor those of the other may be known. */
export function columnsApart([one, other]: readonly [ParquetFile, ParquetFile]): ShoalError {
  const [a, b] = namesOf(one, other)
  return new ShoalError('SCHEMA_DIFFERS', `${a} and ${b} have not the same columns`, {
    why: 'one of them has too many columns, or its folder too many different schemas, for them to be compared one by one',
    try: [
      "--input 'NAME/GLOB'   with a glob that takes files of one schema; several inputs of one job can take the others",
      'write the files again with one schema',
    ],
  })
}

/** `missing` is not empty. */
export function noSuchColumn(dataset: string, missing: readonly string[], names: Iterable<string>): ShoalError {
  const all = [...names]
  const [first] = missing as readonly [string]
  const near = nearest(first, all)
  const more = missing.length === 1 ? '' : ` (and ${missing.length - 1} more of \`columns\`)`
  const meant = near.length === 0 ? '' : `; did you mean ${near.join(' or ')}?`
  return new ShoalError('USAGE', `no Parquet file of ${dataset} has a column ${JSON.stringify(first)}${more}${meant}`, {
    why: `its columns are ${all.slice(0, 2 * NAMED).join(', ')}${all.length > 2 * NAMED ? ', …' : ''}`,
    try: ['correct `columns` of this input'],
  })
}
