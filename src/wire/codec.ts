import { decode, encode, Tokenizer, type DecodeOptions } from 'cborg'
import type { z } from 'zod/mini'
import { LIMITS } from '../core/limits.ts'
import { misfitText } from '../words/reason.ts'

/** Bytes that are not what they should be: whoever reads from a peer counts and drops them. */
export class WireError extends Error {
  override readonly name: string = 'WireError'
}

/** Deterministic CBOR (RFC 8949 §4.2): equal data gives equal bytes, so that a signature can be checked anywhere. */
export function toBytes(value: unknown): Uint8Array {
  return encode(value, { ignoreUndefinedProperties: true })
}

const STRICTLY: DecodeOptions = { allowUndefined: false, strict: true }

/** Bounds the memory of decoding: an item of one byte on the wire takes about ten bytes once it is decoded. */
class CountedItems extends Tokenizer {
  #left: number

  constructor(bytes: Uint8Array) {
    super(bytes, STRICTLY)
    this.#left = LIMITS.cborItemsMax + bytes.length / 8
  }

  override next(): ReturnType<Tokenizer['next']> {
    if (this.#left-- < 1) throw new Error('too many items for its length')
    return super.next()
  }
}

/**
 * Decodes and validates. The result has the schema's shape and nothing more.
 * Throws WireError; allocation is bounded by the length of `bytes`.
 */
export function fromBytes<T>(schema: z.ZodMiniType<T>, bytes: Uint8Array): T {
  let value: unknown
  try {
    value = decode(bytes, { ...STRICTLY, tokenizer: new CountedItems(bytes) })
  } catch {
    throw new WireError('not CBOR')
  }
  return checked(schema, value)
}

/** JSON that was written by another node, or earlier, as a value of this shape. Throws WireError. */
export function fromJson<T>(shape: z.ZodMiniType<T>, bytes: Uint8Array): T {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString())
  } catch {
    throw new WireError('not JSON')
  }
  return checked(shape, value)
}

export function checked<T>(schema: z.ZodMiniType<T>, value: unknown): T {
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw new WireError(misfitText(parsed.error.issues).slice(0, 500))
  return parsed.data
}
