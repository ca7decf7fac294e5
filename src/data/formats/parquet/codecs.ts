import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import type { Compressors } from 'hyparquet'
import { compressors as pure } from 'hyparquet-compressors'

type Decompress = (input: Uint8Array, length: number) => Uint8Array

/** Where Node has the codec built in, that one: it is several times faster, and bounded by the page's own length. */
const CODECS: Readonly<Record<string, Decompress>> = {
  SNAPPY: (input, length) => pure.SNAPPY!(input, length),
  GZIP: (input, length) => gunzipSync(input, sized(length)),
  ZSTD: (input, length) => zstdDecompressSync(input, sized(length)),
  BROTLI: (input, length) => brotliDecompressSync(input, sized(length)),
  LZ4: lz4Framed,
  LZ4_RAW: (input, length) => lz4(input, new Uint8Array(length), 0),
}

function sized(length: number): { maxOutputLength: number; chunkSize: number } {
  return { maxOutputLength: Math.max(length, 1), chunkSize: Math.max(length, 64) }
}

/**
 * The codecs as the library calls them; `check` sees what each call took and gave. A page is given in memory of its
 * own: the library follows a damaged length past the page's end, where other data would lie.
 */
export function compressors(check: (input: Uint8Array, page: Uint8Array) => void): Compressors {
  const checked = (decompress: Decompress): Decompress => {
    return (input, length) => {
      const output = decompress(input, length)
      if (output.length !== length) throw new Error(`a page has ${output.length} bytes where its header says ${length}`)
      const page = output.buffer.byteLength === length ? output : Uint8Array.from(output)
      check(input, page)
      return page
    }
  }
  return Object.fromEntries(Object.entries(CODECS).map(([codec, decompress]) => [codec, checked(decompress)]))
}

const HADOOP_HEADER_BYTES = 8

/** LZ4 as Hadoop frames it (lengths of output and input, big-endian, before each block), or, as some write, without. */
function lz4Framed(input: Uint8Array, length: number): Uint8Array {
  const output = new Uint8Array(length)
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength)
  let written = 0
  for (let at = 0; at < input.length;) {
    if (input.length - at < HADOOP_HEADER_BYTES) return lz4(input, new Uint8Array(length), 0)
    const raw = view.getUint32(at)
    const stored = view.getUint32(at + 4)
    at += HADOOP_HEADER_BYTES
    if (stored > input.length - at || raw > length - written) return lz4(input, new Uint8Array(length), 0)
    const block = input.subarray(at, at + stored)
    if (lz4(block, output, written).length !== raw) throw new Error('a block of LZ4 has another length than it says')
    at += stored
    written += raw
  }
  return output.subarray(0, written)
}

/** Decompresses a block of LZ4 into `output` from `start` on; gives what was written. Throws where it is none. */
function lz4(input: Uint8Array, output: Uint8Array, start: number): Uint8Array {
  let at = 0
  let written = start
  const byte = (): number => {
    const next = input[at++]
    if (next === undefined) throw new Error('a block of LZ4 is cut off')
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
      throw new Error('a block of LZ4 holds more than it says')
    output.set(input.subarray(at, at + literals), written)
    at += literals
    written += literals
    // The last sequence is literals alone.
    if (at === input.length) break
    const distance = byte() + byte() * 256
    const length = lengthOf(token & 15) + 4
    if (distance === 0 || distance > written - start) throw new Error('a block of LZ4 refers to before its beginning')
    if (length > output.length - written) throw new Error('a block of LZ4 holds more than it says')
    if (distance >= length) output.copyWithin(written, written - distance, written - distance + length)
    else for (let i = 0; i < length; i++) output[written + i] = output[written + i - distance]!
    written += length
  }
  return output.subarray(start, written)
}
