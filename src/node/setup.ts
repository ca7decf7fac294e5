/** The three kinds of nodes, each a preset of what a node is started with. */
import { hostname } from 'node:os'
import type { LocalNodeOptions, NodeOptions, SimulatedNodeOptions } from '../control/node-options.ts'
import { LIMITS } from '../core/limits.ts'
import type { Bytes, Millis } from '../core/types.ts'

/** All that a node is started with, of whichever kind it is. */
export interface Setup extends LocalNodeOptions {
  readonly join: readonly string[]
  readonly listen: readonly string[]
  readonly mdns: boolean
  readonly name: string
  readonly retentionMs: Millis
  readonly keptBytesMax: Bytes | null
  /** A mesh of this one process. */
  readonly local: boolean
  /** Whether the first attempt is kept open; null: it is not asked. */
  readonly holdFirst: SimulatedNodeOptions['holdFirst'] | null
}

const IN_MESH = {
  join: [],
  listen: [],
  mdns: true,
  retentionMs: LIMITS.retentionMs,
  keptBytesMax: null,
  local: false,
  holdFirst: null,
} as const

/** A node in a mesh, or one of `shoal sim`, whose options say when it keeps its first attempt open. */
export function setupInMesh(options: NodeOptions | SimulatedNodeOptions): Setup {
  return { ...IN_MESH, name: hostname(), ...options }
}

/** It talks to nobody, and does not live long enough to forget a job. */
export function setupLocal(options: LocalNodeOptions): Setup {
  return { ...IN_MESH, mdns: false, name: 'local', local: true, ...options }
}
