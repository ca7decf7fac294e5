import type { Forms } from '../../../src/data/formats/parquet/values/forms.ts'
import { hostRows } from '../../../src/data/formats/rows.ts'

/** Without options, for values of Parquet that are decoded alone. */
export const FORMS: Forms = {
  factory: hostRows,
  timestamps: 'schema',
  maps: 'schema',
  bytesAreText: false,
  widened: new Map(),
}
