import { randomBytes } from 'node:crypto'
import { array, assert, constantFrom, integer, ipV4, property, uint8Array } from 'fast-check'
import { expect, it } from 'vitest'
import { createIdentity } from '../../../src/adapters/libp2p/identity.ts'
import { formatTicket, parseJoin } from '../../../src/adapters/libp2p/ticket.ts'
import { ShoalError } from '../../../src/core/errors.ts'

const ids = await Promise.all(Array.from({ length: 3 }, async () => (await createIdentity()).id))
const addresses = [`/ip4/10.0.0.5/tcp/4001/p2p/${ids[0]}`, `/dns4/data-1.example.org/tcp/4001/p2p/${ids[0]}`]
const ticket = formatTicket(randomBytes(32), addresses)

function failure(text: string): ShoalError {
  try {
    parseJoin(text)
  } catch (error) {
    if (error instanceof ShoalError) return error
    throw error
  }
  throw new Error(`it was taken: ${text}`)
}

it('gives back what it was made of', () => {
  const address = (): Parameters<typeof property<[string]>>[0] =>
    // a far address of each kind, with and without a relay on the way
    constantFrom(...ids).chain((id) =>
      ipV4()
        .filter((ip) => !ip.startsWith('127.'))
        .chain((ip) =>
          integer({ min: 1, max: 65_535 }).chain((port) =>
            constantFrom(
              `/ip4/${ip}/tcp/${port}/p2p/${id}`,
              `/ip4/${ip}/tcp/${port}/p2p/${ids[0]}/p2p-circuit/p2p/${id}`,
            ),
          ),
        ),
    )
  assert(
    property(
      uint8Array({ minLength: 32, maxLength: 32 }),
      array(address(), { minLength: 1, maxLength: 16 }),
      (key, list) => {
        const text = formatTicket(key, list)
        expect(text).toMatch(/^shoal1[\w-]+$/)
        expect(parseJoin(`  ${text}\n`)).toEqual({ addresses: list, key })
      },
    ),
    { numRuns: 200 },
  )
})

it('leaves loopback out where there is another address', () => {
  const far = `/ip4/10.0.0.5/tcp/4001/p2p/${ids[0]}`
  const near = `/ip4/127.0.0.1/tcp/4001/p2p/${ids[0]}`
  expect(parseJoin(formatTicket(randomBytes(32), [near, far])).addresses).toEqual([far])
  expect(parseJoin(formatTicket(randomBytes(32), [near])).addresses).toEqual([near])
})

it('tells a cut ticket from a garbled one, at any place', () => {
  for (let length = 'shoal1'.length; length < ticket.length; length++) {
    const error = failure(ticket.slice(0, length))
    expect(error.code).toBe('TICKET')
    expect(error.why).toMatch(/cut off/)
  }
  const other = (character: string): string => (character === 'A' ? 'B' : 'A')
  for (let at = 'shoal1'.length + 3; at < ticket.length - 1; at++) {
    const error = failure(ticket.slice(0, at) + other(ticket[at] ?? '') + ticket.slice(at + 1))
    expect(error.why).toMatch(/checksum/)
  }
  expect(failure(`${ticket}x`).why).toMatch(/too many/)
  expect(failure(`${ticket}AAAA`).why).toMatch(/too many/)
  expect(failure(`${ticket.slice(0, 40)}\n${ticket.slice(40)}`).why).toMatch(/blanks or line breaks/)
  expect(failure(`${ticket.slice(0, 40)}+${ticket.slice(41)}`).why).toMatch(/characters/)
})

it.each([
  ['', /empty/],
  ['hello', /begins with shoal1/],
  ['shoal2abcdef', /begins with shoal1/],
  ['/ip4/10.0.0.5', /no TCP port/],
  ['/ip4/10.0.0.5/udp/4001/quic-v1', /speaks TCP only/],
  ['/ip4/10.0.0.5/tcp/4001/ws', /speaks TCP only/],
  ['/ip4/10.0.0.500/tcp/4001', /is none/],
  ['/ip4/10.0.0.5/tcp/4001/p2p/nonsense', /not the id/],
  ['/nonsense', /is none/],
])('says what is wrong with %j', (text, why) => {
  const error = failure(text)
  expect(error.code).toBe('TICKET')
  expect(error.exit).toBe(2)
  expect(error.why).toMatch(why)
  expect(error.try.length).toBeGreaterThan(0)
})

it.each([
  ['10.0.0.5:4001', '--join /ip4/10.0.0.5/tcp/4001'],
  ['data-1:4001', '--join /dns4/data-1/tcp/4001'],
  ['[fd00::1]:4001', '--join /ip6/fd00::1/tcp/4001'],
])('suggests a multiaddr for %s', (text, suggestion) => {
  expect(failure(text).try[0]).toBe(suggestion)
})

it.each(['/ip4/10.0.0.5/tcp/4001', '/dns4/data-1/tcp/4001', `/ip6/::1/tcp/1/p2p/${ids[0]}`])('takes %s', (address) => {
  expect(parseJoin(address)).toEqual({ addresses: [address], key: null })
})
