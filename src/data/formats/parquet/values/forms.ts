import type { Widened } from '../../../../core/types.ts'
import type { RowFactory } from '../../rows.ts'

export type { Widened }

/** In which form values reach a record; docs/record.md has the table. */
export interface Forms {
  readonly factory: RowFactory
  readonly timestamps: 'schema' | 'date' | 'text'
  readonly maps: 'schema' | 'pairs'
  /** Bytes without an annotation are text. */
  readonly bytesAreText: boolean
  /** Leaves, by their path (see `column-path.ts`), that the input's other files have as a wider type: they are given as that. */
  readonly widened: ReadonlyMap<string, Widened>
}

/** The value of row i of an array. Throws UnreadableValue. */
export type Getter = (i: number) => unknown

/** A value that is sound Parquet but has no form in a record: its row is a bad record. */
export class UnreadableValue extends Error {
  /** Options of the input that may read it. */
  readonly remedies: readonly string[]

  constructor(message: string, remedies: readonly string[] = []) {
    super(message)
    this.remedies = remedies
  }
}
