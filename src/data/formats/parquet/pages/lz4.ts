/** LZ4 blocks (lz4/doc/lz4_Block_format.md), as no package has them with bounds on both sides. */
const HADOOP_HEADER_BYTES = 8

/** LZ4 as Hadoop frames it (lengths of output and input, big-endian, before each block), or, as some write, without. */
export function hadoopLz4(input: Uint8Array, length: number): Uint8Array {
  const output = new Uint8Array(length)
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength)
  let written = 0
  for (let at = 0; at < input.length;) {
    if (input.length - at < HADOOP_HEADER_BYTES) return lz4Block(input, new Uint8Array(length), 0)
    const raw = view.getUint32(at)
    const stored = view.getUint32(at + 4)
    at += HADOOP_HEADER_BYTES
    if (stored > input.length - at || raw > length - written) return lz4Block(input, new Uint8Array(length), 0)
    const block = input.subarray(at, at + stored)
    if (lz4Block(block, output, written).length !== raw) throw new Error('a block has another length than it says')
    at += stored
    written += raw
  }
  return output.subarray(0, written)
}

/** Decompresses a block into `output` from `start` on; gives what was written. Throws an Error where it is none. */
export function lz4Block(input: Uint8Array, output: Uint8Array, start: number): Uint8Array {
  let at = 0
  let written = start
  const byte = (): number => {
    const next = input[at++]
    if (next === undefined) throw new Error('a block is cut off')
    return next
  }
  const lengthOf = (nibble: number): number => {
    let length = nibble
    for (let more = nibble === 15 ? 255 : 0; more === 255; length += more) more = byte()
    return length
  }
  while (at < input.length) {
    const token = byte()
    const literals = lengthOf(token >> 4)
    if (literals > input.length - at || literals > output.length - written)
      throw new Error('a block holds more than it says')
    output.set(input.subarray(at, at + literals), written)
    at += literals
    written += literals
    // The last sequence is literals alone.
    if (at === input.length) break
    const distance = byte() + byte() * 256
    const length = lengthOf(token & 15) + 4
    if (distance === 0 || distance > written - start) throw new Error('a block refers to before its beginning')
    if (length > output.length - written) throw new Error('a block holds more than it says')
    if (distance >= length) output.copyWithin(written, written - distance, written - distance + length)
    else for (let i = 0; i < length; i++) output[written + i] = output[written + i - distance]!
    written += length
  }
  return output.subarray(start, written)
}
