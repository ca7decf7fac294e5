/**
 * Tables of Delta Lake, Iceberg and their like are folders in which not every data file counts: some are rewritten, deleted
 * or not yet committed, and a log says which. Who reads all of them gets rows twice, or rows that are gone.
 */
import type { Dirent } from 'node:fs'

export const TABLE_FORMATS = [
  'Delta Lake',
  'Apache Iceberg',
  'Apache Hudi',
  'Apache Paimon',
  'Hive ACID',
  'Spark Structured Streaming',
] as const
export type TableFormat = (typeof TABLE_FORMATS)[number]

export interface Table {
  /** The folder; '' for the offered directory itself. */
  readonly path: string
  readonly format: TableFormat
}

/** Folders of a transaction, or of a compaction of several: `base_0000005`, `delta_0000006_0000006_0000`. */
const ACID = /^(?:base_\d{7,}|(?:delete_)?delta_\d{7,}_\d{7,}(?:_\d+)?)(?:_v\d+)?$/

/** What a folder with folders of these names in it is a table of; other formats show within one, see `formatByFolder`. */
export function tableFormatOf(folders: ReadonlySet<string>): TableFormat | null {
  if (folders.has('_delta_log')) return 'Delta Lake'
  if (folders.has('.hoodie')) return 'Apache Hudi'
  if (folders.has('_spark_metadata')) return 'Spark Structured Streaming'
  return folders.values().some((name) => ACID.test(name)) ? 'Hive ACID' : null
}

/** Folders within a table by which `formatByFolder` knows it. */
export const TELLING_FOLDERS = ['metadata', 'snapshot'] as const

/** What the folder is a table of in which there is one called `name`, with these names in it. */
export function formatByFolder(name: string, names: ReadonlySet<string>): TableFormat | null {
  if (name === 'metadata')
    return names.has('version-hint.text') || names.values().some((one) => one.endsWith('.metadata.json'))
      ? 'Apache Iceberg'
      : null
  const isPaimon = name === 'snapshot' && (names.has('LATEST') || names.has('EARLIEST'))
  return isPaimon && names.values().some((one) => /^snapshot-\d+$/.test(one)) ? 'Apache Paimon' : null
}

export function namesOf(entries: readonly Dirent<Buffer>[]): Set<string> {
  return new Set(entries.map(({ name }) => name.toString()))
}

/** How the rows of a table are had as files that are all of it. */
export const EXPORTS: Readonly<Record<TableFormat, string>> = {
  'Delta Lake': "COPY (FROM delta_scan('FOLDER')) TO 'NEW.parquet'   in DuckDB, and offer what it writes",
  'Apache Iceberg': "COPY (FROM iceberg_scan('FOLDER')) TO 'NEW.parquet'   in DuckDB, and offer what it writes",
  'Apache Hudi': "spark.read.format('hudi').load('FOLDER').write.parquet('NEW')   in Spark, and offer what it writes",
  'Apache Paimon': "spark.table('PAIMON_TABLE').write.parquet('NEW')   in Spark, and offer what it writes",
  'Hive ACID':
    "INSERT OVERWRITE DIRECTORY 'NEW' STORED AS PARQUET SELECT * FROM TABLE   in Hive, and offer what it writes",
  'Spark Structured Streaming': "spark.read.load('FOLDER').write.parquet('NEW')   in Spark, and offer what it writes",
}
