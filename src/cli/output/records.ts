import type { RenderedFile } from '../../index.ts'
import type { Engine } from '../engine.ts'
import type { Sink } from './sink.ts'

/** Canonical records as a file has them. */
export async function writeRecords(bytes: Uint8Array, file: RenderedFile, sink: Sink, engine: Engine): Promise<void> {
  for (const [key, value] of engine.decodeRecords(bytes)) {
    const full = sink.write(file.record(key, value))
    if (full !== undefined) await full
  }
}
