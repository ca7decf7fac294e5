/**
 * The order form of keys: bytes whose bytewise order is the order of keys, null < boolean < number and bigint <
 * string < bytes < Date < array < object < DECIMAL < INTERVAL < TIME < UUID < MAP. It is prefix-free (no form begins
 * another), so that forms can be nested and compared in pieces. Beside it, `shape` keeps what it cannot tell, as which
 * numbers were bigints: both are one type in order and equality. docs/record.md has the table and golden vectors.
 */
import { types } from 'node:util'
import { LIMITS } from '../core/limits.ts'
import { ByteReader, ByteWriter, asBuffer, textAt } from './bytes.ts'
import { readBigint, readNumber, writeBigint, writeNumber } from './order-number.ts'
import { readTypedKey } from './order-typed.ts'
import { atStep, keyTooLarge, notAKey, refused, tooDeep } from './refused.ts'
import { BIGINT_BITS, NO_SHAPE, ShapeReader, ShapeWriter } from './shape.ts'
import {
  type ValueFactory,
  arrayLength,
  bytesLength,
  dateTime,
  element,
  fieldNames,
  isPlain,
  setField,
  timeOf,
} from './value.ts'

/** Ends an array, an object, a MAP, a text: below every tag and every byte that may follow. */
export const END = 0x00
const NULL = 0x01
const FALSE = 0x02
const TRUE = 0x03
/** 0x04 … 0x0b are the classes of numbers, see order-number.ts. */
const NUMBER_FIRST = 0x04
const NUMBER_LAST = 0x0b
const TEXT = 0x10
const BYTES = 0x11
const DATE = 0x12
export const ARRAY = 0x13
const OBJECT = 0x14
/** 0x15 … 0x18 are in order-typed.ts. */
export const MAP = 0x19
/** Within texts and bytes 0x00 is written 01 01, and 0x01 is written 01 02. */
const ESCAPE = 0x01

const { isArray } = Array
const { isDate, isUint8Array } = types
/** Dates lie within ±8.64e15 ms; shifted by 2^53 they are not negative. Here it is added to their upper 32 bits. */
const DATE_SHIFT = 2 ** 21
const LONG_TEXT = 40

/** A key's two forms. */
export interface KeyForm {
  readonly order: Uint8Array
  readonly shape: Uint8Array
}

/** Of the key in hand. */
const shape = new ShapeWriter()

/** @throws ShoalError USER_VALUE, RECORD_LIMIT (LIMITS.keyBytesMax) */
export function encodeKey(key: unknown): KeyForm {
  const w = new ByteWriter(64)
  const bits = writeKey(w, key)
  return { order: w.copy(), shape: bits }
}

/**
 * Appends the order form and returns the shape, which is empty where the key holds no bigint. Where it throws (as
 * encodeKey does), the writer holds a part of the key and is to be reset by the caller.
 */
export function writeKey(w: ByteWriter, key: unknown): Uint8Array {
  const start = w.length
  if (typeof key === 'string') {
    writeText(w, key, 0)
    if (w.length - start > LIMITS.keyBytesMax) throw keyTooLarge()
    return NO_SHAPE
  }
  shape.begin()
  write(w, shape, key, 0, start + LIMITS.keyBytesMax)
  if (w.length - start > LIMITS.keyBytesMax) throw keyTooLarge()
  return shape.take()
}

/** Appends a part of a key that holds others. @throws as writeKey does; `ceiling` is the writer's length at most. */
export function writePart(w: ByteWriter, bits: ShapeWriter, key: unknown, ceiling: number): void {
  write(w, bits, key, 0, ceiling)
}

function write(w: ByteWriter, bits: ShapeWriter, key: unknown, depth: number, ceiling: number): void {
  switch (typeof key) {
    case 'string':
      writeText(w, key, depth)
      return
    case 'number':
      bits.number()
      writeNumber(w, key)
      return
    case 'bigint':
      bits.put(BIGINT_BITS, 2)
      writeBigint(w, key)
      return
    case 'boolean':
      w.u8(key ? TRUE : FALSE)
      return
    case 'object':
      if (key === null) w.u8(NULL)
      else writeObject(w, bits, key, depth, ceiling)
      return
    case 'undefined':
      throw refused('key', depth, 'undefined')
    default:
      throw refused('key', depth, `a ${typeof key}`)
  }
}

