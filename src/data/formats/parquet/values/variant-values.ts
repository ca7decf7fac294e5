/** Columns of type VARIANT, whole or shredded into columns by type (parquet-format/VariantShredding.md). */
import { isThere, type ArrowArray } from '../decode/arrow.ts'
import type { Forms, Getter } from './forms.ts'
import { leafValues, slices } from './leaf-values.ts'
import type { SchemaNode } from '../metadata/schema.ts'
import { decodeVariant, isVariantObject, variantNames } from './variant.ts'

/** What a place of a shredded variant holds where it holds nothing, not even null: a field that is not there. */
const MISSING: unique symbol = Symbol('missing')

type Fields = Record<string, unknown>

/** The value of row i, whose fields have these names. */
type Shredded = (i: number, names: readonly string[]) => unknown

export function variantValues(node: SchemaNode, array: ArrowArray, forms: Forms): Getter {
  const metadata = fieldOf(node, array, 'metadata')
  if (metadata === null || metadata.node.physical !== 'BYTE_ARRAY')
    throw new Error(`the column ${node.name} is a variant without metadata`)
  const metadataBytes = slices(metadata.array, 0)
  const get = shreddedValues(node, array, forms)
  let last: { readonly key: string; readonly names: readonly string[] } | null = null
  return (i) => {
    const bytes = metadataBytes(i)
    // Rows in a row mostly have the same names.
    const key = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
    if (last?.key !== key) last = { key, names: variantNames(bytes) }
    const value = get(i, last.names)
    return value === MISSING ? null : value
  }
}

interface Field {
  readonly node: SchemaNode
  readonly array: ArrowArray
}

function fieldOf(node: SchemaNode, array: ArrowArray, name: string): Field | null {
  const at = node.children.findIndex((child) => child.name === name)
  return at < 0 ? null : { node: node.children[at]!, array: array.children![at]! }
}

/** Of a group of `value`, in the binary form, and `typed_value`: at most one of them is there, but for objects. */
function shreddedValues(node: SchemaNode, array: ArrowArray, forms: Forms): Shredded {
  const value = fieldOf(node, array, 'value')
  const typed = fieldOf(node, array, 'typed_value')
  if (value === null && typed === null) throw new Error(`the column ${node.name} is a variant without a value`)
  if (value !== null && value.node.physical !== 'BYTE_ARRAY')
    throw new Error(`the value of the variant ${node.name} is not binary`)
  const bytes = value === null ? null : slices(value.array, 0)
  const binary: Shredded = (i, names) =>
    value === null || !isThere(value.array, i) ? MISSING : decodeVariant(bytes!(i), names, forms)
  if (typed === null) return binary
  const isObject = typed.node.physical === null && typed.node.meaning.kind !== 'list'
  const get = isObject ? objectValues(typed, forms) : typedValues(typed, forms)
  return (i, names) => {
    if (!isThere(typed.array, i)) return binary(i, names)
    const found = get(i, names)
    if (value === null || !isThere(value.array, i)) return found
    if (!isObject || !isVariantObject(bytes!(i))) throw new Error(`the variant ${node.name} has two values`)
    return merged(binary(i, names) as Fields, found as Fields, typed.node, forms)
  }
}

/** The fields that have columns of their own, there or not, and those that have none. */
function merged(rest: Fields, found: Fields, { children }: SchemaNode, { factory }: Forms): Fields {
  for (const { name } of children)
    if (Object.hasOwn(rest, name)) throw new Error(`a variant has the field ${JSON.stringify(name)} in two places`)
  for (const [name, value] of Object.entries(found)) factory.set(rest, name, value)
  return rest
}

function objectValues({ node, array }: Field, forms: Forms): Shredded {
  const fields = node.children.map((child, f) => {
    const get = shreddedValues(child, array.children![f]!, forms)
    return { name: child.name, get, there: array.children![f]! }
  })
  return (i, names) => {
    const object = forms.factory.object()
    for (const { name, get, there } of fields) {
      const value = isThere(there, i) ? get(i, names) : MISSING
      if (value !== MISSING) forms.factory.set(object, name, value)
    }
    return object
  }
}

function typedValues({ node, array }: Field, forms: Forms): Shredded {
  if (node.physical !== null) {
    if (!isVariantType(node)) throw new Error(`the typed value of a variant is of a type that variants have not`)
    const get = leafValues(node, array, forms, undefined)
    return (i) => get(i)
  }
  // A list of three levels, whose elements are shredded in turn.
  const repeated = node.children[0]
  const element = repeated?.children[0]
  if (repeated?.repetition !== 'repeated' || element === undefined)
    throw new Error(`the typed value of a variant is no list: ${node.name}`)
  const list = array.children![0]!
  const get = shreddedValues(element, list.children![0]!.children![0]!, forms)
  return (i, names) => {
    const elements: unknown[] = []
    for (let at = list.offsets![i]!; at < list.offsets![i + 1]!; at++) {
      const value = get(at, names)
      elements.push(value === MISSING ? null : value)
    }
    return forms.factory.array(elements)
  }
}

/** Variants have signed integers, bytes of any length, and no types that are newer or older than they. */
function isVariantType({ meaning, physical }: SchemaNode): boolean {
  if (meaning.kind === 'integer') return meaning.signed
  if (meaning.kind === 'none') return physical !== 'FIXED_LEN_BYTE_ARRAY' && physical !== 'INT96'
  return ['string', 'decimal', 'date', 'time', 'timestamp', 'uuid'].includes(meaning.kind)
}
