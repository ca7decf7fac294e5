/**
 * Values in the binary form of Parquet's VARIANT (parquet-format/VariantEncoding.md). Arrays and objects name their
 * elements by offsets, which may all lead to one place: a few hundred bytes could stand for more values than there is
 * memory, so each value pays with a byte of its own.
 */
import { isUtf8 } from 'node:buffer'
import { LIMITS } from '../../../../core/limits.ts'
import { UnreadableValue, type Forms } from './forms.ts'
import { dayMs } from './instants.ts'
import { timestampForm } from './leaf-values.ts'
import { scaledText, uuidText } from '../../../typed.ts'

const PRIMITIVE = 0
const SHORT_TEXT = 1
const OBJECT = 2

/** The names that the fields of a variant's objects have, by number. Throws an Error where they are cut off. */
export function variantNames(metadata: Uint8Array): readonly string[] {
  const from = new Reader(metadata)
  const head = from.number(0, 1)
  if ((head & 0x0f) !== 1) throw new Error(`a variant has the unknown version ${head & 0x0f}`)
  const width = (head >> 6) + 1
  const count = from.number(1, width)
  const base = 1 + width * (count + 2)
  if (base > metadata.length) throw new Error('the names of a variant are cut off')
  const names: string[] = []
  for (let i = 0; i < count; i++) {
    const start = from.number(1 + width * (i + 1), width)
    const end = from.number(1 + width * (i + 2), width)
    if (start > end) throw new Error('the names of a variant are out of order')
    names.push(from.text(base + start, end - start))
  }
  return names
}

/** Throws an Error where the bytes are no variant, UnreadableValue where a record has no form for it. */
export function decodeVariant(bytes: Uint8Array, names: readonly string[], forms: Forms): unknown {
  return new Decoder(bytes, names, forms).value(0, 0)
}

export function isVariantObject(bytes: Uint8Array): boolean {
  return bytes.length > 0 && (bytes[0]! & 3) === OBJECT
}

/** Little-endian numbers and text at offsets that are checked. */
class Reader {
  readonly #bytes: Uint8Array
  readonly #view: DataView

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  view(at: number, length: number): DataView {
    if (at + length > this.#bytes.length) throw new Error('a variant is cut off')
    return this.#view
  }

  number(at: number, width: number): number {
    const view = this.view(at, width)
    let value = 0
    for (let i = width - 1; i >= 0; i--) value = value * 256 + view.getUint8(at + i)
    return value
  }

  slice(at: number, length: number): Uint8Array {
    this.view(at, length)
    return this.#bytes.subarray(at, at + length)
  }

  text(at: number, length: number): string {
    const bytes = this.slice(at, length)
    if (!isUtf8(bytes)) throw new UnreadableValue('a variant holds text that is not valid UTF-8')
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')
  }
}

class Decoder {
  readonly #from: Reader
  readonly #names: readonly string[]
  readonly #forms: Forms
  #left: number

  constructor(bytes: Uint8Array, names: readonly string[], forms: Forms) {
    this.#from = new Reader(bytes)
    this.#names = names
    this.#forms = forms
    this.#left = bytes.length
  }

  value(at: number, depth: number): unknown {
    if (--this.#left < 0 || depth > LIMITS.valueDepthMax) throw new Error('a variant holds more than it has room for')
    const head = this.#from.number(at, 1)
    const form = head >> 2
    switch (head & 3) {
      case PRIMITIVE:
        return this.#primitive(form, at + 1)
      case SHORT_TEXT:
        return this.#text(at + 1, form)
      case OBJECT:
        return this.#object(form, at + 1, depth)
      default:
        return this.#array(form, at + 1, depth)
    }
  }

  #text(at: number, length: number): string {
    return this.#from.text(at, this.#paid(length))
  }

  /** What is as long as that takes as many bytes of its own. */
  #paid(length: number): number {
    this.#left -= length
    if (this.#left < 0) throw new Error('a variant holds more than it has room for')
    return length
  }

  #object(form: number, at: number, depth: number): unknown {
    const { factory } = this.#forms
    const offsetWidth = (form & 3) + 1
    const nameWidth = ((form >> 2) & 3) + 1
    const countWidth = ((form >> 4) & 1) === 1 ? 4 : 1
    const count = this.#from.number(at, countWidth)
    const ids = at + countWidth
    const offsets = ids + nameWidth * count
    const start = offsets + offsetWidth * (count + 1)
    this.#from.view(at, start - at)
    const object = factory.object()
    const seen = new Set<string>()
    for (let i = 0; i < count; i++) {
      const name = this.#names[this.#from.number(ids + nameWidth * i, nameWidth)]
      if (name === undefined) throw new Error('a field of a variant has no name')
      if (seen.has(name)) throw new Error('an object of a variant has one name twice')
      seen.add(name)
      factory.set(
        object,
        name,
        this.value(start + this.#from.number(offsets + offsetWidth * i, offsetWidth), depth + 1),
      )
    }
    return object
  }

  #array(form: number, at: number, depth: number): unknown {
    const width = (form & 3) + 1
    const countWidth = ((form >> 2) & 1) === 1 ? 4 : 1
    const count = this.#from.number(at, countWidth)
    const offsets = at + countWidth
    const start = offsets + width * (count + 1)
    this.#from.view(at, start - at)
    const elements: unknown[] = []
    for (let i = 0; i < count; i++)
      elements.push(this.value(start + this.#from.number(offsets + width * i, width), depth + 1))
    return this.#forms.factory.array(elements)
  }

  /** By the number of the primitive type. */
  #primitive(type: number, at: number): unknown {
    const { factory } = this.#forms
    const from = this.#from
    switch (type) {
      case 0:
        return null
      case 1:
        return true
      case 2:
        return false
      case 3:
        return from.view(at, 1).getInt8(at)
      case 4:
        return from.view(at, 2).getInt16(at, true)
      case 5:
        return from.view(at, 4).getInt32(at, true)
      case 6:
      case 17: // A time of day, in µs.
        return from.view(at, 8).getBigInt64(at, true)
      case 7:
        return from.view(at, 8).getFloat64(at, true)
      case 8:
        return scaledText(from.view(at, 5).getInt32(at + 1, true), this.#scale(at))
      case 9:
        return scaledText(from.view(at, 9).getBigInt64(at + 1, true), this.#scale(at))
      case 10: {
        const view = from.view(at, 17)
        return scaledText((view.getBigInt64(at + 9, true) << 64n) | view.getBigUint64(at + 1, true), this.#scale(at))
      }
      case 11:
        return factory.date(dayMs(from.view(at, 4).getInt32(at, true)))
      case 12:
      case 13:
      case 18:
      case 19:
        return this.#timestamp(type, at)
      case 14:
        return from.view(at, 4).getFloat32(at, true)
      case 15:
        return factory.bytes(from.slice(at + 4, this.#paid(from.number(at, 4))))
      case 16:
        return this.#text(at + 4, from.number(at, 4))
      case 20:
        return uuidText(from.slice(at, 16))
      default:
        throw new Error(`a variant has a value of an unknown type (${type})`)
    }
  }

  /** 12, 13: µs; 18, 19: ns; the second of each is a local time. */
  #timestamp(type: number, at: number): unknown {
    const form = timestampForm(type < 18 ? 'us' : 'ns', type === 12 || type === 18, this.#forms)
    return form(this.#from.view(at, 8).getBigInt64(at, true))
  }

  #scale(at: number): number {
    const scale = this.#from.number(at, 1)
    if (scale > 38) throw new Error('a decimal of a variant has too many digits')
    return scale
  }
}
