import { LIMITS } from '../../../src/core/limits.ts'

type Read = (value: any) => unknown

const plain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof Date) &&
  !(value instanceof Uint8Array)
const integral = (value: unknown): boolean => typeof value === 'bigint' || Number.isSafeInteger(value)
const rounded = (value: unknown): boolean => typeof value === 'bigint' && !Number.isSafeInteger(Number(value))

/**
 * What docs/output.md promises to come back of a column that holds these values, said again from all of them at once:
 * null where no type holds them.
 */
function typed(all: readonly unknown[], depth: number): Read | null {
  const values = all.filter((value) => value !== null && value !== undefined)
  const every = (is: (value: unknown) => boolean): boolean => values.every(is)
  if (values.length === 0) return () => null
  if (every((v) => typeof v === 'string') || every((v) => typeof v === 'boolean')) return (v) => v
  if (every((v) => v instanceof Date) || every((v) => v instanceof Uint8Array)) return (v) => v
  if (every(integral)) {
    if (every((v) => BigInt.asIntN(64, BigInt(v as number)) === BigInt(v as number))) return (v) => BigInt(v)
    return String
  }
  if (every((v) => typeof v === 'number' || (typeof v === 'bigint' && !rounded(v)))) return Number
  if (depth === LIMITS.outputNestingMax) return null
  if (every(Array.isArray)) {
    const read = typed((values as unknown[][]).flat(), depth + 1)
    return read && ((v: unknown[]) => v.map((part) => orNull(read, part)))
  }
  return every(plain) ? fields(values as Record<string, unknown>[], depth) : null
}

function fields(values: readonly Record<string, unknown>[], depth: number): Read | null {
  const names = [...new Set(values.flatMap((value) => Object.keys(value)))]
  if (names.length === 0) return null
  if (names.length > LIMITS.outputFieldsMax) {
    const read = typed(
      values.flatMap((value) => Object.values(value)),
      depth + 1,
    )
    return read && ((v: object) => made(Object.entries(v).map(([name, part]) => [name, orNull(read, part)])))
  }
  const own = (value: Record<string, unknown>, name: string): unknown =>
    Object.hasOwn(value, name) ? value[name] : null
  const reads = names.map((name) => {
    const parts = values.map((value) => own(value, name))
    return [name, typed(parts, depth + 1) ?? parsed] as const
  })
  return (v) => made(reads.map(([name, read]) => [name, orNull(read, own(v, name))]))
}

function made(entries: readonly (readonly [string, unknown])[]): unknown {
  return Object.fromEntries(entries)
}

function orNull(read: Read, value: unknown): unknown {
  return value === null || value === undefined ? null : read(value)
}

/** What JSON makes of it. */
function parsed(value: unknown): unknown {
  if (typeof value === 'bigint') return rounded(value) ? String(value) : Number(value)
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) return String(value)
    // JSON has no kinds of numbers: what is written as digits alone is an integer.
    return Number.isSafeInteger(value) || !/^-?\d+$/.test(String(value)) ? value : BigInt(String(value))
  }
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (Array.isArray(value)) return value.map(parsed)
  return plain(value) ? made(Object.entries(value).map(([name, part]) => [name, parsed(part)])) : value
}

/** What a column of these values is read as. */
export function readAs(values: readonly unknown[]): unknown[] {
  const read = typed(values, 0) ?? parsed
  return values.map((value) => orNull(read, value))
}
