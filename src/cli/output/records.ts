import type { Receipt, ResultChunk } from '../../control/api.ts'
import { ShoalError } from '../../core/errors.ts'
import type { RenderedFile } from '../../index.ts'
import type { Engine } from '../engine.ts'
import type { Section } from './sections.ts'
import type { Sink } from './sink.ts'

/** A result to be written. `chunks` can be asked for more than once: some formats look at all records first. */
export interface ResultSource {
  readonly job: string
  /** The mesh ends with the command (--local, sim): the result cannot be asked for again later. */
  readonly passing: boolean
  chunks(): AsyncIterable<ResultChunk>
  receipt(): Promise<Receipt>
}

type Pair = readonly [key: unknown, value: unknown]

/** The records of a chunk, without the folders in which they lie. */
export function recordsOf(bytes: Uint8Array, section: Pick<Section, 'folders'>, engine: Engine): Iterable<Pair> {
  return section.folders ? withoutFolders(bytes, engine) : engine.decodeRecords(bytes)
}

function* withoutFolders(bytes: Uint8Array, engine: Engine): Iterable<Pair> {
  for (const { record } of inFolders(bytes, engine)) yield record
}

/** The records of a chunk of an output whose records lie in folders. */
export function* inFolders(bytes: Uint8Array, engine: Engine): Iterable<{ folder: string; record: Pair }> {
  for (const [folder, record] of engine.decodeRecords(bytes)) {
    if (typeof folder !== 'string' || !Array.isArray(record) || record.length !== 2)
      throw new ShoalError('OUTPUT', 'the result cannot be written in folders', {
        why: 'it has a record that is not [folder, [key, value]]',
        try: ['partitionBy in place of { stage, folders: true }, in the job'],
      })
    yield { folder, record: record as unknown as Pair }
  }
}

/** Canonical records as a file has them. */
export async function writeRecords(
  bytes: Uint8Array,
  section: Pick<Section, 'folders'>,
  file: RenderedFile,
  sink: Sink,
  engine: Engine,
): Promise<void> {
  for (const [key, value] of recordsOf(bytes, section, engine)) {
    const full = sink.write(file.record(key, value))
    if (full !== undefined) await full
  }
}
