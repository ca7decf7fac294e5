import { types } from 'node:util'
import { type ErrorJson, ShoalError } from '../core/errors.ts'
import { errorToJson } from '../words/thrown.ts'
import { LIMITS } from '../core/limits.ts'
import { ValueCopier } from '../data/copy.ts'
import { hostFactory } from '../data/value.ts'
import { systemReasonWithPath } from '../words/reason.ts'
import type { AttemptFailure } from '../ports.ts'

/** Why an attempt ends without output. */
export class TaskFailure extends Error {
  override readonly name: string = 'TaskFailure'
  readonly failure: AttemptFailure

  constructor(blame: AttemptFailure['blame'], error: ShoalError, place = '') {
    super(error.message, { cause: error })
    this.failure = { blame, error: cutError(errorToJson(error)), place }
  }
}

/** Text of a record or a user's message, as long as a message may be. */
export function cutText(text: string, bytes: number = LIMITS.errorTextBytesMax): string {
  if (Buffer.byteLength(text) <= bytes) return text.toWellFormed()
  const cut = Buffer.from(text.slice(0, bytes)).subarray(0, bytes - 3)
  // A character may have been cut in two: decoding in stream mode leaves its beginning out.
  return `${new TextDecoder().decode(cut, { stream: true })}…`
}

function cutError(error: ErrorJson): ErrorJson {
  return {
    ...error,
    message: cutText(error.message),
    ...(error.why === undefined ? {} : { why: cutText(error.why) }),
    try: error.try.map((remedy) => cutText(remedy)),
  }
}

/**
 * `instanceof` for a value that user code may have made. If there is a proxy in its chain of prototypes, `instanceof`
 * runs the proxy's handlers, which may throw: the answer is then false, which is right, as no error of Shoal's has one.
 */
export function isA<T>(value: unknown, type: new (...args: never[]) => T): value is T {
  try {
    return types.isNativeError(value) && value instanceof type
  } catch {
    return false
  }
}

const DISK_FULL: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT'])

/**
 * An error of the host's own code while it reads input (`reading`) or works on files of its own. The cause decides who
 * is to blame: a shard, this node, or Shoal.
 */
export function hostFailure(error: unknown, during: 'reading' | 'own', place = ''): TaskFailure {
  if (isA(error, TaskFailure)) return error
  if (isA(error, ShoalError)) return new TaskFailure(during === 'reading' ? 'input' : 'own', error, place)
  if (!isA(error, Error))
    return new TaskFailure(
      'own',
      new ShoalError('INTERNAL', 'something else than an error was thrown', { cause: error }),
      place,
    )
  const { code, message } = error as NodeJS.ErrnoException
  const why = systemReasonWithPath(error) ?? code
  if (code !== undefined && DISK_FULL.has(code)) {
    return new TaskFailure(
      'own',
      new ShoalError('NODE_SETUP', 'no space is left on the disk of the home folder', { why, cause: error }),
      place,
    )
  }
  if (typeof code === 'string' && code.startsWith('E')) {
    return new TaskFailure(
      'own',
      new ShoalError('NODE_SETUP', 'a file of the task cannot be used', { why, cause: error }),
      place,
    )
  }
  return new TaskFailure('own', new ShoalError('INTERNAL', message, { why: error.stack, cause: error }), place)
}

/** User code may have changed a key that is an object: it is shown only as far as it is still a key. */
export function shownKey(key: unknown): string {
  if (typeof key === 'bigint') return `${key}n`
  if (typeof key !== 'object' || key === null) return JSON.stringify(key)
  try {
    return JSON.stringify(new ValueCopier(hostFactory).copy(key), (_, value: unknown) =>
      typeof value === 'bigint' ? `${value}n` : value,
    )
  } catch {
    return 'that user code has changed'
  }
}
