/** What goes wrong with an accumulator, and the key under which it did. */
import { ShoalError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { ByteReader } from '../bytes.ts'
import { decodeKey } from '../order.ts'
import { type ResidentKey, isForm } from '../residents.ts'
import { hostFactory } from '../value.ts'

/** A list of values that would not fit into one record. */
export function listTooLarge(what: string, remedy: string): ShoalError {
  return new ShoalError('RECORD_LIMIT', `${what} holds more than ${LIMITS.valueBytesMax / 1024 / 1024} MiB`, {
    why: 'what it gives is one value, and a value has this much room',
    try: [remedy, 'reduce without an aggregate, which reads values one by one'],
  })
}

/** Reads past the tag. */
export function takeTag(r: ByteReader, tag: number): void {
  if (r.u8() !== tag) throw notAnAccumulator()
}

export function notAnAccumulator(): ShoalError {
  return new ShoalError('DAMAGED', 'a record holds bytes that are no accumulator of its aggregate')
}

/** The error, with the key that it is about where it is one of the job's. */
export function ofKey(error: unknown, key: ResidentKey): unknown {
  return error instanceof ShoalError ? ofTypedKey(error, isForm(key) ? typed(key) : key) : error
}

/** The same where the key is decoded, in whatever realm. */
export function ofTypedKey(error: unknown, key: unknown): unknown {
  if (!(error instanceof ShoalError) || (error.code !== 'USER_VALUE' && error.code !== 'RECORD_LIMIT')) return error
  return new ShoalError(error.code, `under the key ${keyText(key)}, ${error.message}`, error)
}

function typed({ order, shape }: Exclude<ResidentKey, string | number | bigint | boolean | null>): unknown {
  return decodeKey(order, shape, hostFactory)
}

function keyText(key: unknown): string {
  const text = typeof key === 'bigint' ? `${key}n` : (JSON.stringify(key, bigintText) ?? 'that has no text')
  return text.length <= LIMITS.skipTextBytesMax ? text : `${text.slice(0, LIMITS.skipTextBytesMax)}…`.toWellFormed()
}

function bigintText(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value
}
