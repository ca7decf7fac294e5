/** How the Parquet files that an input takes are read together, where their columns differ. */
import { ShoalError } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'
import type { Agreed, Shard, SnapshotInput } from '../core/types.ts'
import { agree } from '../data/formats/parquet/metadata/agree.ts'
import { encodingOf } from '../data/formats/text/encodings.ts'
import type { Candidate, Placed } from './candidates.ts'
import { columnsApart, columnsDiffer, noSuchColumn, type ParquetFile } from './column-refusals.ts'

export function parquetFilesOf({ dataset }: Placed, candidates: readonly Candidate[]): ParquetFile[] {
  return candidates.flatMap(({ node, entry: { path }, cuts, columns }) =>
    isParquet(cuts) ? [{ name: `${dataset}/${path}`, node, text: columns ?? '' }] : [],
  )
}

const isParquet = (cuts: Candidate['cuts']): boolean => cuts?.kind === 'row-groups'

/**
 * Throws SCHEMA_DIFFERS where values of a column have forms that cannot meet, and USAGE where the input names a column
 * that no file has; not if files are still missing, which may have it.
 */
export function agreedOf(
  { dataset, options }: Placed,
  files: readonly ParquetFile[],
  areAll: boolean,
): Pick<SnapshotInput, 'agreed'> {
  const wanted = options.columns ?? null
  const terms = { wanted, bytesAreText: options.encoding !== undefined && encodingOf(options.encoding) === 'utf-8' }
  const { agreed, conflicts, apart, missing, names } = agree(files, terms)
  if (apart !== null) throw columnsApart(apart)
  if (conflicts.length > 0) throw columnsDiffer(conflicts, wanted !== null)
  if (missing.length > 0 && areAll) throw noSuchColumn(dataset, missing, names)
  if (agreed === null) return {}
  checkSize(dataset, agreed)
  return { agreed }
}

/** Every task of the job is told it. */
function checkSize(dataset: string, { widened }: Agreed): void {
  const size = widened.reduce((sum, [path]) => sum + path.length, 0)
  if (size <= LIMITS.columnsTextMax) return
  throw new ShoalError(
    'LIMIT',
    `${widened.length} columns of ${dataset} have wider types in some files than in others`,
    {
      why: `their names have ${size} characters, more than ${LIMITS.columnsTextMax}`,
      try: ['columns: [...] of the input, with those that the job reads', 'write the files again with one schema'],
    },
  )
}

/** A snapshot for later jobs, whose options say which columns count: it keeps them all. */
export function frozenColumns(
  shards: readonly Shard[],
  candidates: readonly Candidate[],
): Pick<SnapshotInput, 'shards' | 'columns'> {
  const keyOf = (node: string, root: string, path: string): string => `${node} ${root} ${path}`
  const texts = new Map(
    candidates.flatMap(({ node, entry: { root, path }, columns }) =>
      columns === undefined ? [] : [[keyOf(node, root, path), columns] as const],
    ),
  )
  const numbers = new Map<string, number>()
  const numbered = shards.map((shard): Shard => {
    const { node, root } = shard.copies[0]!
    const text = texts.get(keyOf(node, root, shard.path))
    if (text === undefined) return shard
    const columns = numbers.get(text) ?? numbers.size
    numbers.set(text, columns)
    return { ...shard, columns }
  })
  return { shards: numbered, ...(numbers.size === 0 ? {} : { columns: [...numbers.keys()] }) }
}
