/** What one node offers, as every node knows it: plain data, gossiped by version and fetched over a stream. */
import type { Look } from '../core/look.ts'
import type { Bytes, Cuts, Digest, ReadOptions, Witness } from '../core/types.ts'
import type { Doubt } from '../data/formats/look/doubt.ts'
import type { LeftOut } from './left-out.ts'
import type { Table } from './table-formats.ts'

export interface CatalogBody {
  /** Rises with every change, also over restarts of the node. */
  readonly version: number
  /** Ordered by name. */
  readonly datasets: readonly CatalogDataset[]
}

export interface CatalogDataset {
  readonly name: string
  readonly replicated: boolean
  /** The offered directories, ordered by id. */
  readonly roots: readonly CatalogRoot[]
  /** Ordered by (path, root), each pair once. A shard that is no longer listed is withdrawn. */
  readonly entries: readonly CatalogEntry[]
}

export interface CatalogRoot {
  /** See `rootId`. */
  readonly root: string
  /** Away: missing, newly empty, or on another disk than before; its entries are what is remembered of it. */
  readonly state: 'ok' | 'away'
  readonly why: string
  /** What in it is no data, by kind. */
  readonly leftOut: readonly LeftOut[]
  /** Folders that are tables of a format with a log, in UTF-8 order of their paths. */
  readonly tables: readonly Table[]
  /** See `machineId`; '' where it is not known. */
  readonly machine: string
  /** Device numbers of the file systems in it that other machines may see too, ascending as text. */
  readonly networks: readonly string[]
}

/** What is known of a directory apart from its files. */
export type RootFacts = Pick<CatalogRoot, 'leftOut' | 'tables' | 'machine' | 'networks'>

export const NO_FACTS: RootFacts = { leftOut: [], tables: [], machine: '', networks: [] }

export interface CatalogEntry {
  /** Relative, `/`-separated. A folder that cannot be read is one unreadable entry whose path ends in `/`. */
  readonly path: string
  readonly root: string
  readonly size: Bytes
  readonly witness: Witness
  /** Offered entries of a replicated dataset: SHA-256 of the content. */
  readonly hash?: Digest
  /** By name and look alone; meaningless until it is offered. */
  readonly cuts: Cuts
  /** Parquet, as `cuts` are: see `columnsText`. */
  readonly columns?: string
  /** Offered: what was found in it. */
  readonly look?: Look
  /** Offered: what is wrong with it where it is read as its name and look say, beside what the look itself tells. */
  readonly doubt?: Doubt
  /** Pending: still being described or hashed. Unreadable: `why` says what the system said, or what it is. */
  readonly state: 'offered' | 'pending' | 'unreadable'
  readonly why?: string
  /** ISO 8601, the holder's clock, for people. */
  readonly mtime: string
}

/** How one input's options cut shards that they read otherwise than the shards' names say. */
export interface DescribedShard {
  readonly root: string
  readonly path: string
  readonly witness: Witness
  readonly cuts: Cuts
  readonly columns?: string
  readonly doubt?: Doubt
}

/** One input of a submission, as a holder is asked to scan for it. */
export interface ScanInput {
  readonly dataset: string
  /** '' means every shard. */
  readonly glob: string
  readonly options: ReadOptions
}

/** What a holder answers to a fresh scan for a submission. */
export interface ScanAnswer {
  readonly body: CatalogBody
  /** False: time was over before the directories had been looked at; ask again, with `walk`. */
  readonly fresh: boolean
  /** Nothing that the inputs take is pending, or left to be described: there is no need to ask again. */
  readonly settled: boolean
  /** Given back in the next request of the same submission, so that it need not begin a new scan. */
  readonly walk: number
  /** Moves while files are being looked at, described and hashed; submission waits as long as it does. */
  readonly progress: number
  /** By input of the scan request, in its order; empty where the options say what the names say. */
  readonly described: readonly (readonly DescribedShard[])[]
}

export function sameWitness(a: Witness, b: Witness): boolean {
  return a.dev === b.dev && a.ino === b.ino && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs
}
