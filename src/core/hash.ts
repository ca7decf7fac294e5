import type { Digest } from './types.ts'

/**
 * The one hash of the control plane: SHA-256 (FIPS 180-4), in plain code so that core needs nothing from outside.
 * It hashes ids and manifests, a few hundred bytes each; bulk data is hashed by the platform in `data/`.
 */

const K: Uint32Array = primeRootFractions(64, 1 / 3)
const H0: Uint32Array = primeRootFractions(8, 1 / 2)

/** The first 32 bits of the fractional parts of the roots of the first primes (FIPS 180-4 §4.2.2, §5.3.3). */
function primeRootFractions(count: number, power: number): Uint32Array {
  const out = new Uint32Array(count)
  for (let n = 2, found = 0; found < count; n++) {
    let prime = true
    for (let d = 2; d * d <= n; d++) if (n % d === 0) prime = false
    if (!prime) continue
    const root = n ** power
    out[found++] = Math.floor((root - Math.floor(root)) * 2 ** 32)
  }
  return out
}

const rotate = (x: number, by: number): number => (x >>> by) | (x << (32 - by))

function compress(state: Uint32Array, block: DataView, at: number, w: Uint32Array): void {
  for (let i = 0; i < 16; i++) w[i] = block.getUint32(at + i * 4)
  for (let i = 16; i < 64; i++) {
    const x = w[i - 15]!
    const y = w[i - 2]!
    const s0 = rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3)
    const s1 = rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10)
    w[i] = w[i - 16]! + s0 + w[i - 7]! + s1
  }
  let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number]
  for (let i = 0; i < 64; i++) {
    const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K[i]! + w[i]!) | 0
    const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
    h = g
    g = f
    f = e
    e = (d + t1) | 0
    d = c
    c = b
    b = a
    a = (t1 + t2) | 0
  }
  const next = [a, b, c, d, e, f, g, h]
  for (let i = 0; i < 8; i++) state[i] = state[i]! + next[i]!
}

/** SHA-256 of bytes, as 64 lower-case hex digits. */
export function sha256(bytes: Uint8Array): Digest {
  const padded = new Uint8Array(Math.ceil((bytes.length + 9) / 64) * 64)
  padded.set(bytes)
  padded[bytes.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setUint32(padded.length - 8, Math.floor(bytes.length / 2 ** 29))
  view.setUint32(padded.length - 4, bytes.length << 3)
  const state = H0.slice()
  const w = new Uint32Array(64)
  for (let at = 0; at < padded.length; at += 64) compress(state, view, at, w)
  let hex = ''
  for (const word of state) hex += word.toString(16).padStart(8, '0')
  return hex as Digest
}

/**
 * The UTF-8 bytes of text; a surrogate without its pair has three, as any other of its units. In two passes: a list of
 * numbers takes tenfold, and has an end.
 */
export function utf8(text: string): Uint8Array {
  let length = 0
  for (let i = 0; i < text.length; i++) {
    const c = text.codePointAt(i)!
    length += c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4
    if (c >= 0x10000) i++
  }
  const out = new Uint8Array(length)
  if (length === text.length) {
    for (let i = 0; i < length; i++) out[i] = text.charCodeAt(i)
    return out
  }
  let at = 0
  for (let i = 0; i < text.length; i++) {
    const c = text.codePointAt(i)!
    if (c >= 0x10000) i++
    if (c < 0x80) out[at++] = c
    else {
      if (c < 0x800) out[at++] = 0xc0 | (c >> 6)
      else {
        if (c < 0x10000) out[at++] = 0xe0 | (c >> 12)
        else {
          out[at++] = 0xf0 | (c >> 18)
          out[at++] = 0x80 | ((c >> 12) & 63)
        }
        out[at++] = 0x80 | ((c >> 6) & 63)
      }
      out[at++] = 0x80 | (c & 63)
    }
  }
  return out
}

/** SHA-256 of text. */
export function hashText(text: string): Digest {
  return sha256(utf8(text))
}

/** Plain data as one text: fields sorted by code unit, no white space. `undefined` fields are left out. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value as Record<string, unknown>).filter(([, v]) => v !== undefined)
    fields.sort(([a], [b]) => (a < b ? -1 : 1))
    return `{${fields.map(([k, v]) => `${JSON.stringify(k)}:${canonicalJson(v)}`).join(',')}}`
  }
  return JSON.stringify(value)
}

/** The content id of plain data; `kind` keeps ids of different things apart. */
export function contentId(kind: string, value: unknown): Digest {
  return hashText(`shoal:${kind}:${canonicalJson(value)}`)
}

/** The digest of an ordered list of digests. */
export function rootOf(digests: readonly string[]): Digest {
  return hashText(`shoal:root:${digests.join(',')}`)
}

/** 32 bits of text (FNV-1a over code units), for spreading only. */
export function hash32(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return h >>> 0
}

/** Mixes two 32-bit hashes into one (the finalizer of MurmurHash3). */
export function mix32(a: number, b: number): number {
  let h = (a ^ ((b << 13) | (b >>> 19))) + Math.imul(b, 0x9e3779b1)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
