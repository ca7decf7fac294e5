/**
 * The canonical form of values: one byte sequence per value, and the type of every part kept. docs/record.md has the
 * table of tags and golden vectors. Values come from and go to another realm: nothing here uses `instanceof`, reads a
 * method of a value, or sets a field in a way that could run a setter.
 */
import { types } from 'node:util'
import { LIMITS } from '../core/limits.ts'
import { type ByteReader, ByteWriter, utf8Length, varintLength } from './bytes.ts'
import { atStep, notAValue, refused, tooDeep, tooLarge } from './refused.ts'
import { MAP, readTyped } from './value-typed.ts'

const NULL = 0
const FALSE = 1
const TRUE = 2
const NATURAL = 3
const NEGATIVE = 4
const DOUBLE = 5
const BIG_NATURAL = 6
const BIG_NEGATIVE = 7
const TEXT = 8
const BYTES = 9
const DATE = 10
const ARRAY = 11
const OBJECT = 12
/** What a Date can be away from 1970, either way (ECMA-262). */
const DATE_MS_MAX = 8.64e15

/** Makes the containers that decoded values consist of, in the realm of who is to receive them. */
export interface ValueFactory {
  object(): Record<string, unknown>
  /** An array of that length, each element already an own field. */
  array(length: number): unknown[]
  date(ms: number): Date
  /** A copy of the bytes. */
  bytes(view: Uint8Array): Uint8Array
}

export const hostFactory: ValueFactory = {
  object: () => ({}),
  array: (length) => Array.from<unknown>({ length }).fill(null),
  date: (ms) => new Date(ms),
  bytes: (view) => new Uint8Array(view),
}

// Intrinsics are taken once: a value could carry own properties of these names.
const getTime = Date.prototype.getTime
const typedArrayLength = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), 'byteLength')!
  .get as () => number
const { isArray } = Array
const { keys: ownNames, getPrototypeOf, getOwnPropertySymbols, hasOwn, defineProperty } = Object
const { isDate, isUint8Array } = types

/** The length of bytes, whatever fields of that name they carry. */
export function bytesLength(v: Uint8Array): number {
  return typedArrayLength.call(v)
}

/**
 * Appends the canonical form of `v`. `what` names it in errors.
 * @throws ShoalError USER_VALUE (naming the path and what was found), RECORD_LIMIT (larger than LIMITS.valueBytesMax);
 * the writer then holds a part of the value, and is to be reset by the caller.
 */
export function encodeValue(w: ByteWriter, v: unknown, what = 'value'): void {
  if (typeof v === 'number') {
    writeNumber(w, v)
    return
  }
  const ceiling = w.length + LIMITS.valueBytesMax
  write(w, v, 0, ceiling, what)
  if (w.length > ceiling) throw tooLarge(what)
}

/** The length of a value's canonical form; by arithmetic for primitives. Throws as encodeValue does. */
export function valueBytes(v: unknown, what = 'value'): number {
  if (typeof v === 'number') return numberBytes(v)
  if (typeof v === 'string') return checkSize(textBytes(v, 0, what), what)
  if (typeof v === 'boolean' || v === null) return 1
  const w = new ByteWriter(64)
  encodeValue(w, v, what)
  return w.length
}

export function numberBytes(v: number): number {
  if (!Number.isSafeInteger(v)) return 9
  return 1 + varintLength(v < 0 ? -1 - v : v)
}

function textBytes(v: string, depth: number, what: string): number {
  if (!v.isWellFormed()) throw refused(what, depth, 'a string with an unpaired surrogate')
  const count = utf8Length(v)
  return 1 + varintLength(count) + count
}

function checkSize(bytes: number, what: string): number {
  if (bytes > LIMITS.valueBytesMax) throw tooLarge(what)
  return bytes
}

function write(w: ByteWriter, v: unknown, depth: number, ceiling: number, what: string): void {
  switch (typeof v) {
    case 'string':
      if (!v.isWellFormed()) throw refused(what, depth, 'a string with an unpaired surrogate')
      if (w.length + v.length > ceiling) throw tooLarge(what)
      w.u8(TEXT)
      w.text(v)
      return
    case 'number':
      writeNumber(w, v)
      return
    case 'boolean':
      w.u8(v ? TRUE : FALSE)
      return
    case 'bigint':
      writeBigint(w, v, ceiling, what)
      return
    case 'object':
      if (v === null) w.u8(NULL)
      else writeObject(w, v, depth, ceiling, what)
      return
    default:
      throw refused(what, depth, found(v))
  }
}

