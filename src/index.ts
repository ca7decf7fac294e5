/**
 * Shoal: batch jobs where the data lies, over a mesh without a leader.
 *
 * ```ts
 * import { prepareJob, startNode } from 'shoal'
 * const node = await startNode({ home, data: [{ name: 'logs', dir, replicated: false }], … })
 * const { id } = await node.api.submit({ job: await prepareJob('count.ts'), … })
 * ```
 */
import type { PreparedJob } from './control/api.ts'
import type { LocalNodeOptions, NodeOptions, RunningNode, SimulatedNodeOptions } from './control/node-options.ts'

/** See `startNode` in node.ts. Loaded at its first call, as whoever only reads a result does not wait for it. */
export async function startNode(options: NodeOptions): Promise<RunningNode> {
  const { startNode: start } = await import('./node.ts')
  return await start(options)
}

/** See `startLocalNode` in node.ts. */
export async function startLocalNode(options: LocalNodeOptions): Promise<RunningNode> {
  const { startLocalNode: start } = await import('./node.ts')
  return await start(options)
}

/** See `startSimulatedNode` in node.ts: for `shoal sim`. */
export async function startSimulatedNode(options: SimulatedNodeOptions): Promise<RunningNode> {
  const { startSimulatedNode: start } = await import('./node.ts')
  return await start(options)
}

/** See `prepareJob` in adapters/esbuild/prepare.ts. Loaded at its first call, esbuild with it. */
export async function prepareJob(file: string, params: Readonly<Record<string, string>> = {}): Promise<PreparedJob> {
  const { prepareJob: prepare } = await import('./adapters/esbuild/prepare.ts')
  return await prepare(file, params)
}

export { runtimeId } from './control/runtime-id.ts'
export { ShoalError, errorFromJson, type ErrorJson } from './core/errors.ts'
export { errorToJson } from './words/thrown.ts'
export { CODES, type Code } from './core/codes.ts'
export { HELP } from './words/code-help.ts'
export type * from './control/api.ts'
export type {
  DataOption,
  LocalNodeOptions,
  NodeOptions,
  RunningNode,
  SimulatedNodeOptions,
} from './control/node-options.ts'
export { decodeRecords } from './data/part.ts'
export { createRenderer } from './data/render/formats.ts'
export type { OutputFormat } from './core/spec/settings.ts'
export type { RenderedFile, Renderer, RenderOptions } from './data/render/renderer.ts'
