/** A column, or a part of one, in Arrow's columnar format (arrow.apache.org/docs/format/Columnar.html). */
export interface ArrowArray {
  readonly length: number
  readonly nullCount: number
  /** One bit for each element, set where there is one; only where `nullCount` > 0. */
  readonly validity?: Uint8Array
  readonly values?: ArrayLike<unknown>
  /** Element i of a list, or of bytes, is [offsets[i], offsets[i + 1]) of the child's elements, or of `values`. */
  readonly offsets?: Int32Array
  readonly children?: readonly ArrowArray[]
}

/** Whether element i is there, and not null. */
export function isThere({ nullCount, validity }: ArrowArray, i: number): boolean {
  return nullCount === 0 || validity === undefined || (validity[i >> 3]! & (1 << (i & 7))) !== 0
}

/** The elements [start, end) of an array; `width`: bytes of a value of fixed length that is none of a typed array. */
export function sliceArray(array: ArrowArray, start: number, end: number, width: number): ArrowArray {
  const length = end - start
  const { validity, values, offsets, children } = array
  const sliced = {
    length,
    nullCount: array.nullCount,
    ...(validity === undefined ? {} : { validity: sliceBits(validity, start, length) }),
  }
  // Offsets lead to the same elements, or bytes, wherever they begin.
  if (offsets !== undefined)
    return {
      ...sliced,
      offsets: offsets.subarray(start, end + 1),
      ...(values ? { values } : {}),
      ...(children ? { children } : {}),
    }
  if (children !== undefined)
    return { ...sliced, children: children.map((child) => sliceArray(child, start, end, width)) }
  if (values instanceof Uint8Array)
    return {
      ...sliced,
      values: width === 0 ? sliceBits(values, start, length) : values.subarray(start * width, end * width),
    }
  return { ...sliced, values: (values as Int32Array | BigInt64Array).subarray(start, end) }
}

function sliceBits(bits: Uint8Array, start: number, length: number): Uint8Array {
  const shift = start & 7
  const first = start >> 3
  if (shift === 0) return bits.subarray(first)
  return Uint8Array.from(
    { length: (length + 7) >> 3 },
    (_, i) => (bits[first + i]! >> shift) | ((bits[first + i + 1] ?? 0) << (8 - shift)),
  )
}
