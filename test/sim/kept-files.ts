/** What lies on a simulated disk, read without the node that wrote it. */
import type { Manifest, RunRow } from '../../src/core/types.ts'
import { BlockReader } from '../../src/data/blocks.ts'
import { fromKept } from '../../src/kept/form.ts'
import { openRows } from '../../src/wire/rows.ts'

/** Behind its checksum. */
export function manifestIn(kept: Uint8Array): { manifest: Manifest } {
  const text = Buffer.from(kept).toString()
  return JSON.parse(text.slice(text.indexOf('{'))) as { manifest: Manifest }
}

export function rowsIn(kept: Uint8Array | undefined): RunRow[] | null {
  const packed = kept === undefined ? null : fromKept(kept)
  return packed === null ? null : openRows(packed)
}

export function isWhole(bytes: Uint8Array, name: string, digest: string, magic: string): boolean {
  try {
    const read = (offset: number, length: number): Uint8Array => bytes.subarray(offset, offset + length)
    const blocks = new BlockReader(read, 0, { magic, name, digest: true })
    while (blocks.next() !== null);
    return blocks.totals?.digest === digest
  } catch {
    return false
  }
}
