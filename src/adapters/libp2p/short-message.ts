/** What of an encrypted connection is no part of its type. */
interface CutsMessages {
  readonly decoder?: { lengthDecoder?: (data: Bytes) => number }
}

/** The bytes at hand, in one piece or in several. */
type Bytes = Uint8Array | { readonly length: number; get(at: number): number }

/** Made once: to note where it was thrown costs more than to cut a message. */
const TOO_SHORT = new RangeError('the length of a message is not all there')

/**
 * Noise cuts messages out of what has come until the next one's length is not all there, which it learns by an error: one
 * for each message, as a rule.
 */
export function cutCheaply(connection: object): void {
  const { decoder } = connection as CutsMessages
  if (decoder?.lengthDecoder === undefined) return
  decoder.lengthDecoder = (data) => {
    if (data.length < 2) throw TOO_SHORT
    return data instanceof Uint8Array ? data[0]! * 256 + data[1]! : data.get(0) * 256 + data.get(1)
  }
}
