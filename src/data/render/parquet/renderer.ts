import { assert } from '../../../core/errors.ts'
import { Columns, type Column } from '../columns.ts'
import type { RenderedFile, Renderer } from '../renderer.ts'
import { ParquetFile } from './file.ts'
import { Shapes } from './shapes.ts'
import { typeOf, type ParquetType } from './types.ts'

/**
 * Parquet with the columns of CSV and the narrowest types that hold their values exactly, see `typeOf`. Nulls and
 * absent fields are null. Memory: one row group.
 */
export function parquet(): Renderer {
  const columns = new Columns()
  const shapes = new Shapes()
  let list: readonly Column[] | null = null
  let types: readonly ParquetType[] = []
  return {
    format: 'parquet',
    suffix: '.parquet',
    needsScan: true,
    scan: (key, value) => {
      assert(list === null, 'all records are scanned before a file is opened')
      columns.observe(key, value)
      shapes.observe(key, value)
    },
    open: (): RenderedFile => {
      if (list === null) {
        list = columns.list()
        types = list.map((column) => typeOf(column.name, shapes.of(column)))
      }
      return new ParquetFile(list, types)
    },
  }
}
