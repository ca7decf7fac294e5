/**
 * The exact sum of doubles, whatever their number, sizes and order, rounded once at the end.
 *
 * While it grows it is a short list of doubles whose sum is exact, each addition leaving its rounding error as one more
 * of them (J. R. Shewchuk, Adaptive Precision Floating-Point Arithmetic and Fast Robust Geometric Predicates, 1997). Such
 * a list depends on the order of additions. So what is encoded and what is rounded is the one integer that it stands for,
 * as multiple of the smallest double: a superaccumulator (R. M. Neal, Fast Exact Summation Using Small and Large
 * Superaccumulators, 2015) as one BigInt, which depends on the sum alone.
 */

/** The smallest double is 2^−UNIT_BITS; all finite ones are multiples of it. */
export const UNIT_BITS = 1074
/** Doubles from here on are added as integers at once: sums of smaller ones cannot overflow. */
const LARGE = 2 ** 960
/** More errors than ever come of doubles added in earnest: then they become the integer. */
const ERRORS_MAX = 48
const MANTISSA_BITS = 53

const double = new Float64Array(1)
const bits = new BigUint64Array(double.buffer)

/** An exact sum that grows. It is `head` + all `errors` + `units` × 2^−1074. */
export class ExactSum {
  head = 0
  errors: number[] | null = null
  units = 0n

  /** Adds a finite double. */
  add(x: number): void {
    const sum = this.head + x
    const part = sum - this.head
    const error = this.head - (sum - part) + (x - part)
    if (error === 0 && sum < LARGE && sum > -LARGE) this.head = sum
    else this.#addSlowly(x)
  }

  addAll(other: ExactSum): void {
    this.units += other.units
    if (other.errors !== null) for (const error of other.errors) this.add(error)
    this.add(other.head)
  }

  /** The sum in units of 2^−1074. */
  total(): bigint {
    let total = this.units + unitsOf(this.head)
    if (this.errors !== null) for (const error of this.errors) total += unitsOf(error)
    return total
  }

  /** Whether `head` is all of it. */
  get isOneDouble(): boolean {
    return (this.errors === null || this.errors.length === 0) && this.units === 0n
  }

  #addSlowly(x: number): void {
    if (!(Math.abs(x) < LARGE)) {
      this.units += unitsOf(x)
      return
    }
    const errors = (this.errors ??= [])
    const { length } = errors
    let kept = 0
    let sum = x
    for (let i = 0; i <= length; i++) {
      const y = i < length ? errors[i]! : this.head
      const next = sum + y
      const part = next - sum
      const error = sum - (next - part) + (y - part)
      sum = next
      // What is written has been read: `kept` is at most i.
      if (error !== 0) errors[kept++] = error
    }
    errors.length = kept
    this.head = sum
    if (kept <= ERRORS_MAX && Math.abs(sum) < LARGE) return
    this.units = this.total()
    this.head = 0
    errors.length = 0
  }
}

/** A finite double as a multiple of 2^−1074. */
export function unitsOf(x: number): bigint {
  if (x === 0) return 0n
  double[0] = x
  const exponent = Number((bits[0]! >> 52n) & 0x7ffn)
  const fraction = bits[0]! & 0xf_ffff_ffff_ffffn
  const size = exponent === 0 ? fraction : (fraction | 0x10_0000_0000_0000n) << BigInt(exponent - 1)
  return x < 0 ? -size : size
}

/** The double nearest to units × 2^−1074, ties to the even one; Infinity from where doubles end. */
export function roundUnits(units: bigint): number {
  const size = units < 0n ? -units : units
  const shift = Math.max(0, bitLength(size) - MANTISSA_BITS)
  let mantissa = size >> BigInt(shift)
  if (shift > 0) {
    const rest = BigInt.asUintN(shift, size)
    const half = 1n << BigInt(shift - 1)
    if (rest > half || (rest === half && (mantissa & 1n) === 1n)) mantissa++
  }
  const rounded = Number(mantissa) * 2 ** (shift - UNIT_BITS)
  return units < 0n ? -rounded : rounded
}

/** Of an integer ≥ 0. */
export function bitLength(size: bigint): number {
  const hex = size.toString(16)
  return hex.length * 4 - Math.clz32(Number.parseInt(hex[0]!, 16)) + 28
}
