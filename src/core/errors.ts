import { CODES, type Code } from './codes.ts'
import { systemReasonWithPath } from './reason.ts'

export interface ErrorDetails {
  readonly why?: string | undefined
  /** Commands or actions, most likely remedy first. */
  readonly try?: readonly string[] | undefined
  readonly job?: string | undefined
  readonly node?: string | undefined
  readonly cause?: unknown
}

/**
 * An operating error: something a caller can act on. `code` is stable and listed in `codes.ts`, which also gives the
 * exit code. Match by `code`, never by class: several copies of the package may be loaded.
 */
export class ShoalError extends Error {
  override readonly name: string = 'ShoalError'
  readonly code: Code
  readonly why: string | undefined
  readonly try: readonly string[]
  readonly job: string | undefined
  readonly node: string | undefined

  constructor(code: Code, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.why = details.why
    this.try = details.try ?? []
    this.job = details.job
    this.node = details.node
  }

  get exit(): number {
    return CODES[this.code].exit
  }

  get retryable(): boolean {
    return CODES[this.code].retryable
  }
}

/** The plain form of an error, as it crosses the control socket, a stream or a task's pipe. */
export interface ErrorJson {
  readonly schema: 'shoal.error/1'
  readonly code: Code
  readonly message: string
  readonly why?: string
  readonly try: readonly string[]
  readonly retryable: boolean
  readonly exit: number
  readonly job?: string
  readonly node?: string
}

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

/** The inverse of `errorToJson`; an unknown code (a newer node's) becomes INTERNAL and keeps its text. */
export function errorFromJson(json: Omit<ErrorJson, 'schema' | 'retryable' | 'exit'> & { code: string }): ShoalError {
  const code = Object.hasOwn(CODES, json.code) ? json.code : 'INTERNAL'
  return new ShoalError(code as Code, json.message, json)
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

/** A broken invariant of Shoal itself: never caught to go on with. */
export class InvariantError extends Error {
  override readonly name: string = 'InvariantError'
}

export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantError(message)
}
