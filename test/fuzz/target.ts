/** What is fuzzed: a decoder, inputs for it, and what it may answer. */
import { ShoalError } from '../../src/core/errors.ts'
import type { Code } from '../../src/core/codes.ts'
import { WireError } from '../../src/wire/codec.ts'
import type { Random } from './random.ts'

const MIB = 2 ** 20

export interface Target {
  readonly name: string
  /** The decoder, for `--list`. */
  readonly what: string
  /** The next input: mostly almost right. */
  input(random: Random): Uint8Array
  /** Decodes; throws where the decoder did anything but take the bytes as a sound value or refuse them by its own error. */
  check(bytes: Uint8Array): void | Promise<void>
  /** Memory that one input may take. */
  readonly bytesMax: number
  /** Inputs in CI. */
  readonly quick: number
  /** Ends what checks have started, after the last one. */
  stop(): Promise<void>
}

export interface TargetForm extends Partial<Pick<Target, 'bytesMax' | 'quick' | 'stop'>> {
  readonly what: string
  readonly input: Target['input']
  readonly check: Target['check']
}

export function target(name: string, form: TargetForm): Target {
  return { name, bytesMax: 64 * MIB, quick: 500, stop: async () => undefined, ...form }
}

/** What the decoder gives, or null where it refuses the input by a WireError. */
export function orWireError<T>(decode: () => T): T | null {
  try {
    return decode()
  } catch (error) {
    if (error instanceof WireError) return null
    throw error
  }
}

/** What the decoder gives, or null where it refuses the input by a ShoalError of one of these codes. */
export function orShoalError<T>(codes: readonly Code[], decode: () => T): T | null {
  try {
    return decode()
  } catch (error) {
    return refusal(codes, error)
  }
}

export async function orShoalErrorOf<T>(codes: readonly Code[], decode: () => Promise<T>): Promise<T | null> {
  try {
    return await decode()
  } catch (error) {
    return refusal(codes, error)
  }
}

function refusal(codes: readonly Code[], error: unknown): null {
  if (error instanceof ShoalError && codes.includes(error.code)) return null
  throw error
}

/** A property that a taken value must have. */
export class Broken extends Error {
  override readonly name: string = 'Broken'
}

export function holds(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Broken(what)
}
