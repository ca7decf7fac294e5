/**
 * Rows of runs as bytes, for peers and for disks: in JSON those of a job of the largest size would be gigabytes. One row is
 *
 *     u32 partition  u64 records  u64 weight  u64 bytes  digest, 32 bytes, or zeros where the partition is empty
 */
import { LIMITS } from '../core/limits.ts'
import { isSoundRow } from '../core/plan/rows.ts'
import type { Digest, Partition, RunRow } from '../core/types.ts'

const DIGEST_BYTES = 32
const ROW_BYTES = 4 + 3 * 8 + DIGEST_BYTES
/** Of all rows of an output. */
export const ROWS_BYTES_MAX: number = LIMITS.partitionsMax * ROW_BYTES
/** A proof has no more hashes than the tree has rows. */
export const PROOF_BYTES_MAX: number = LIMITS.partitionsMax * DIGEST_BYTES

export function packRows(rows: readonly RunRow[]): Uint8Array {
  const out = Buffer.alloc(rows.length * ROW_BYTES)
  rows.forEach(({ partition, records, weight, bytes, digest }, i) => {
    const at = i * ROW_BYTES
    out.writeUInt32BE(partition, at)
    out.writeBigUInt64BE(BigInt(records), at + 4)
    out.writeBigUInt64BE(BigInt(weight), at + 12)
    out.writeBigUInt64BE(BigInt(bytes), at + 20)
    out.write(digest, at + 28, 'hex')
  })
  return out
}

/** null where these are no rows by partition ascending. */
export function openRows(packed: Uint8Array): RunRow[] | null {
  if (packed.length % ROW_BYTES !== 0 || packed.length > ROWS_BYTES_MAX) return null
  const rows = Array.from({ length: packed.length / ROW_BYTES }, (_, i) => rowAt(packed, i))
  const sound = rows.every(
    (row, i) =>
      row.partition < LIMITS.partitionsMax &&
      (i === 0 || rows[i - 1]!.partition < row.partition) &&
      [row.records, row.weight, row.bytes].every(Number.isSafeInteger) &&
      isSoundRow(row),
  )
  return sound ? rows : null
}

/** One of packed rows that have been opened before; null where it is not among them. */
export function findRow(packed: Uint8Array, partition: Partition): RunRow | null {
  let [low, high] = [0, packed.length / ROW_BYTES]
  while (low < high) {
    const middle = (low + high) >> 1
    const row = rowAt(packed, middle)
    if (row.partition === partition) return row
    if (row.partition < partition) low = middle + 1
    else high = middle
  }
  return null
}

function rowAt(packed: Uint8Array, i: number): RunRow {
  const from = Buffer.from(packed.buffer, packed.byteOffset + i * ROW_BYTES, ROW_BYTES)
  const count = (at: number): number => Number(from.readBigUInt64BE(at))
  return {
    partition: from.readUInt32BE(0),
    records: count(4),
    weight: count(12),
    bytes: count(20),
    digest: digestOf(from.subarray(28)),
  }
}

export function packProof(proof: readonly Digest[]): Uint8Array {
  return Buffer.from(proof.join(''), 'hex')
}

/** null where these are no hashes. */
export function openProof(packed: Uint8Array): Digest[] | null {
  if (packed.length % DIGEST_BYTES !== 0 || packed.length > PROOF_BYTES_MAX) return null
  const all = Buffer.from(packed.buffer, packed.byteOffset, packed.length)
  return Array.from(
    { length: packed.length / DIGEST_BYTES },
    (_, i) => all.toString('hex', i * DIGEST_BYTES, (i + 1) * DIGEST_BYTES) as Digest,
  )
}

function digestOf(bytes: Buffer): Digest | '' {
  return bytes.every((byte) => byte === 0) ? '' : (bytes.toString('hex') as Digest)
}
