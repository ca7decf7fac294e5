/** Inputs of CBOR decoders: bytes changed, or what they say changed and encoded anew. */
import { decode, encode } from 'cborg'
import { LIMITS } from '../../../src/core/limits.ts'
import { mutateValue } from '../mutate-value.ts'
import { mutate } from '../mutate.ts'
import type { Random } from '../random.ts'

/** `deeper` changes what lies within byte strings, or makes sums right again. */
export function cborInput(
  values: readonly unknown[],
  deeper: (random: Random, value: unknown) => unknown = (_random, value) => value,
): (random: Random) => Uint8Array {
  const corpus = values.map((value) => encode(value, { ignoreUndefinedProperties: true }))
  return (random) => {
    if (random.chance(0.3)) return mutate(random, corpus)
    let value: unknown = decode(random.pick(corpus))
    for (let left = 1 + random.below(3); left > 0; left--) value = mutateValue(random, value, values)
    // No frame is longer.
    return encoded(deeper(random, value)).subarray(0, LIMITS.rpcFrameBytesMax)
  }
}

/** As peers would encode it; what cannot be encoded is nothing that a peer can send. */
export function encoded(value: unknown): Uint8Array {
  try {
    return encode(value, { ignoreUndefinedProperties: true })
  } catch {
    return new Uint8Array(0)
  }
}

export function jsonInput(values: readonly unknown[]): (random: Random) => Uint8Array {
  const corpus = values.map((value) => Buffer.from(JSON.stringify(value)))
  return (random) => {
    if (random.chance(0.3)) return mutate(random, corpus)
    let value: unknown = random.pick(values)
    for (let left = 1 + random.below(3); left > 0; left--) value = mutateValue(random, value, values)
    return Buffer.from(JSON.stringify(value) ?? 'null')
  }
}

/** As a decoder of JSON text sees it; null where it is none. */
export function jsonOf(bytes: Uint8Array): { readonly value: unknown } | null {
  try {
    return { value: JSON.parse(Buffer.from(bytes).toString()) as unknown }
  } catch {
    return null
  }
}
