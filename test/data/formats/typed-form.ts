/**
 * Values in JSON that keep JavaScript's kinds apart: `{"$big": "5"}`, `{"$num": "NaN"}` (also -0 and the infinities),
 * `{"$bytes": "00ff"}`, `{"$date": ms}`, and `{"$object": [[key, value], …]}` where a key begins with `$`. Numbers,
 * texts, arrays and other objects stand for themselves.
 */
export type Form = unknown

const FLOATS: Readonly<Record<string, number>> = { NaN, Infinity, '-Infinity': -Infinity, '-0': -0 }

/** The value for a form. */
export function valueOf(form: Form): unknown {
  if (typeof form !== 'object' || form === null) return form
  if (Array.isArray(form)) return form.map(valueOf)
  const fields = Object.entries(form)
  const [key, inner] = fields[0] ?? ['', null]
  if (key === '$big') return BigInt(inner as string)
  if (key === '$num') return FLOATS[inner as string]
  if (key === '$bytes') return Uint8Array.from(Buffer.from(inner as string, 'hex'))
  if (key === '$date') return new Date(inner as number)
  const named = key === '$object' ? (inner as [string, Form][]) : fields
  // Unlike assignment this makes even `__proto__` an own field.
  return Object.fromEntries(named.map(([name, field]) => [name, valueOf(field)]))
}

/** Where two values differ first, and how; null where they are the same in kind and value, fields in the same order. */
export function difference(actual: unknown, expected: unknown, at = ''): string | null {
  if (typeof expected !== 'object' || expected === null)
    return Object.is(actual, expected) ? null : `${at}: ${show(actual)} in place of ${show(expected)}`
  if (
    typeof actual !== 'object' ||
    actual === null ||
    Object.getPrototypeOf(actual) !== Object.getPrototypeOf(expected)
  )
    return `${at}: ${show(actual)} in place of ${show(expected)}`
  if (expected instanceof Date)
    return (actual as Date).getTime() === expected.getTime()
      ? null
      : `${at}: ${show(actual)} in place of ${show(expected)}`
  if (expected instanceof Uint8Array)
    return Buffer.compare(actual as Uint8Array, expected) === 0
      ? null
      : `${at}: ${show(actual)} in place of ${show(expected)}`
  const names = Object.keys(expected)
  const given = Object.keys(actual)
  if (names.length !== given.length || names.some((name, i) => name !== given[i]))
    return `${at}: fields ${show(given)} in place of ${show(names)}`
  for (const name of names) {
    const found = difference(
      (actual as Record<string, unknown>)[name],
      (expected as Record<string, unknown>)[name],
      `${at}.${name}`,
    )
    if (found !== null) return found
  }
  return null
}

export function show(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`
  if (Object.is(value, -0)) return '-0'
  if (typeof value === 'number') return String(value)
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`.slice(0, 200)
  if (value instanceof Date) return `Date ${value.getTime()}`
  const text = JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? `${inner}n` : inner))
  return String(text).slice(0, 200)
}
