/** What was thrown, whatever it is, as an error of Shoal's. */
import { CODES } from '../core/codes.ts'
import { ShoalError, type ErrorJson } from '../core/errors.ts'
import { systemReasonWithPath } from './reason.ts'

export function errorToJson(error: unknown): ErrorJson {
  const e = asShoalError(error)
  return {
    schema: 'shoal.error/1',
    code: e.code,
    message: e.message,
    ...(e.why === undefined ? {} : { why: e.why }),
    try: e.try,
    retryable: e.retryable,
    exit: e.exit,
    ...(e.job === undefined ? {} : { job: e.job }),
    ...(e.node === undefined ? {} : { node: e.node }),
  }
}

/** Disks and permissions that the system refuses: nobody's bug, and what helps is outside Shoal. */
const REFUSED_BY_SYSTEM: ReadonlyMap<unknown, readonly [message: string, remedy: string]> = new Map([
  ['ENOSPC', ['no space is left on the disk of the home folder', 'make room on the disk of --home, and try again']],
  ['EDQUOT', ['the disk quota of the home folder is used up', 'make room within the quota, and try again']],
  ['EROFS', ['the disk of the home folder is read-only', '--home on a disk that can be written']],
  ['EIO', ['the disk of the home folder fails', '--home on another disk; `dmesg` says more']],
  ['EMFILE', ['too many files are open', 'a higher limit of open files (ulimit -n)']],
])

/** What the system refuses, and what helps; undefined where it is something else. */
export function refusalOf(error: unknown): readonly [message: string, remedy: string] | undefined {
  return error instanceof Error && 'code' in error ? REFUSED_BY_SYSTEM.get(error.code) : undefined
}

/**
 * Anything thrown, as a ShoalError: NODE_SETUP where the system refuses something; what else is none already is a bug in
 * Shoal (INTERNAL, exit 70).
 */
export function asShoalError(error: unknown): ShoalError {
  if (error instanceof ShoalError) return error
  if (isShoalErrorLike(error)) return new ShoalError(error.code, error.message, error)
  const refused = refusalOf(error)
  const why = systemReasonWithPath(error) ?? undefined
  if (refused !== undefined) return new ShoalError('NODE_SETUP', refused[0], { why, try: [refused[1]], cause: error })
  if (error instanceof Error && 'syscall' in error)
    return new ShoalError('NODE_SETUP', 'the system refused what the node needs', { why, cause: error })
  const message = error instanceof Error ? error.message : String(error)
  return new ShoalError('INTERNAL', message, { cause: error, why: 'this is a bug in Shoal' })
}

function isShoalErrorLike(error: unknown): error is ShoalError {
  return error instanceof Error && error.name === 'ShoalError' && Object.hasOwn(CODES, (error as ShoalError).code)
}
