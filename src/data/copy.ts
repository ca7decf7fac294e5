/**
 * A private copy of a value that user code has handed over: what it does to its own object afterwards must not show.
 * The copy is in canonical form (fields sorted, one zero, one NaN), and its encoded length comes with it.
 */
import { types } from 'node:util'
import { LIMITS } from '../core/limits.ts'
import { utf8Length, varintLength } from './bytes.ts'
import { ownText } from './own-text.ts'
import { atStep, refused, tooDeep, tooLarge } from './refused.ts'
import {
  type ValueFactory,
  arrayLength,
  bigintMagnitude,
  bytesLength,
  dateTime,
  element,
  fieldNames,
  isPlain,
  numberBytes,
  setField,
} from './value.ts'

const { isArray } = Array
const { isDate, isUint8Array } = types

/** Copies values; after each `copy`, `bytes` is the length of the canonical form. */
export class ValueCopier {
  bytes = 0
  make: ValueFactory
  #what = 'value'

  constructor(make: ValueFactory) {
    this.make = make
  }

  /** @throws ShoalError USER_VALUE, RECORD_LIMIT, exactly where encodeValue does. */
  copy(v: unknown, what = 'value'): unknown {
    this.bytes = 0
    this.#what = what
    const copied = this.#copy(v, 0)
    if (this.bytes > LIMITS.valueBytesMax) throw tooLarge(what)
    return copied
  }

  #copy(v: unknown, depth: number): unknown {
    switch (typeof v) {
      case 'number':
        this.bytes += numberBytes(v)
        return v === 0 ? 0 : v
      case 'string':
        this.#text(v, depth)
        this.bytes += 1
        return ownText(v)
      case 'boolean':
        this.bytes += 1
        return v
      case 'bigint': {
        const length = bigintLength(v)
        this.bytes += 1 + varintLength(length) + length
        return v
      }
      case 'object':
        if (v === null) {
          this.bytes += 1
          return null
        }
        return this.#object(v, depth)
      case 'undefined':
        throw refused(this.#what, depth, 'undefined')
      default:
        throw refused(this.#what, depth, `a ${typeof v}`)
    }
  }

  #text(v: string, depth: number): void {
    if (!v.isWellFormed()) throw refused(this.#what, depth, 'a string with an unpaired surrogate')
    const length = utf8Length(v)
    this.bytes += varintLength(length) + length
  }

  #object(v: object, depth: number): unknown {
    if (depth >= LIMITS.valueDepthMax) throw tooDeep(this.#what)
    if (isArray(v)) return this.#array(v, depth)
    if (isPlain(v)) return this.#plain(v, depth)
    if (isDate(v)) {
      this.bytes += 9
      return this.make.date(dateTime(v, depth, this.#what))
    }
    if (isUint8Array(v)) {
      const copied = this.make.bytes(v)
      const length = bytesLength(copied)
      this.bytes += 1 + varintLength(length) + length
      return copied
    }
    throw refused(this.#what, depth, 'an instance of a class')
  }

  #array(v: unknown[], depth: number): unknown[] {
    const length = arrayLength(v, depth, this.#what)
    const copied = this.make.array(length)
    this.bytes += 1 + varintLength(length)
    for (let i = 0; i < length; i++) {
      atStep(depth, i)
      copied[i] = this.#copy(element(v, i, depth, this.#what), depth + 1)
      if (this.bytes > LIMITS.valueBytesMax) throw tooLarge(this.#what)
    }
    return copied
  }

  #plain(v: object, depth: number): Record<string, unknown> {
    const names = fieldNames(v, depth, this.#what)
    const copied = this.make.object()
    this.bytes += 1 + varintLength(names.length)
    for (let i = 0; i < names.length; i++) {
      const name = names[i]!
      atStep(depth, name)
      const length = utf8Length(name)
      this.bytes += varintLength(length) + length
      setField(copied, name, this.#copy((v as Record<string, unknown>)[name], depth + 1))
      if (this.bytes > LIMITS.valueBytesMax) throw tooLarge(this.#what)
    }
    return copied
  }
}

/** The number of bytes of a bigint's magnitude. */
function bigintLength(v: bigint): number {
  if (v === 0n) return 0
  const magnitude = v < 0n ? -v : v
  if (magnitude <= 0xffff_ffffn) {
    const n = Number(magnitude)
    return n < 0x100 ? 1 : n < 0x1_0000 ? 2 : n < 0x100_0000 ? 3 : 4
  }
  return bigintMagnitude(magnitude).length
}
