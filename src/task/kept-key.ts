import { ShoalError } from '../core/errors.ts'
import { compareBytes } from '../data/bytes.ts'
import { ValueCopier } from '../data/copy.ts'
import { encodeKey } from '../data/order.ts'
import { hostFactory } from '../data/value.ts'

/**
 * Holds a reduce to what `keepsKey` says of it. What reads its parts where they lie relies on it: so a record under
 * another key must not get into one.
 */
export class KeptKey {
  readonly #stage: string
  readonly #copier = new ValueCopier(hostFactory)
  #order: Uint8Array = new Uint8Array(0)

  constructor(stage: string) {
    this.#stage = stage
  }

  /** `order`: of the group's key; it is copied. */
  begin(order: Uint8Array): void {
    this.#order = new Uint8Array(order)
  }

  /** A copy of the key, if it is that of the group: what is written must be what was looked at. @throws ShoalError USER_VALUE */
  checked(given: unknown): unknown {
    const key = this.#copier.copy(given)
    const { order } = encodeKey(key)
    if (compareBytes(order, 0, order.byteLength, this.#order, 0, this.#order.byteLength) === 0) return key
    throw new ShoalError('USER_VALUE', `stage "${this.#stage}" emits a key that is not that of its group`, {
      why: 'keepsKey: true says that its reduce emits each record under the key that it was called with',
      try: ['emit(key, …) with the key of the call', 'leave keepsKey out'],
    })
  }
}