function writeNumber(w: ByteWriter, v: number): void {
  if (Number.isSafeInteger(v)) {
    w.reserve(9)
    const negative = v < 0
    w.buffer[w.length] = negative ? NEGATIVE : NATURAL
    w.length = putSmall(w, negative ? -1 - v : v)
    return
  }
  w.u8(DOUBLE)
  w.f64(Number.isNaN(v) ? NaN : v)
}

function putSmall(w: ByteWriter, n: number): number {
  if (n < 0x80) {
    w.buffer[w.length + 1] = n
    return w.length + 2
  }
  w.length++
  w.varint(n)
  return w.length
}

function writeBigint(w: ByteWriter, v: bigint, ceiling: number, what: string): void {
  const negative = v < 0n
  w.u8(negative ? BIG_NEGATIVE : BIG_NATURAL)
  const magnitude = bigintMagnitude(negative ? -v : v)
  if (w.length + magnitude.length > ceiling) throw tooLarge(what)
  w.varint(magnitude.length)
  w.bytes(magnitude)
}

/** Big-endian bytes of a bigint ≥ 0, without leading zeros (0n has none). */
export function bigintMagnitude(v: bigint): Uint8Array {
  if (v === 0n) return new Uint8Array(0)
  const hex = v.toString(16)
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
}

/** The inverse of bigintMagnitude. */
export function bigintOf(magnitude: Uint8Array): bigint {
  if (magnitude.length === 0) return 0n
  return BigInt(`0x${Buffer.from(magnitude.buffer, magnitude.byteOffset, magnitude.byteLength).toString('hex')}`)
}

function writeObject(w: ByteWriter, v: object, depth: number, ceiling: number, what: string): void {
  if (depth >= LIMITS.valueDepthMax) throw tooDeep(what)
  if (isArray(v)) {
    const length = arrayLength(v, depth, what)
    w.u8(ARRAY)
    w.varint(length)
    for (let i = 0; i < length; i++) {
      atStep(depth, i)
      write(w, element(v, i, depth, what), depth + 1, ceiling, what)
      if (w.length > ceiling) throw tooLarge(what)
    }
  } else if (isPlain(v)) {
    const names = fieldNames(v, depth, what)
    w.u8(OBJECT)
    w.varint(names.length)
    for (let i = 0; i < names.length; i++) {
      const name = names[i]!
      atStep(depth, name)
      w.text(name)
      write(w, (v as Record<string, unknown>)[name], depth + 1, ceiling, what)
      if (w.length > ceiling) throw tooLarge(what)
    }
  } else if (isDate(v)) {
    w.u8(DATE)
    w.f64(dateTime(v, depth, what))
  } else if (isUint8Array(v)) {
    const length = bytesLength(v)
    if (w.length + length > ceiling) throw tooLarge(what)
    w.u8(BYTES)
    w.varint(length)
    w.reserve(length)
    w.buffer.set(v, w.length)
    w.length += length
  } else {
    throw refused(what, depth, found(v))
  }
}

/** A plain object has no prototype, or one that itself has none (`Object.prototype` of whatever realm). */
export function isPlain(v: object): boolean {
  const prototype: unknown = getPrototypeOf(v)
  return prototype === null || getPrototypeOf(prototype) === null
}

/** Field names in the order of their UTF-8 bytes. */
export function fieldNames(v: object, depth: number, what: string): string[] {
  if (getOwnPropertySymbols(v).length !== 0) throw refused(what, depth, 'an object with a symbol as field name')
  const names = ownNames(v)
  let sorted = true
  for (let i = 0; i < names.length; i++) {
    if (!names[i]!.isWellFormed()) throw refused(what, depth, 'an object with an unpaired surrogate in a field name')
    if (i > 0 && compareText(names[i - 1]!, names[i]!) > 0) sorted = false
  }
  return sorted ? names : names.sort(compareText)
}

export function arrayLength(v: unknown[], depth: number, what: string): number {
  const length: unknown = v.length
  // A proxy can claim any length.
  if (typeof length !== 'number' || !Number.isSafeInteger(length) || length < 0) {
    throw refused(what, depth, 'an array without a proper length')
  }
  if (length > LIMITS.valueBytesMax) throw tooLarge(what)
  return length
}

