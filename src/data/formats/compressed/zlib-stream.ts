import type { Transform } from 'node:stream'
import type { CompressedInput } from './compressed-input.ts'

/** Node's decompressors count the input bytes they have used. */
export type Decompressor = Transform & { readonly bytesWritten: number }

/**
 * Runs a decompressor over the input and gives its output, until the compressed data ends by itself or `next` does.
 * Takes from the input exactly what the decompressor used. Reading pauses while the output is not taken.
 * `next` shows what of the input the decompressor gets now, and takes none of it; null where there is no more for it.
 * What it throws ends the output.
 */
export async function* decompress(
  decompressor: Decompressor,
  input: CompressedInput,
  next: () => Promise<Uint8Array | null>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const feeding = feed(decompressor, input, next).catch((error: unknown) => {
    decompressor.destroy(error as Error)
  })
  try {
    yield* decompressor as AsyncIterable<Uint8Array>
  } finally {
    decompressor.destroy()
    await feeding
  }
}

async function feed(
  decompressor: Decompressor,
  input: CompressedInput,
  next: () => Promise<Uint8Array | null>,
): Promise<void> {
  const { promise: ended, resolve: end } = Promise.withResolvers<'ended'>()
  decompressor.once('end', () => {
    end('ended')
  })
  decompressor.once('close', () => {
    end('ended')
  })
  for (let fed = 0; ;) {
    const piece = await next()
    if (piece === null) {
      decompressor.end()
      return
    }
    fed += piece.length
    // The piece may be a buffer that the next read reuses, so the decompressor must be done with it first. At the end
    // of the compressed data it never says so, but it ends.
    const outcome = await Promise.race([written(decompressor, piece), ended])
    const unused = fed - decompressor.bytesWritten
    input.skip(piece.length - unused)
    if (outcome === 'ended') return
  }
}

function written(decompressor: Decompressor, piece: Uint8Array): Promise<'written'> {
  return new Promise((resolve) => {
    // An error here is also the stream's, whose reader throws it.
    decompressor.write(piece, () => {
      resolve('written')
    })
  })
}
