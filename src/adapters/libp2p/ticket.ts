import { createHash } from 'node:crypto'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import { concat } from 'uint8arrays/concat'
import { equals } from 'uint8arrays/equals'
import { fromString } from 'uint8arrays/from-string'
import { toString } from 'uint8arrays/to-string'
import { ShoalError } from '../../core/errors.ts'
import { MESH_KEY_BYTES } from './key.ts'

const PREFIX = 'shoal1'
const CHECK_BYTES = 4
const HEADER_BYTES = 2
/** base64url of the header is whole with its fourth character. */
const HEADER_DIGITS = 4
/** A ticket stays one line that a person can paste. */
const ADDRESSES_MAX = 16

/** What --join was given: where to dial, and the mesh key if it was a ticket. */
export interface JoinTarget {
  readonly addresses: readonly string[]
  readonly key: Uint8Array | null
}

/**
 * One line: `shoal1`, then base64url of u16 length, key, addresses (u16 length and multiaddr bytes each), and the first
 * 4 bytes of SHA-256 over all before. The length comes first, so that a cut ticket is told from a garbled one.
 * Loopback addresses are left out where there are others: on another machine they lead to somebody else.
 */
export function formatTicket(key: Uint8Array, addresses: readonly string[]): string {
  const parsed = addresses.map((address) => multiaddr(address))
  const far = parsed.filter((address) => !isLoopback(address))
  const parts: Uint8Array[] = [key]
  for (const address of (far.length > 0 ? far : parsed).slice(0, ADDRESSES_MAX)) {
    parts.push(u16(address.bytes.length), address.bytes)
  }
  const body = concat(parts)
  const payload = concat([u16(body.length), body])
  return PREFIX + toString(concat([payload, check(payload)]), 'base64url')
}

/** Reads a ticket or a multiaddr. Throws TICKET, saying what is wrong with it. */
export function parseJoin(text: string): JoinTarget {
  const trimmed = text.trim()
  if (trimmed.startsWith('/')) return { addresses: [parseAddress(trimmed)], key: null }
  if (trimmed.startsWith(PREFIX)) return parseTicket(trimmed)
  if (trimmed === '') throw invalid('it is empty')
  const hostAndPort = /^(?:\[([0-9a-f:]+)\]|([^\s:/]+)):(\d{1,5})$/i.exec(trimmed)
  if (hostAndPort !== null) {
    const [, six, name = '', port = ''] = hostAndPort
    const host = six !== undefined ? `/ip6/${six}` : /^[\d.]+$/.test(name) ? `/ip4/${name}` : `/dns4/${name}`
    throw invalid('it is a host and a port', [`--join ${host}/tcp/${port}`])
  }
  throw invalid(`a ticket begins with ${PREFIX}, a multiaddr with /`)
}

function parseTicket(text: string): JoinTarget {
  const digits = text.slice(PREFIX.length)
  if (/\s/.test(digits)) throw invalid('the ticket has blanks or line breaks inside')
  if (!/^[A-Za-z0-9_-]*$/.test(digits)) throw invalid('the ticket has characters that no ticket has')
  if (digits.length < HEADER_DIGITS) throw invalid('the ticket is cut off')
  const length = HEADER_BYTES + readU16(fromString(digits.slice(0, HEADER_DIGITS), 'base64url'), 0) + CHECK_BYTES
  const expected = Math.ceil((length * 4) / 3)
  if (digits.length < expected) throw invalid('the ticket is cut off')
  if (digits.length > expected) throw invalid('the ticket has too many characters')
  const bytes = decoded(digits)
  const payload = bytes.subarray(0, -CHECK_BYTES)
  if (!equals(check(payload), bytes.subarray(-CHECK_BYTES))) throw garbled()
  try {
    return decodeBody(payload.subarray(HEADER_BYTES))
  } catch (cause) {
    throw invalid('the ticket is of another version of Shoal', [], cause)
  }
}

/** The last character may have bits that belong to no byte: they are zero. */
function decoded(digits: string): Uint8Array {
  try {
    return fromString(digits, 'base64url')
  } catch (cause) {
    throw garbled(cause)
  }
}

function decodeBody(body: Uint8Array): JoinTarget {
  const addresses: string[] = []
  for (let at = MESH_KEY_BYTES; at < body.length;) {
    const end = at + 2 + readU16(body, at)
    if (end > body.length) throw new RangeError('an address is longer than its ticket')
    addresses.push(multiaddr(body.slice(at + 2, end)).toString())
    at = end
  }
  if (body.length < MESH_KEY_BYTES) throw new RangeError('the key is too short')
  return { addresses, key: body.slice(0, MESH_KEY_BYTES) }
}

/** A multiaddr that can be dialled over TCP, in its normal form. Throws TICKET. */
export function parseAddress(text: string): string {
  let address: Multiaddr
  try {
    address = multiaddr(text)
  } catch (cause) {
    throw invalid('it begins like a multiaddr, but is none', ['--join /ip4/10.0.0.5/tcp/4001'], cause)
  }
  const names = address.getComponents().map((part) => part.name)
  const other = names.find((name) =>
    /^(udp|quic|quic-v1|ws|wss|tls|webrtc|webrtc-direct|webtransport|http|https|unix)$/.test(name),
  )
  if (other !== undefined) throw invalid(`this node speaks TCP only, the address says ${other}`)
  if (!names.includes('tcp') && !names.includes('p2p-circuit') && !names.includes('dnsaddr')) {
    throw invalid('the address has no TCP port', [`--join ${text.replace(/\/p2p\/.*$/, '')}/tcp/PORT`])
  }
  if (!address.getComponents().every((part) => part.name !== 'p2p' || isPeerId(part.value))) {
    throw invalid('what follows /p2p/ is not the id of a node')
  }
  return address.toString()
}

function isPeerId(text: string | undefined): boolean {
  try {
    return text !== undefined && peerIdFromString(text).type === 'Ed25519'
  } catch {
    return false
  }
}

/** The id of the node that an address leads to, or null if it does not say. */
export function peerOf(address: string): string | null {
  return (
    multiaddr(address)
      .getComponents()
      .findLast((part) => part.name === 'p2p')?.value ?? null
  )
}

export function isLoopback(address: Multiaddr): boolean {
  const [first] = address.getComponents()
  return first?.value !== undefined && (first.value.startsWith('127.') || first.value === '::1')
}

export function isRelayed(address: string): boolean {
  return address.includes('/p2p-circuit')
}

function invalid(why: string, attempts: readonly string[] = [], cause?: unknown): ShoalError {
  return new ShoalError('TICKET', 'what was given to --join is not a ticket and not a multiaddr', {
    why,
    try: [...attempts, 'shoal ticket   on a member of the mesh, and copy the whole line'],
    cause,
  })
}

function garbled(cause?: unknown): ShoalError {
  return invalid('the ticket is garbled: its checksum is wrong', [], cause)
}

const u16 = (value: number): Uint8Array => Uint8Array.of(value >> 8, value & 0xff)

/** @throws RangeError where there are no two bytes */
function readU16(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint16(at)
}

const check = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest().subarray(0, CHECK_BYTES)