export function element(v: unknown[], i: number, depth: number, what: string): unknown {
  const e = v[i]
  if (e === undefined && !hasOwn(v, i)) throw refused(what, depth + 1, 'a hole in an array')
  return e
}

export function dateTime(v: Date, depth: number, what: string): number {
  const ms = getTime.call(v)
  if (Number.isNaN(ms)) throw refused(what, depth, 'an invalid Date')
  return ms
}

/** Order of two well-formed strings by their UTF-8 bytes, which is the order of their code points. */
export function compareText(a: string, b: string): number {
  const count = Math.min(a.length, b.length)
  for (let i = 0; i < count; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) {
      // Surrogates stand for code points above all others, yet are numbered below U+E000.
      const xSurrogate = (x & 0xf800) === 0xd800
      const ySurrogate = (y & 0xf800) === 0xd800
      return xSurrogate === ySurrogate ? x - y : xSurrogate ? 1 : -1
    }
  }
  return a.length - b.length
}

/**
 * Decodes one value. `make` makes its containers.
 * @throws ShoalError DAMAGED where the bytes are no value.
 */
export function decodeValue(r: ByteReader, make: ValueFactory): unknown {
  return read(r, make, 0, 0)
}

/** `owed`: how many more elements the arrays around this value say that they have. */
function read(r: ByteReader, make: ValueFactory, depth: number, owed: number): unknown {
  const tag = r.u8()
  switch (tag) {
    case NULL:
      return null
    case FALSE:
      return false
    case TRUE:
      return true
    case NATURAL:
      return r.varint()
    case NEGATIVE:
      return -1 - r.varint()
    case DOUBLE:
      return r.f64()
    case BIG_NATURAL:
      return bigintOf(r.bytes(r.varint()))
    case BIG_NEGATIVE:
      return -bigintOf(r.bytes(r.varint()))
    case TEXT:
      return r.utf8(r.varint())
    case BYTES:
      return make.bytes(r.bytes(r.varint()))
    case DATE:
      return make.date(timeOf(r.f64()))
    case ARRAY:
      return readArray(r, make, depth, owed)
    case OBJECT:
      return readObject(r, make, depth, owed)
    case MAP:
      return readMap(r, make, depth, owed)
    default:
      return readTyped(r, tag)
  }
}

/** The milliseconds of a Date that there is. */
export function timeOf(ms: number): number {
  if (!(Math.abs(ms) <= DATE_MS_MAX)) throw notAValue()
  return ms
}

function readArray(r: ByteReader, make: ValueFactory, depth: number, owed: number): unknown[] {
  const length = r.varint()
  // Each element takes at least a byte, and so do the elements that arrays around this one still need. A length for which
  // not so many bytes are left is damaged; it must not reserve gigabytes.
  if (depth >= LIMITS.valueDepthMax || length + owed > r.end - r.offset) throw notAValue()
  const array = make.array(length)
  for (let i = 0; i < length; i++) array[i] = read(r, make, depth + 1, owed + length - i - 1)
  return array
}

function readObject(r: ByteReader, make: ValueFactory, depth: number, owed: number): Record<string, unknown> {
  const count = r.varint()
  if (depth >= LIMITS.valueDepthMax) throw notAValue()
  const object = make.object()
  for (let i = 0; i < count; i++) setField(object, r.utf8(r.varint()), read(r, make, depth + 1, owed))
  return object
}

/** A MAP, as an array of [key, value] pairs: it takes two levels. */
function readMap(r: ByteReader, make: ValueFactory, depth: number, owed: number): unknown[] {
  const count = r.varint()
  if (depth + 1 >= LIMITS.valueDepthMax || 2 * count + owed > r.end - r.offset) throw notAValue()
  const pairs = make.array(count)
  for (let i = 0; i < count; i++) {
    const left = owed + 2 * (count - i)
    const pair = make.array(2)
    pair[0] = read(r, make, depth + 2, left - 1)
    pair[1] = read(r, make, depth + 2, left - 2)
    pairs[i] = pair
  }
  return pairs
}

/** Sets an own field whatever the object's prototype says about that name: no setter runs, `__proto__` is a name. */
export function setField(object: Record<string, unknown>, name: string, value: unknown): void {
  if (name in object) defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true })
  else object[name] = value
}

function found(v: unknown): string {
  if (typeof v === 'undefined') return 'undefined'
  if (typeof v !== 'object' || v === null) return `a ${typeof v}`
  return 'an instance of a class'
}
