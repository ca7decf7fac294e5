import { expect, it } from 'vitest'
import { z } from 'zod/mini'
import { LIMITS } from '../../src/core/limits.ts'
import { fromBytes, toBytes, WireError } from '../../src/wire/codec.ts'

const numbers = z.array(z.number())
/** A CBOR array of so many zeros, each a single byte. */
const zeros = (count: number): Uint8Array => {
  const bytes = new Uint8Array(5 + count)
  bytes[0] = 0x9a
  new DataView(bytes.buffer).setUint32(1, count)
  return bytes
}

it('an honest list of several numbers for each task is decoded, also in single bytes', () => {
  const list = Array.from({ length: 6 * LIMITS.tasksMax }, (_, i) => i % 24)
  expect(fromBytes(numbers, toBytes(list))).toEqual(list)
})

it('a frame of tiny items takes many times its length in memory, and is refused', () => {
  expect(fromBytes(numbers, zeros(LIMITS.cborItemsMax))).toHaveLength(LIMITS.cborItemsMax)
  expect(() => fromBytes(numbers, zeros(LIMITS.rpcFrameBytesMax))).toThrow(WireError)
})
