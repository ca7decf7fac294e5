/** Which simulation is run with a seed: plain data, handed to worker processes. */
export interface Variant {
  /** null: drawn. */
  readonly nodes: number | null
  /** Every node claims every task, always. */
  readonly greedy: boolean
  /** Name of a deliberately broken core. */
  readonly broken: string | null
  /** Only these faults of the schedule, by their place in it; null: all. */
  readonly keep: readonly number[] | null
}
