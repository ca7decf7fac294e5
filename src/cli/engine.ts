import type { NodeApi, PreparedJob } from '../control/api.ts'
import type { NodeOptions, RunningNode } from '../control/node-options.ts'
import type { OutputFormat } from './flags.ts'

/** See `data/render`: writes decoded records in one format; its files have the same columns. */
export interface Renderer {
  readonly suffix: string
  /** All records must be shown to `scan` before the first file is opened. */
  readonly needsScan: boolean
  scan(key: unknown, value: unknown): void
  open(): RenderedFile
}

export interface RenderedFile {
  begin(): string | Uint8Array
  record(key: unknown, value: unknown): string | Uint8Array
  end(): string | Uint8Array
}

/** What the command line takes from the public API beside the control socket. */
export interface Engine {
  startNode(options: NodeOptions): Promise<RunningNode>
  /** Bundles and checks a job file. */
  prepareJob(file: string): Promise<PreparedJob>
  createRenderer(format: OutputFormat, options: { readonly width?: number }): Renderer
  /** The records of a result chunk, in order. */
  decodeRecords(bytes: Uint8Array): Iterable<readonly [key: unknown, value: unknown]>
  runtimeId(): string
}

/** What reaches outside this process; tests give their own. */
export interface Outside {
  connect(home: string): NodeApi
  /** Loaded at first use only: importing it takes longer than most commands run. */
  engine(): Promise<Engine>
}
