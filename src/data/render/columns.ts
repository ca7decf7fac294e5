import { ShoalError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import { compareUtf8 } from '../../core/plan/ranks.ts'

/** What a column of a flat output holds. */
type From =
  | { readonly part: 'key' | 'value' }
  | { readonly part: 'key-element'; readonly index: number }
  | { readonly part: 'field'; readonly name: string }

export interface Column {
  readonly name: string
  readonly from: From
}

/**
 * The columns of a flat output, found from the records: `key`, or `key_1`, `key_2` … for array keys; then `value`, or
 * the fields of object values in UTF-8 order. Where records differ there are all of these. A field that has the name
 * of another column is called `value.NAME`. Null keys and values alone ask for no column beside others.
 */
export class Columns {
  #scalarKey = false
  #keyElements = 0
  #scalarValue = false
  readonly #fields = new Set<string>()
  #lastFields: readonly string[] = []

  observe(key: unknown, value: unknown): void {
    if (Array.isArray(key)) this.#keyElements = Math.max(this.#keyElements, key.length)
    else if (key !== null) this.#scalarKey = true
    if (!isFields(value)) {
      if (value !== null) this.#scalarValue = true
      return
    }
    const names = Object.keys(value)
    // Records mostly have the same fields as the one before.
    const last = this.#lastFields
    if (names.length === last.length && names.every((name, i) => name === last[i])) return
    this.#lastFields = names
    for (const name of names) this.#fields.add(name)
    this.#check()
  }

  list(): readonly Column[] {
    const columns: Column[] = []
    if (this.#scalarKey || this.#keyElements === 0) columns.push({ name: 'key', from: { part: 'key' } })
    for (let index = 0; index < this.#keyElements; index++) {
      columns.push({ name: `key_${index + 1}`, from: { part: 'key-element', index } })
    }
    if (this.#scalarValue || this.#fields.size === 0) columns.push({ name: 'value', from: { part: 'value' } })
    const taken = new Set([...columns.map(({ name }) => name), ...this.#fields])
    const own = new Set(columns.map(({ name }) => name))
    for (const name of [...this.#fields].toSorted(compareUtf8)) {
      let shown = own.has(name) ? `value.${name}` : name
      while (shown !== name && taken.has(shown)) shown = `value.${shown}`
      taken.add(shown)
      columns.push({ name: shown, from: { part: 'field', name } })
    }
    return columns
  }

  #check(): void {
    if (this.#fields.size + this.#keyElements <= LIMITS.outputColumnsMax) return
    throw new ShoalError('OUTPUT', `the result has more than ${LIMITS.outputColumnsMax} different fields`, {
      why: 'each would be a column of its own',
      try: ['write it as ndjson: --format ndjson'],
    })
  }
}

/** The value that a record has in a column; undefined where it has none. */
export function cell({ from }: Column, key: unknown, value: unknown): unknown {
  switch (from.part) {
    case 'key':
      return Array.isArray(key) ? undefined : key
    case 'key-element':
      return Array.isArray(key) ? key[from.index] : undefined
    case 'value':
      return isFields(value) && Object.keys(value).length > 0 ? undefined : value
    case 'field':
      return isFields(value) && Object.hasOwn(value, from.name) ? value[from.name] : undefined
  }
}

/** Whether a value is a plain object, whose fields are columns. */
export function isFields(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Date) &&
    !(value instanceof Uint8Array)
  )
}
