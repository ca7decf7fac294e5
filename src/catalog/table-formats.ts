/**
 * Tables of Delta Lake, Iceberg and Hudi are folders in which not every data file counts: some are rewritten, deleted or
 * not yet committed, and a log says which. Who reads all of them gets rows twice, or rows that are gone.
 */
import type { Dirent } from 'node:fs'

export const TABLE_FORMATS = ['Delta Lake', 'Apache Iceberg', 'Apache Hudi'] as const
export type TableFormat = (typeof TABLE_FORMATS)[number]

export interface Table {
  /** The folder; '' for the offered directory itself. */
  readonly path: string
  readonly format: TableFormat
}

/** What a folder with these names in it is a table of; of Iceberg its `metadata` folder tells, see `isIcebergMetadata`. */
export function tableFormatOf(names: ReadonlySet<string>): TableFormat | null {
  if (names.has('_delta_log')) return 'Delta Lake'
  return names.has('.hoodie') ? 'Apache Hudi' : null
}

/** Whether a folder called `metadata` with these names in it is that of an Iceberg table. */
export function isIcebergMetadata(names: Iterable<string>): boolean {
  for (const name of names) if (name.endsWith('.metadata.json') || name === 'version-hint.text') return true
  return false
}

export function namesOf(entries: readonly Dirent<Buffer>[]): Set<string> {
  return new Set(entries.map(({ name }) => name.toString()))
}

/** How the rows of a table are had as files that are all of it. */
export const EXPORTS: Readonly<Record<TableFormat, string>> = {
  'Delta Lake': "COPY (FROM delta_scan('FOLDER')) TO 'NEW.parquet'   in DuckDB, and offer what it writes",
  'Apache Iceberg': "COPY (FROM iceberg_scan('FOLDER')) TO 'NEW.parquet'   in DuckDB, and offer what it writes",
  'Apache Hudi': "spark.read.format('hudi').load('FOLDER').write.parquet('NEW')   in Spark, and offer what it writes",
}
