import type { Values } from './fields.ts'
import { SETTINGS } from './settings.ts'

type Shared = Pick<
  typeof SETTINGS,
  'combine' | 'aggregate' | 'n' | 'by' | 'sortValues' | 'reduce' | 'sort' | 'partitions' | 'onBadRecord'
>
type OfStages = {
  /** Each record that reduce emits has the key of the group. */
  readonly keepsKey: { readonly is: 'flag'; readonly default: false }
}

const { combine, aggregate, n, by, sortValues, reduce, sort, partitions, onBadRecord } = SETTINGS

/** What a person says of a stage beside what it reads and how that is mapped. */
export const STAGE_SETTINGS: Shared & OfStages = {
  ...{ combine, aggregate, n, by, sortValues },
  ...{ reduce, keepsKey: { is: 'flag', default: false } },
  /** `partitions` null: as many as what it reads has, or by the size of its rows. */
  ...{ sort, partitions, onBadRecord },
}

export type StageSettings = Values<Shared & OfStages>
