import { constants, createZstdDecompress } from 'node:zlib'
import { LIMITS } from '../../../core/limits.ts'
import type { Bytes } from '../../../core/types.ts'
import type { CompressedInput } from './compressed-input.ts'
import { Damage, isMemoryRefused } from './damage.ts'
import { decompress } from './zlib-stream.ts'
import { WALK_AHEAD, ZstdFrames } from './zstd-frames.ts'
import { needsDictionary, refusedMemory, windowAboveLimit, windowAboveMemory } from './zstd-window.ts'

/**
 * The decompressed bytes of all frames of a zstd file. A decoder reserves memory for a frame's whole window, but the
 * system gives it only as data fills it: a small file may have a large window. So a frame is refused once more than
 * `windowMax` of it is there, or will be, if its window is larger too. A frame with such a window that does not tell
 * its size gets a decoder of its own, whose output is counted.
 */
export async function* zstdFrames(
  input: CompressedInput,
  name: string,
  windowMax: Bytes,
): AsyncGenerator<Uint8Array, void, undefined> {
  let largest: Bytes = 0
  const frames = new ZstdFrames((header) => {
    if (header.dictionary !== 0) throw needsDictionary(name, header.dictionary)
    if (header.window > LIMITS.zstdWindowMax) throw windowAboveLimit(name, header.window)
    if (header.window > windowMax && header.contentSize !== null && header.contentSize > windowMax)
      throw windowAboveMemory(name, header.window, windowMax)
    largest = Math.max(largest, header.window)
    return header.window > windowMax && header.contentSize === null
  })
  let more: boolean
  do {
    let partEnded = false
    frames.beginPart()
    const next = async (): Promise<Uint8Array | null> => {
      const piece = await input.peek(WALK_AHEAD)
      if (piece === null) {
        frames.end()
        return null
      }
      const length = frames.walk(piece)
      partEnded = length === 0
      return partEnded ? null : piece.subarray(0, length)
    }
    let given: Bytes = 0
    try {
      for await (const piece of decompress(newDecoder(), input, next)) {
        given += piece.length
        if (frames.alone !== null && given > windowMax) throw windowAboveMemory(name, frames.alone.window, windowMax)
        yield piece
      }
    } catch (error) {
      throw isMemoryRefused(error) ? refusedMemory(name, largest, error) : error
    }
    more = partEnded
  } while (more)
  // The decoder ends by itself where bytes follow that begin no frame: too few of them for `walk` to refuse.
  if ((await input.peek()) !== null) {
    frames.end()
    throw new Damage('bytes that were not read follow a frame')
  }
}

function newDecoder(): ReturnType<typeof createZstdDecompress> {
  const params = { [constants.ZSTD_d_windowLogMax]: Math.log2(LIMITS.zstdWindowMax) }
  return createZstdDecompress({ chunkSize: LIMITS.decompressedChunkBytes, params })
}
