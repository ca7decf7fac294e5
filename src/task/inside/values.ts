import type { ValueFactory } from '../../data/value.ts'
import type { Intrinsics } from './intrinsics.ts'

/** Makes the containers of decoded values inside the realm. Self-contained, see `intrinsics`. */
export function values(own: Intrinsics): ValueFactory {
  const { Bytes, Dates } = own
  const List = Array
  const fill = own.fill
  return {
    object: () => ({}),
    array: (length) => fill(new List<unknown>(length), null),
    date: (ms) => new Dates(ms),
    bytes: (view) => new Bytes(view),
  }
}
