import { CODES, type Code } from './codes.ts'

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

/** The inverse of `errorToJson`; an unknown code (a newer node's) becomes INTERNAL and keeps its text. */
export function errorFromJson(json: Omit<ErrorJson, 'schema' | 'retryable' | 'exit'> & { code: string }): ShoalError {
  const code = Object.hasOwn(CODES, json.code) ? json.code : 'INTERNAL'
  return new ShoalError(code as Code, json.message, json)
}

/** A broken invariant of Shoal itself: never caught to go on with. */
export class InvariantError extends Error {
  override readonly name: string = 'InvariantError'
}

export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantError(message)
}
