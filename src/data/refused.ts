/** What is refused of a key or a value, and where in it that stands. */
import { ShoalError } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'

/** Where in a value the walk is: `path[0 … depth)`; kept for the error's text alone. */
const path: (string | number)[] = []

/** Names where the walk stands, for `refused` and `tooDeep`. */
export function atStep(depth: number, step: string | number): void {
  path[depth] = step
}

/** USER_VALUE: what was found, and where in the value. */
export function refused(what: string, depth: number, was: string): ShoalError {
  let place = what
  for (let i = 0; i < depth; i++) {
    const step = path[i]!
    place +=
      typeof step === 'number'
        ? `[${step}]`
        : /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(step)
          ? `.${step}`
          : `[${JSON.stringify(step)}]`
    if (place.length > LIMITS.skipTextBytesMax) {
      place = `${place.slice(0, LIMITS.skipTextBytesMax)}…`.toWellFormed()
      break
    }
  }
  return new ShoalError('USER_VALUE', `${place} is ${was}`, {
    why: 'a key or value is null, boolean, number, bigint, string, Uint8Array, Date, or an array or plain object of these',
    try: ['emit plain data', 'leave the field out, or use null'],
  })
}

export function tooDeep(what: string): ShoalError {
  return new ShoalError('USER_VALUE', `${what} is nested deeper than ${LIMITS.valueDepthMax} levels`, {
    why: 'it contains itself, or is a structure that a record cannot hold',
  })
}

export function tooLarge(what: string): ShoalError {
  return new ShoalError('RECORD_LIMIT', `a ${what} is larger than ${LIMITS.valueBytesMax / 1024 / 1024} MiB`, {
    try: ['emit smaller pieces', 'keep a reference instead of the content'],
  })
}

export function keyTooLarge(): ShoalError {
  return new ShoalError('RECORD_LIMIT', `a key is larger than ${LIMITS.keyBytesMax / 1024} KiB`, {
    try: ['use a shorter key, such as a hash of it, and keep the long text in the value'],
  })
}

/** DAMAGED: bytes of a record that are no value. */
export function notAValue(): ShoalError {
  return new ShoalError('DAMAGED', 'a record holds bytes that are no value')
}

/** DAMAGED: bytes of a record that are no key. */
export function notAKey(): ShoalError {
  return new ShoalError('DAMAGED', 'a record holds bytes that are no key')
}
