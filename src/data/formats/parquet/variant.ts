/**
 * Values of Parquet's VARIANT type. Arrays and objects name their elements by offsets, which may all lead to one place:
 * a few hundred bytes could stand for more values than there is memory. So they are walked before they are decoded.
 */
import { DEFAULT_PARSERS } from 'hyparquet/src/convert.js'
import { decodeVariantColumn } from 'hyparquet/src/variant.js'
import type { ParquetParsers } from 'hyparquet'
import { LIMITS } from '../../../core/limits.ts'

const OBJECT = 2
const ARRAY = 3

/**
 * What a VARIANT group stands for; null where there is none. Throws an Error where its bytes are none.
 * `group` is its fields as they were read: metadata, value, and typed_value where it is shredded.
 */
export function variantOf(group: unknown, parsers: Partial<ParquetParsers>): unknown {
  if (typeof group !== 'object' || group === null) return null
  const { metadata, ...values } = group as { readonly metadata?: unknown }
  if (!(metadata instanceof Uint8Array)) throw new Error('a variant has no metadata')
  walkMetadata(metadata)
  walkAll(values, 0)
  return decodeVariantColumn(group, { ...DEFAULT_PARSERS, ...parsers }) as unknown
}

/** Binary variants lie at any depth of what is shredded. */
function walkAll(value: unknown, depth: number): void {
  if (typeof value !== 'object' || value === null || depth > LIMITS.valueDepthMax) return
  if (value instanceof Uint8Array) new Walk(value).value(0, 0)
  else for (const field of Object.values(value)) walkAll(field, depth + 1)
}

/** The names of fields: as many as there is room for, one behind the other. */
function walkMetadata(bytes: Uint8Array): void {
  const walk = new Walk(bytes)
  const width = (walk.number(0, 1) >> 6) + 1
  const names = walk.number(1, width)
  const base = 1 + width * (names + 2)
  if (base > bytes.length) throw new Error('the names of a variant are cut off')
  for (let i = 0, last = 0; i <= names; i++) {
    const offset = walk.number(1 + width * (i + 1), width)
    if (offset < last || base + offset > bytes.length) throw new Error('the names of a variant are out of order')
    last = offset
  }
}

class Walk {
  readonly #bytes: Uint8Array
  /** Each value has a byte of its own. */
  #left: number

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#left = bytes.length
  }

  value(at: number, depth: number): void {
    if (--this.#left < 0 || depth > LIMITS.valueDepthMax) throw new Error('a variant holds more than it has room for')
    const head = this.number(at, 1)
    const kind = head & 3
    if (kind !== OBJECT && kind !== ARRAY) return
    const form = head >> 2
    const large = ((kind === OBJECT ? form >> 4 : form >> 2) & 1) === 1
    const offsetWidth = (form & 3) + 1
    const nameWidth = kind === OBJECT ? ((form >> 2) & 3) + 1 : 0
    const countWidth = large ? 4 : 1
    const count = this.number(at + 1, countWidth)
    const offsets = at + 1 + countWidth + nameWidth * count
    const start = offsets + offsetWidth * (count + 1)
    if (start > this.#bytes.length) throw new Error('a variant is cut off')
    for (let i = 0; i < count; i++) this.value(start + this.number(offsets + offsetWidth * i, offsetWidth), depth + 1)
  }

  /** Little-endian. */
  number(at: number, width: number): number {
    if (at + width > this.#bytes.length) throw new Error('a variant is cut off')
    let value = 0
    for (let i = width - 1; i >= 0; i--) value = value * 256 + this.#bytes[at + i]!
    return value
  }
}
