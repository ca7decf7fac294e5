import type { Value } from './context.ts'
import type { Pairs, Stage } from './stage.ts'

/**
 * The folder of a record: `'day=2026-11-01'`, or several in one another, `'country=DE/day=2026-11-01'`, as they are; or
 * their names and values, `{ country: 'DE', day: '2026-11-01' }`, where values may be any text: what cannot stand in the
 * name of a folder is encoded as Hive and Spark do it.
 */
export type FolderName = string | { readonly [name: string]: string | number | bigint | null }

/** An output whose records go to folders. */
export interface Partitioned<P extends readonly [Value, Value]> {
  readonly stage: Pairs<P>
  /** `(key, value) => folder`: a pure function. */
  readonly partitionBy: (...pair: P) => FolderName
}

/** What `defineJob` makes of such an output: its records are [folder, [key, value]]. */
export interface InFolders {
  readonly stage: Stage<string, Value>
  readonly folders: true
}
