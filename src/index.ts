/**
 * Shoal: batch jobs where the data lies, over a mesh without a leader.
 *
 * ```ts
 * import { prepareJob, startNode } from 'shoal'
 * const node = await startNode({ home, data: [{ name: 'logs', dir, replicated: false }], … })
 * const { id } = await node.api.submit({ job: await prepareJob('count.ts'), … })
 * ```
 */
export { prepareJob } from './adapters/esbuild/prepare.ts'
export { startNode, runtimeId } from './node.ts'
export { ShoalError, errorFromJson, errorToJson, type ErrorJson } from './core/errors.ts'
export { CODES, type Code } from './core/codes.ts'
export type * from './control/api.ts'
export type { DataOption, NodeOptions, RunningNode } from './control/node-options.ts'
export { decodeRecords } from './data/part.ts'
export { createRenderer } from './data/render/formats.ts'
export type { OutputFormat, RenderedFile, Renderer, RenderOptions } from './data/render/renderer.ts'