function writeObject(w: ByteWriter, bits: ShapeWriter, key: object, depth: number, ceiling: number): void {
  if (depth >= LIMITS.valueDepthMax) throw tooDeep('key')
  if (isArray(key)) {
    const length = arrayLength(key, depth, 'key')
    w.u8(ARRAY)
    for (let i = 0; i < length; i++) {
      atStep(depth, i)
      write(w, bits, element(key, i, depth, 'key'), depth + 1, ceiling)
      if (w.length > ceiling) throw keyTooLarge()
    }
    w.u8(END)
  } else if (isPlain(key)) {
    const names = fieldNames(key, depth, 'key')
    w.u8(OBJECT)
    for (let i = 0; i < names.length; i++) {
      const name = names[i]!
      atStep(depth, name)
      writeText(w, name, depth)
      write(w, bits, (key as Record<string, unknown>)[name], depth + 1, ceiling)
      if (w.length > ceiling) throw keyTooLarge()
    }
    w.u8(END)
  } else if (isDate(key)) {
    const ms = dateTime(key, depth, 'key')
    const high = Math.floor(ms / 2 ** 32)
    w.u8(DATE)
    w.u32(high + DATE_SHIFT)
    w.u32(ms - high * 2 ** 32)
  } else if (isUint8Array(key)) {
    w.u8(BYTES)
    if (bytesLength(key) > LIMITS.keyBytesMax) throw keyTooLarge()
    // A copy: the array may carry fields named like those of its kind.
    writeEscaped(w, new Uint8Array(key))
  } else {
    throw refused('key', depth, 'an instance of a class')
  }
}

function writeText(w: ByteWriter, text: string, depth: number): void {
  const length = text.length
  if (length <= LONG_TEXT) {
    w.reserve(length + 2)
    const buffer = w.buffer
    let at = w.length
    buffer[at++] = TEXT
    let i = 0
    for (; i < length; i++) {
      const unit = text.charCodeAt(i)
      if (unit >= 0x80 || unit <= ESCAPE) break
      buffer[at++] = unit
    }
    if (i === length) {
      buffer[at++] = END
      w.length = at
      return
    }
  }
  writeLongText(w, text, depth)
}

function writeLongText(w: ByteWriter, text: string, depth: number): void {
  if (!text.isWellFormed()) throw refused('key', depth, 'a string with an unpaired surrogate')
  if (text.length > LIMITS.keyBytesMax) throw keyTooLarge()
  w.u8(TEXT)
  const from = w.length
  const count = w.utf8(text)
  const written = w.buffer
  for (let i = from; i < from + count; i++) {
    if (written[i]! <= ESCAPE) {
      const raw = w.copy(from)
      w.reset(from)
      writeEscaped(w, raw)
      return
    }
  }
  w.u8(END)
}

function writeEscaped(w: ByteWriter, bytes: Uint8Array): void {
  w.reserve(bytes.byteLength * 2 + 1)
  const buffer = w.buffer
  let at = w.length
  for (let i = 0; i < bytes.byteLength; i++) {
    const byte = bytes[i]!
    if (byte <= ESCAPE) {
      buffer[at++] = ESCAPE
      buffer[at++] = byte + 1
    } else {
      buffer[at++] = byte
    }
  }
  buffer[at++] = END
  w.length = at
}

/** The typed key again. @throws ShoalError DAMAGED where the bytes are no key. */
export function decodeKey(order: Uint8Array, shape: Uint8Array, make: ValueFactory): unknown {
  return new KeyReader().read(asBuffer(order), 0, order.byteLength, asBuffer(shape), 0, shape.byteLength, make)
}

/** Decodes keys that lie within larger buffers. */
export class KeyReader {
  readonly #reader = new ByteReader()
  readonly #shape = new ShapeReader()
  #make!: ValueFactory

