/** What a result is made of, and what in the data's directories was no part of it. */
import type { Bytes } from '../core/types.ts'

export interface Coverage {
  readonly shards: number
  readonly of: number
  readonly bytes: Bytes
  readonly records: number
  readonly nodes: number
  readonly omitted: readonly {
    readonly dataset: string
    readonly path: string
    readonly node: string
    readonly why: string
  }[]
  /** What in the directories is no data, of the inputs' datasets. */
  readonly leftOut: readonly LeftOutInfo[]
  /** True for --local. */
  readonly thisMachineOnly: boolean
}

/** Names, links, sockets … that are no data: so many of one kind on one node, and the first of them. */
export interface LeftOutInfo {
  readonly dataset: string
  readonly node: string
  readonly kind: string
  readonly count: number
  readonly samples: readonly string[]
  /** The same as a sentence. */
  readonly text: string
}
