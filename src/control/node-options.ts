/** How a node is started: what the command line, and whoever embeds Shoal, give to `startNode` and its like. */
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

/** A mesh of this one process: no port, no peers; its coverage says `this machine only`. */
export interface LocalNodeOptions {
  /** Of a mesh of this process it is nobody else's: whoever made it removes it once the node has ended. */
  readonly home: string
  readonly data: readonly DataOption[]
  readonly slots: number
  /** For all task processes of the node together. */
  readonly memory: Bytes
  /** A line for the operator: a join address that stays silent, a port that had to change. */
  warn(line: string): void
}

/** A node in a mesh; its home is locked while it runs, and has what it was when it starts again. */
export interface NodeOptions extends LocalNodeOptions {
  /** Tickets and multiaddrs; none: it begins a mesh, or goes on with the one that its home knows. */
  readonly join?: readonly string[]
  /** Multiaddrs; none: a free port, picked once and kept in the home. */
  readonly listen?: readonly string[]
  /** Default: the host's name. */
  readonly name?: string
  /** How long a job is kept after its outcome (default: 7 days). */
  readonly retentionMs?: Millis
  /** What finished jobs may take on disk together: those that ended first make room. Default: no bound but time. */
  readonly keptBytesMax?: Bytes | null
  /** Whether it looks for its mesh in the local network (default: yes). */
  readonly mdns?: boolean
}

/** A node of `shoal sim`, in a mesh of such. */
export interface SimulatedNodeOptions extends NodeOptions {
  /**
   * For `sim --kill`: asked as the node begins an attempt, of a stage ('' where the job has one), until the answer is
   * true; `isFirst`: it is the first. Then the node writes `map 3/8` (that task's step, number in it and count) to
   * HOME/sim-holding and keeps the attempt open until it is killed.
   */
  holdFirst(stage: string, isFirst: boolean): boolean
}

export interface RunningNode {
  readonly api: NodeApi
  /** Settles when the node has ended: resolves after a drain or `stop`, rejects with the ShoalError that ended it. */
  readonly ended: Promise<void>
  /** Ends it at once, handing nothing over. */
  stop(): Promise<void>
}
