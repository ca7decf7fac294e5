import { ShoalError } from '../core/errors.ts'
import { compareBytes } from '../data/bytes.ts'
import { encodeKey } from '../data/order.ts'

/**
 * Holds a reduce to what `keepsKey` says of it. What reads its parts where they lie relies on it: so a record under
 * another key must not get into one.
 */
export class KeptKey {
  readonly #stage: string
  #order: Uint8Array = new Uint8Array(0)

  constructor(stage: string) {
    this.#stage = stage
  }

  /** `order`: of the group's key; it is copied. */
  begin(order: Uint8Array): void {
    this.#order = new Uint8Array(order)
  }

  /** @throws ShoalError USER_VALUE */
  check(key: unknown): void {
    const { order } = encodeKey(key)
    if (compareBytes(order, 0, order.byteLength, this.#order, 0, this.#order.byteLength) === 0) return
    throw new ShoalError('USER_VALUE', `stage "${this.#stage}" emits a key that is not that of its group`, {
      why: 'keepsKey: true says that its reduce emits each record under the key that it was called with',
      try: ['emit(key, …) with the key of the call', 'leave keepsKey out'],
    })
  }
}
