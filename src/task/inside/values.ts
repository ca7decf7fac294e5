import type { ValueFactory } from '../../data/value.ts'
import type { Intrinsics } from './intrinsics.ts'

/** Makes the containers of decoded values inside the realm. Self-contained, see `intrinsics`. */
export function values(own: Intrinsics): ValueFactory {
  const { Bytes, Dates } = own
  // Only literals and definitions make elements without asking setters that user code may have put on Array.prototype.
  const array = (length: number): unknown[] => {
    switch (length) {
      case 0:
        return []
      case 1:
        return [null]
      case 2:
        return [null, null]
      case 3:
        return [null, null, null]
      case 4:
        return [null, null, null, null]
      default: {
        const list: unknown[] = [null, null, null, null]
        for (let i = 4; i < length; i++) own.field(list, i, null)
        return list
      }
    }
  }
  return {
    object: () => ({}),
    array,
    date: (ms) => new Dates(ms),
    bytes: (view) => new Bytes(view),
  }
}
