/**
 * Logs of a home. An entry is a mark and a frame, so that reading finds the next whole entry behind damage:
 *
 *     'SHlg'  { u32 length  u32 crc  payload }
 */
import { FrameDecoder, FRAME_HEADER_BYTES, frame } from '../../data/frame.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Bytes } from '../../core/types.ts'
import type { Disk } from '../../ports.ts'

const MARK = Buffer.from('SHlg', 'latin1')

export interface LogContent {
  /** Whole entries, in order. */
  readonly payloads: readonly Uint8Array[]
  /** Bytes that belong to no whole entry: damage, or an append that a crash has torn. */
  readonly lost: Bytes
  /** The file is there and empty. Something has cut it: a log comes to be with its first entry. */
  readonly empty: boolean
}

export function toEntry(payload: Uint8Array): Uint8Array {
  return Buffer.concat([MARK, frame(payload)])
}

/**
 * Reads a log, and writes it anew without what is lost in it: what is appended next must follow a whole entry.
 * No log is an empty list, and nothing lost.
 */
export async function readLog(disk: Disk, name: string): Promise<LogContent> {
  const bytes = await disk.get(name)
  if (bytes === null) return { payloads: [], lost: 0, empty: false }
  const { payloads, lost } = entriesOf(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  if (bytes.length === 0) await disk.remove(name)
  if (lost > 0) await disk.put(name, Buffer.concat(payloads.map(toEntry)))
  return { payloads, lost, empty: bytes.length === 0 }
}

/** Splits the bytes of a log into whole entries; what is between them is lost. */
export function entriesOf(bytes: Buffer): { payloads: Uint8Array[]; lost: Bytes } {
  const payloads: Uint8Array[] = []
  let lost = 0
  for (let at = 0; at < bytes.length;) {
    const payload = entryAt(bytes, at)
    if (payload !== null) {
      payloads.push(payload)
      at += MARK.length + FRAME_HEADER_BYTES + payload.length
      continue
    }
    const next = bytes.indexOf(MARK, at + 1)
    lost += (next < 0 ? bytes.length : next) - at
    at = next < 0 ? bytes.length : next
  }
  return { payloads, lost }
}

function entryAt(bytes: Buffer, at: number): Uint8Array | null {
  const start = at + MARK.length
  if (bytes.length - start < FRAME_HEADER_BYTES || !bytes.subarray(at, start).equals(MARK)) return null
  const length = bytes.readUInt32BE(start)
  if (length > bytes.length - start - FRAME_HEADER_BYTES) return null
  try {
    return (
      new FrameDecoder(LIMITS.rpcBodyBytesMax).push(bytes.subarray(start, start + FRAME_HEADER_BYTES + length))[0] ??
      null
    )
  } catch {
    return null
  }
}
