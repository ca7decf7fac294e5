/**
 * A decoded value as JSON: a bigint as digits where every reader keeps it (within ±(2^53 − 1)), else as a string; NaN
 * and the infinities as strings; dates as ISO-8601 UTC; bytes as base64.
 */
export function jsonText(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'number':
      return Number.isFinite(value) ? String(value) : `"${value}"`
    case 'bigint':
      return isSafe(value) ? String(value) : `"${value}"`
    case 'boolean':
      return value ? 'true' : 'false'
    default:
      return value === null || value === undefined ? 'null' : objectText(value)
  }
}

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER)

/** Whether every JSON reader keeps this integer. */
export function isSafe(value: bigint): boolean {
  return value <= MAX_SAFE && value >= -MAX_SAFE
}

function objectText(value: object): string {
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`
  if (value instanceof Date) return `"${value.toISOString()}"`
  if (value instanceof Uint8Array) return `"${base64(value)}"`
  let text = ''
  for (const name of Object.keys(value)) {
    text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${jsonText((value as Record<string, unknown>)[name])}`
  }
  return `{${text}}`
}

export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}

/** A value where no quotes are wanted (CSV, text, tables): strings as they are, null as nothing, objects as JSON. */
export function plainText(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value
    case 'object':
      if (value === null) return ''
      if (value instanceof Date) return value.toISOString()
      if (value instanceof Uint8Array) return base64(value)
      return jsonText(value)
    case 'undefined':
      return ''
    default:
      return String(value)
  }
}
