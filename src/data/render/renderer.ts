import type { OutputFormat } from '../../core/spec/settings.ts'

/**
 * Writes decoded records in one format.
 *
 * `if (renderer.needsScan) for all records of all files: renderer.scan(key, value)`, then for each file:
 * `file = renderer.open(); write(file.begin()); for its records: write(file.record(key, value)); write(file.end())`.
 * The files of one renderer have the same columns.
 */
export interface Renderer {
  readonly format: OutputFormat
  /** File name suffix, with the dot. */
  readonly suffix: string
  /** The columns or types must be known before the first byte is written. */
  readonly needsScan: boolean
  scan(key: unknown, value: unknown): void
  open(): RenderedFile
}

/** What the calls return is to be written in that order; '' and empty arrays mean nothing to write yet. */
export interface RenderedFile {
  begin(): string | Uint8Array
  record(key: unknown, value: unknown): string | Uint8Array
  end(): string | Uint8Array
}

export interface RenderOptions {
  /** table: columns of the terminal; default 80. */
  readonly width?: number
  /** table: rows shown at most; default 40. */
  readonly rows?: number
}
