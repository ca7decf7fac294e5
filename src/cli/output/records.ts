import type { Receipt, ResultChunk } from '../../control/api.ts'
import type { RenderedFile } from '../../index.ts'
import type { Engine } from '../engine.ts'
import type { Sink } from './sink.ts'

/** A result to be written. `chunks` can be asked for more than once: some formats look at all records first. */
export interface ResultSource {
  readonly job: string
  /** The mesh ends with the command (--local, sim): the result cannot be asked for again later. */
  readonly passing: boolean
  chunks(): AsyncIterable<ResultChunk>
  receipt(): Promise<Receipt>
}

/** Canonical records as a file has them. */
export async function writeRecords(bytes: Uint8Array, file: RenderedFile, sink: Sink, engine: Engine): Promise<void> {
  for (const [key, value] of engine.decodeRecords(bytes)) {
    const full = sink.write(file.record(key, value))
    if (full !== undefined) await full
  }
}
