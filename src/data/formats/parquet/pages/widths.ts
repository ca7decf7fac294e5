import type { Bytes } from '../../../../core/types.ts'
import type { Physical } from '../metadata/meaning.ts'

/** Bytes of a value, of those types that have one length; BOOLEAN has a bit. */
export const WIDTHS: Readonly<Partial<Record<Physical, Bytes>>> = {
  INT32: 4,
  FLOAT: 4,
  INT64: 8,
  DOUBLE: 8,
  INT96: 12,
}
