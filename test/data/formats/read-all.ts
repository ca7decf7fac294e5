import type { ReadOptions } from '../../../src/core/types.ts'
import { openRecords } from '../../../src/data/formats/open.ts'
import { resolveReadOptions } from '../../../src/data/formats/options.ts'
import { BAD, type SplitRead } from '../../../src/data/formats/reader.ts'
import { hostRows } from '../../../src/data/formats/rows.ts'
import { sourceOf, type RandomAccess } from '../../../src/data/formats/source.ts'

export interface SplitToRead {
  readonly start: number
  readonly end: number
  readonly headerBytes?: number
  readonly rowGroups?: boolean
  readonly linesBefore?: number
}

export interface ReadResult {
  readonly records: unknown[]
  readonly places: string[]
  readonly raws: string[]
  readonly bad: { readonly place: string; readonly why: string; readonly raw: string }[]
  /** Of the bad records, in order. */
  readonly remedies: (readonly string[])[]
  readonly facts: SplitRead
}

/** Reads a split (default: the whole file) to its end through the public reader. Bad records are listed apart. */
export async function readAll(
  file: Uint8Array | RandomAccess,
  path: string,
  options: ReadOptions = {},
  split?: SplitToRead,
): Promise<ReadResult> {
  const source = file instanceof Uint8Array ? sourceOf(file) : file
  const { start, end, headerBytes = 0, rowGroups = false, linesBefore } = split ?? { start: 0, end: source.size }
  const resolved = resolveReadOptions(path, options)
  const reader = openRecords(
    {
      ...{ source, start, end, rowGroups, headerBytes, options: resolved, name: `d/${path}` },
      ...(linesBefore === undefined ? {} : { linesBefore }),
    },
    hostRows,
  )
  const result = {
    records: [] as unknown[],
    places: [] as string[],
    raws: [] as string[],
    bad: [] as ReadResult['bad'],
    remedies: [] as ReadResult['remedies'],
  }
  for (let batch = await reader.next(); batch !== null; batch = await reader.next()) {
    for (let i = 0; i < batch.length; i++) {
      const record = batch.record(i)
      if (record === BAD) {
        result.bad.push({ place: await batch.place(i), why: batch.bad(i), raw: batch.raw(i) })
        result.remedies.push(batch.remedies?.(i) ?? [])
        continue
      }
      result.records.push(record)
      result.places.push(await batch.place(i))
      result.raws.push(batch.raw(i))
    }
  }
  return { ...result, facts: reader.facts() }
}
