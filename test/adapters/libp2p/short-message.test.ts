/** Noise's messages are cut as Noise cuts them, without an error made for each. */
import { LengthPrefixedDecoder } from '@libp2p/utils'
import { expect, it } from 'vitest'
import { cutCheaply } from '../../../src/adapters/libp2p/short-message.ts'

it('messages come out whole, in whatever pieces their bytes come', () => {
  const connection = { decoder: new LengthPrefixedDecoder({ encodingLength: () => 2 }) }
  cutCheaply(connection)
  const messages = [1, 2, 255, 256, 700].map((length) => new Uint8Array(length).fill(length & 255))
  const bytes = Buffer.concat(messages.flatMap((m) => [Uint8Array.of(m.length >> 8, m.length & 255), m]))
  for (const piece of [1, 3, 500, bytes.length]) {
    const cut: Uint8Array[] = []
    for (let at = 0; at < bytes.length; at += piece)
      for (const one of connection.decoder.decode(bytes.subarray(at, at + piece)))
        cut.push(Uint8Array.from(one.subarray()))
    expect(cut).toEqual(messages)
  }
})
