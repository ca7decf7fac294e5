/** From the Arrow arrays of a column to its values in records: leaves, lists, maps and groups. */
import { elementOf, fieldOf, keyOf, quotedName, valueOf } from '../metadata/column-path.ts'
import { isThere, type ArrowArray } from '../decode/arrow.ts'
import { UnreadableValue, type Forms, type Getter } from './forms.ts'
import { leafValues } from './leaf-values.ts'
import { listNodes, mapNodes } from '../metadata/nesting.ts'
import type { SchemaNode } from '../metadata/schema.ts'
import { variantValues } from './variant-values.ts'

/** The values of a column, or of what is within one, which `path` leads to. */
export function valuesOf(
  node: SchemaNode,
  array: ArrowArray,
  forms: Forms,
  path: string = quotedName(node.name),
): Getter {
  if (node.repetition !== 'repeated') return orNull(array, elementValues(node, array, forms, path))
  // What repeats without a list around it is a list that is never null.
  const [elements, child] = elementsOf(array)
  return listValues(elements, orNull(child, elementValues(node, child, forms, elementOf(path))), forms)
}

function elementValues(node: SchemaNode, array: ArrowArray, forms: Forms, path: string): Getter {
  if (node.physical !== null) return leafValues(node, array, forms, forms.widened.get(path))
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

function orNull(array: ArrowArray, get: Getter): Getter {
  return array.nullCount === 0 ? get : (i) => (isThere(array, i) ? get(i) : null)
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

function annotatedList(node: SchemaNode, array: ArrowArray, forms: Forms, path: string): Getter {
  const list = listNodes(node)
  if (list === null) return groupValues(node, array, forms, path)
  const { repeated, isElement } = list
  const [elements, child] = elementsOf(array.children![0]!)
  const get = isElement
    ? orNull(child, elementValues(repeated, child, forms, elementOf(path)))
    : valuesOf(repeated.children[0]!, child.children![0]!, forms, elementOf(path))
  return listValues(elements, get, forms)
}

function annotatedMap(node: SchemaNode, array: ArrowArray, forms: Forms, path: string): Getter {
  const map = mapNodes(node)
  if (map === null) return groupValues(node, array, forms, path)
  const { key, value } = map
  const [elements, child] = elementsOf(array.children![0]!)
  const keys = valuesOf(key, child.children![0]!, forms, value === null ? elementOf(path) : keyOf(path))
  if (value === null) return listValues(elements, keys, forms)
  const values = valuesOf(value, child.children![1]!, forms, valueOf(path))
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

function groupValues(node: SchemaNode, array: ArrowArray, forms: Forms, path: string): Getter {
  const names = node.children.map(({ name }) => name)
  if (new Set(names).size < names.length) throw new Error(`the group ${path} has two fields of one name`)
  const fields = node.children.map((child, f) => valuesOf(child, array.children![f]!, forms, fieldOf(path, child.name)))
  const make = forms.factory.group(names)
  return (i) => make(fields.map((get) => get(i)))
}
