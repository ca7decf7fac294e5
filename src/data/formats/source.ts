import type { Bytes } from '../../core/types.ts'

/** A file that can be read anywhere. It does not change while it is read: who opens it checks the witness. */
export interface RandomAccess {
  readonly size: Bytes
  /**
   * The bytes [offset, offset + length), cut at the end of the file and only there. The array may be reused: it is
   * valid until the next `read`. A failing read throws or rejects.
   */
  read(offset: Bytes, length: Bytes): Uint8Array | Promise<Uint8Array>
}

/** A file that is in memory already. */
export function sourceOf(bytes: Uint8Array): RandomAccess {
  return { size: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) }
}

/** First bytes of a file, decompressed, and whether they are all of it. */
export interface Head {
  readonly bytes: Uint8Array
  readonly whole: boolean
}
