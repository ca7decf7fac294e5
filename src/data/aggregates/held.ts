/** Values as accumulators keep them: what user code does to its own object afterwards does not show. */
import { LIMITS } from '../../core/limits.ts'
import { ByteReader, ByteWriter } from '../bytes.ts'
import { ownText } from '../own-text.ts'
import { tooDeep } from '../refused.ts'
import { type ValueFactory, decodeValue, encodeValue, hostFactory, valueBytes } from '../value.ts'
import { notAnAccumulator } from './misfit.ts'

/** A primitive as it is; anything else in the form of values, which no value has here by itself. */
export type Held = null | boolean | number | bigint | string | Uint8Array

const ARRAY = 11
const OBJECT = 12
/** Measured: a Uint8Array beside its bytes. */
const VIEW_HEAP = 120

const scratch = new ByteWriter(1024)

/** @throws ShoalError USER_VALUE, RECORD_LIMIT, as encodeValue does */
export function hold(value: unknown, what = 'value'): Held {
  switch (typeof value) {
    case 'number':
      return value === 0 ? 0 : value
    case 'boolean':
      return value
    case 'string':
      valueBytes(value, what)
      return ownText(value)
    case 'bigint':
      if (BigInt.asIntN(64, value) !== value) valueBytes(value, what)
      return value
    default:
      if (value === null) return null
      scratch.reset()
      encodeValue(scratch, value, what)
      return heldCopy()
  }
}

/** The same of a value that becomes an element of a list, and lies one level deeper there. */
export function holdElement(value: unknown): Held {
  const held = hold(value)
  if (typeof held === 'object' && held !== null && !fitsIntoList(held)) throw tooDeep('list of values')
  return held
}

function fitsIntoList(bytes: Uint8Array): boolean {
  let levels = 0
  for (const byte of bytes) if (byte === ARRAY || byte === OBJECT) levels++
  if (levels < LIMITS.valueDepthMax) return true
  try {
    decodeValue(new ByteReader(Buffer.concat([Buffer.of(ARRAY, 1), bytes])), hostFactory)
    return true
  } catch {
    return false
  }
}

export function writeHeld(w: ByteWriter, held: Held): void {
  if (typeof held === 'object' && held !== null) w.bytes(held)
  else encodeValue(w, held)
}

/** The bytes of a value of which a form is given. */
export function heldOf(bytes: Uint8Array): Held {
  scratch.reset()
  scratch.bytes(bytes)
  return heldCopy()
}

export function heldValue(held: Held, make: ValueFactory): unknown {
  if (typeof held !== 'object' || held === null) return held
  const reader = new ByteReader(held)
  const value = decodeValue(reader, make)
  if (!reader.done) throw notAnAccumulator()
  return value
}

/** Length in the form of values. */
export function heldBytes(held: Held): number {
  return typeof held === 'object' && held !== null ? held.byteLength : valueBytes(held)
}

/** Estimated. */
export function heldHeap(held: Held): number {
  switch (typeof held) {
    case 'string':
      return 24 + held.length
    case 'object':
      return held === null ? 0 : VIEW_HEAP + held.byteLength
    case 'bigint':
      return BigInt.asIntN(64, held) === held ? 24 : 24 + valueBytes(held)
    default:
      return 0
  }
}

function heldCopy(): Uint8Array {
  const bytes = scratch.copy()
  // A huge value has made the scratch grow.
  if (scratch.buffer.length > 1024 * 1024) scratch.buffer = Buffer.allocUnsafeSlow(1024)
  return bytes
}
