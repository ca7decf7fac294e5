/** Memory beside the heap: a collection comes late that gives back what is not used any more, so it is given back by hand. */
import { LIMITS } from '../../../../core/limits.ts'
import type { Bytes } from '../../../../core/types.ts'

/** Smaller ones may be parts of what Node shares out among many. */
const OWN_BYTES_MIN = 256 * 1024

/** Gives back memory that is of these bytes alone, at once: nobody may use them any more. */
export function freeMemory({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength >= OWN_BYTES_MIN) buffer.transfer(0)
}

/** The same memory again and again. */
export class Scratch {
  readonly #keptMax: Bytes
  #memory: Uint8Array = new Uint8Array(0)

  /** More than `keptMax` is kept only as long as so much is asked for. */
  constructor(keptMax: Bytes = LIMITS.parquetWindowBytes) {
    this.#keptMax = keptMax
  }

  /** Valid until the next call; of unknown content. */
  take(length: Bytes): Uint8Array {
    const size = this.#memory.length
    if (size < length || (size > this.#keptMax && length < size / 4)) {
      freeMemory(this.#memory)
      this.#memory = new Uint8Array(length)
    }
    return this.#memory.subarray(0, length)
  }
}
