/**
 * What the order form of a key cannot tell, as a string of bits: for each number, DECIMAL, INTERVAL and TIME in the
 * order of the form, of which type or with which parts it came. Bits go into bytes from the lowest on; trailing zero
 * bytes are left out, so that keys of plain numbers have an empty shape.
 */
export const NO_SHAPE: Uint8Array = new Uint8Array(0)

/** A number's bits: a number 0, a bigint 1 0, a HUGEINT 1 1, the first one first. */
export const BIGINT_BITS = 1
export const HUGEINT_BITS = 3

export class ShapeWriter {
  #bytes: number[] = []
  #at = 0

  /** A new key begins. */
  begin(): void {
    this.#at = 0
    if (this.#bytes.length > 0) this.#bytes = []
  }

  /** A plain number. */
  number(): void {
    this.#at++
  }

  /** The lowest `width` bits of `value`, at most 32. */
  put(value: number, width: number): void {
    for (let i = 0; i < width; i++) {
      if (((value >>> i) & 1) === 1) this.#set(this.#at + i)
    }
    this.#at += width
  }

  /** The key's shape. */
  take(): Uint8Array {
    return this.#bytes.length === 0 ? NO_SHAPE : Uint8Array.from(this.#bytes)
  }

  #set(bit: number): void {
    const at = bit >> 3
    while (this.#bytes.length <= at) this.#bytes.push(0)
    this.#bytes[at]! |= 1 << (bit & 7)
  }
}

export class ShapeReader {
  #bytes: Uint8Array = NO_SHAPE
  #start = 0
  #end = 0
  #at = 0

  over(bytes: Uint8Array, start: number, end: number): void {
    this.#bytes = bytes
    this.#start = start
    this.#end = end
    this.#at = 0
  }

  /** Whether the number that comes was a bigint or a HUGEINT. */
  isBig(): boolean {
    if (this.#start === this.#end || !this.#bit()) return false
    this.#at++
    return true
  }

  /** The next `width` bits as a number ≥ 0; at most 32. */
  take(width: number): number {
    let value = 0
    for (let i = 0; i < width; i++) if (this.#bit()) value |= 1 << i
    return value >>> 0
  }

  #bit(): boolean {
    const at = this.#start + (this.#at >> 3)
    const bit = this.#at++ & 7
    return at < this.#end && ((this.#bytes[at]! >> bit) & 1) === 1
  }
}