  read(
    order: Buffer,
    start: number,
    end: number,
    bits: Uint8Array,
    shapeStart: number,
    shapeEnd: number,
    make: ValueFactory,
  ): unknown {
    this.#reader.over(order, start, end)
    this.#shape.over(bits, shapeStart, shapeEnd)
    this.#make = make
    const key = this.#value(this.#reader.u8(), 0)
    if (!this.#reader.done) throw notAKey()
    return key
  }

  #value(tag: number, depth: number): unknown {
    if (tag >= NUMBER_FIRST && tag <= NUMBER_LAST) {
      return this.#shape.isBig() ? readBigint(this.#reader, tag) : readNumber(this.#reader, tag)
    }
    switch (tag) {
      case NULL:
        return null
      case FALSE:
        return false
      case TRUE:
        return true
      case TEXT:
        return this.#text()
      case BYTES:
        return this.#make.bytes(this.#unescaped())
      case DATE:
        return this.#make.date(timeOf((this.#reader.u32() - DATE_SHIFT) * 2 ** 32 + this.#reader.u32()))
      case ARRAY:
        return this.#array(depth)
      case OBJECT:
        return this.#object(depth)
      case MAP:
        return this.#map(depth)
      default:
        return readTypedKey(this.#reader, this.#shape, tag)
    }
  }

  #array(depth: number): unknown[] {
    if (depth >= LIMITS.valueDepthMax) throw notAKey()
    const elements: unknown[] = []
    for (let tag = this.#reader.u8(); tag !== END; tag = this.#reader.u8()) elements.push(this.#value(tag, depth + 1))
    const array = this.#make.array(elements.length)
    for (let i = 0; i < elements.length; i++) array[i] = elements[i]
    return array
  }

  /** As an array of [key, value] pairs: it takes two levels. */
  #map(depth: number): unknown[] {
    if (depth + 1 >= LIMITS.valueDepthMax) throw notAKey()
    const pairs: unknown[][] = []
    for (let tag = this.#reader.u8(); tag !== END; tag = this.#reader.u8()) {
      const pair = this.#make.array(2)
      pair[0] = this.#value(tag, depth + 2)
      pair[1] = this.#value(this.#reader.u8(), depth + 2)
      pairs.push(pair)
    }
    const array = this.#make.array(pairs.length)
    for (let i = 0; i < pairs.length; i++) array[i] = pairs[i]
    return array
  }

  #object(depth: number): Record<string, unknown> {
    if (depth >= LIMITS.valueDepthMax) throw notAKey()
    const object = this.#make.object()
    for (let tag = this.#reader.u8(); tag !== END; tag = this.#reader.u8()) {
      if (tag !== TEXT) throw notAKey()
      const name = this.#text()
      setField(object, name, this.#value(this.#reader.u8(), depth + 1))
    }
    return object
  }

  #text(): string {
    const { buffer, offset, end } = this.#reader
    for (let at = offset; at < end; at++) {
      const byte = buffer[at]!
      if (byte === END) {
        this.#reader.offset = at + 1
        return textAt(buffer, offset, at)
      }
      if (byte === ESCAPE) {
        const raw = asBuffer(this.#unescaped())
        return textAt(raw, 0, raw.byteLength)
      }
    }
    throw notAKey()
  }

  #unescaped(): Uint8Array {
    const { buffer, offset, end } = this.#reader
    const close = buffer.indexOf(END, offset)
    if (close < 0 || close >= end) throw notAKey()
    const raw = new Uint8Array(close - offset)
    let count = 0
    for (let at = offset; at < close; at++) {
      const byte = buffer[at]!
      if (byte !== ESCAPE) {
        raw[count++] = byte
        continue
      }
      const escaped = buffer[++at]! - 1
      if (escaped !== 0 && escaped !== ESCAPE) throw notAKey()
      raw[count++] = escaped
    }
    this.#reader.offset = close + 1
    return raw.subarray(0, count)
  }
}
