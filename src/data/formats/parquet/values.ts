/** From the Arrow arrays of a column to its values in records: leaves, lists, maps and groups. */
import type { ArrowArray } from './decoder.ts'
import { UnreadableValue, type Forms, type Getter } from './forms.ts'
import { leafValues } from './leaf-values.ts'
import type { SchemaNode } from './schema.ts'
import { variantValues } from './variant-values.ts'

/** The values of a column, or of what is within one; `path` is that of its parents. */
export function valuesOf(node: SchemaNode, array: ArrowArray, forms: Forms, path: readonly string[] = []): Getter {
  if (node.repetition !== 'repeated') return orNull(array, elementValues(node, array, forms, path))
  // What repeats without a list around it is a list that is never null.
  const [elements, child] = elementsOf(array)
  return listValues(elements, orNull(child, elementValues(node, child, forms, path)), forms)
}

function elementValues(node: SchemaNode, array: ArrowArray, forms: Forms, parents: readonly string[]): Getter {
  const path = [...parents, node.name]
  if (node.physical !== null) return leafValues(node, array, forms, forms.widened.get(path.join('\0')))
  switch (node.meaning.kind) {
    case 'list':
      return annotatedList(node, array, forms, path)
    case 'map':
    case 'map-entry':
      return annotatedMap(node, array, forms, path)
    case 'variant':
      return variantValues(node, array, forms)
    default:
      return groupValues(node, array, forms, path)
  }
}

function orNull({ nullCount, validity }: ArrowArray, get: Getter): Getter {
  if (nullCount === 0 || validity === undefined) return get
  return (i) => ((validity[i >> 3]! & (1 << (i & 7))) === 0 ? null : get(i))
}

type Elements = (i: number) => readonly [start: number, end: number]

function elementsOf({ offsets, children }: ArrowArray): readonly [Elements, ArrowArray] {
  return [(i) => [offsets![i]!, offsets![i + 1]!], children![0]!]
}

function listValues(elements: Elements, get: Getter, { factory }: Forms): Getter {
  return (i) => {
    const [start, end] = elements(i)
    const list: unknown[] = []
    for (let at = start; at < end; at++) list.push(get(at))
    return factory.array(list)
  }
}

/** A group of the one field that repeats (parquet-format/LogicalTypes.md, Lists, with its rules for older files). */
function annotatedList(node: SchemaNode, array: ArrowArray, forms: Forms, path: readonly string[]): Getter {
  const repeated = node.children[0]!
  if (node.children.length !== 1 || repeated.repetition !== 'repeated') return groupValues(node, array, forms, path)
  const [elements, child] = elementsOf(array.children![0]!)
  const within = [...path, repeated.name]
  const get = isElement(repeated, node)
    ? orNull(child, elementValues(repeated, child, forms, path))
    : valuesOf(repeated.children[0]!, child.children![0]!, forms, within)
  return listValues(elements, get, forms)
}

/** Whether what repeats is the element itself, and not a group around it. */
function isElement(repeated: SchemaNode, list: SchemaNode): boolean {
  if (repeated.physical !== null || repeated.children.length !== 1) return true
  if (repeated.children[0]!.repetition === 'repeated') return true
  if (repeated.meaning.kind === 'list' || repeated.meaning.kind === 'map') return true
  return repeated.name === 'array' || repeated.name === `${list.name}_tuple`
}

/** A group of one group that repeats, of a key and a value. A map without values is the list of its keys. */
function annotatedMap(node: SchemaNode, array: ArrowArray, forms: Forms, path: readonly string[]): Getter {
  const entry = node.children[0]!
  const [key, value] = entry.children
  const isMap =
    node.children.length === 1 && entry.repetition === 'repeated' && key !== undefined && entry.children.length <= 2
  if (!isMap) return groupValues(node, array, forms, path)
  const [elements, child] = elementsOf(array.children![0]!)
  const within = [...path, entry.name]
  const keys = valuesOf(key, child.children![0]!, forms, within)
  if (value === undefined) return listValues(elements, keys, forms)
  const values = valuesOf(value, child.children![1]!, forms, within)
  return isText(key, forms) && forms.maps !== 'pairs'
    ? objectValues(elements, keys, values, forms)
    : pairValues(elements, keys, values, forms)
}

function isText({ meaning, physical, repetition }: SchemaNode, { bytesAreText }: Forms): boolean {
  if (repetition === 'repeated') return false
  if (meaning.kind === 'string' || meaning.kind === 'enum') return true
  return meaning.kind === 'none' && physical === 'BYTE_ARRAY' && bytesAreText
}

const AS_PAIRS = ["maps: 'pairs'"]

function objectValues(elements: Elements, keys: Getter, values: Getter, { factory }: Forms): Getter {
  return (i) => {
    const [start, end] = elements(i)
    const object = factory.object()
    const seen = new Set<string>()
    for (let at = start; at < end; at++) {
      const key = keys(at)
      if (typeof key !== 'string') throw new UnreadableValue('a map has a key that is null', AS_PAIRS)
      if (seen.has(key)) throw new UnreadableValue(`a map has the key ${JSON.stringify(key)} twice`, AS_PAIRS)
      seen.add(key)
      factory.set(object, key, values(at))
    }
    return object
  }
}

function pairValues(elements: Elements, keys: Getter, values: Getter, { factory }: Forms): Getter {
  return (i) => {
    const [start, end] = elements(i)
    const pairs: unknown[] = []
    for (let at = start; at < end; at++) pairs.push(factory.array([keys(at), values(at)]))
    return factory.array(pairs)
  }
}

function groupValues(node: SchemaNode, array: ArrowArray, forms: Forms, path: readonly string[]): Getter {
  const names = node.children.map(({ name }) => name)
  if (new Set(names).size < names.length) throw new Error(`the group ${path.join('.')} has two fields of one name`)
  const fields = node.children.map((child, f) => valuesOf(child, array.children![f]!, forms, path))
  const make = forms.factory.row(names)
  return (i) => make(fields.map((get) => get(i)))
}
