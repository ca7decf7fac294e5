/** A big-endian two's complement number of any length; none is 0. */
export function signedOf(bytes: Uint8Array): bigint {
  if (bytes.length === 0) return 0n
  if (bytes.length === 8) return new DataView(bytes.buffer, bytes.byteOffset, 8).getBigInt64(0)
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${hex}`))
}

/** The double of an IEEE 754 half-precision number (binary16). */
export function halfOf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN
  if (exponent === 0) return sign * fraction * 2 ** -24
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}
