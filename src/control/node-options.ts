/** How a node is started: what the command line, and whoever embeds Shoal, give to `startNode`. */
import type { Bytes, Millis } from '../core/types.ts'
import type { NodeApi } from './api.ts'

/** `--data NAME=DIR[,replicated][,all][,follow|,skip-links]` */
export interface DataOption {
  readonly name: string
  readonly dir: string
  readonly replicated: boolean
  /** Names that begin with `_` or `.` are data like others. */
  readonly all?: boolean
  /** Links that lead out of the directory: files like others, or passed over. Absent: a job over them is refused. */
  readonly links?: 'follow' | 'skip'
  /** Only these files of it, relative to `dir`: how the simulator deals one directory out to many nodes. */
  readonly files?: readonly string[]
}

export interface NodeOptions {
  readonly home: string
  readonly data: readonly DataOption[]
  /** Tickets and multiaddrs. */
  readonly join: readonly string[]
  /** Multiaddrs; none: a free port, picked once and kept in the home. */
  readonly listen: readonly string[]
  /** null: the host's name. */
  readonly name: string | null
  readonly slots: number
  /** For all task processes of the node together. */
  readonly memory: Bytes
  /** How long a job is kept after its outcome (default: 7 days). */
  readonly retentionMs?: Millis
  /** What finished jobs may take on disk together: those that ended first make room. Default: no bound but time. */
  readonly keptBytesMax?: Bytes | null
  readonly mdns: boolean
  /** A mesh of this one process: no port, no peers; its coverage says `this machine only`. */
  readonly local: boolean
  /**
   * `sim --kill` only: asked when the node begins its first attempt. If true, the node writes `map 3/8` (that task's
   * stage, number in it and count) to HOME/sim-holding and keeps the attempt open until it is killed.
   */
  holdFirst(): boolean
  /** A line for the operator: a join address that stays silent, a port that had to change. */
  warn(line: string): void
}

export interface RunningNode {
  readonly api: NodeApi
  /** Settles when the node has ended: resolves after a drain or `stop`, rejects with the ShoalError that ended it. */
  readonly ended: Promise<void>
  /** Ends it at once, handing nothing over. */
  stop(): Promise<void>
}
