/** What lists and maps hold, whoever wrote them (parquet-format/LogicalTypes.md, with its rules for older files). */
import type { SchemaNode } from './schema.ts'

export interface ListNodes {
  /** The child that repeats. */
  readonly repeated: SchemaNode
  /** It is the element itself; else its only child is. */
  readonly isElement: boolean
}

/** Of a node that says LIST: null where it is not made as one, and is a group like others. */
export function listNodes(list: SchemaNode): ListNodes | null {
  const repeated = list.children[0]!
  if (list.children.length !== 1 || repeated.repetition !== 'repeated') return null
  return { repeated, isElement: isElement(repeated, list) }
}

function isElement(repeated: SchemaNode, list: SchemaNode): boolean {
  if (repeated.physical !== null || repeated.children.length !== 1) return true
  if (repeated.children[0]!.repetition === 'repeated') return true
  if (repeated.meaning.kind === 'list' || repeated.meaning.kind === 'map') return true
  return repeated.name === 'array' || repeated.name === `${list.name}_tuple`
}

export interface MapNodes {
  readonly key: SchemaNode
  /** Null: a map without values, which is the list of its keys. */
  readonly value: SchemaNode | null
}

/** Of a node that says MAP: null where it is not a group of one group that repeats, of a key and a value. */
export function mapNodes(map: SchemaNode): MapNodes | null {
  const entry = map.children[0]!
  const [key, value = null] = entry.children
  const isMap =
    map.children.length === 1 && entry.repetition === 'repeated' && key !== undefined && entry.children.length <= 2
  return isMap ? { key, value } : null
}
