import type { ColumnMetaData, SchemaElement, SchemaTree } from 'hyparquet'
import { LIMITS } from '../../../core/limits.ts'

/** What a column chunk's pages are made of. */
export interface Leaf {
  readonly type: ColumnMetaData['type']
  /** Of FIXED_LEN_BYTE_ARRAY. */
  readonly typeLength: number
  readonly maxDefinition: number
  readonly maxRepetition: number
}

/**
 * Throws an Error unless the schema is one tree, of all its elements, that can be walked by recursion: the library
 * follows the numbers of children wherever they lead.
 */
export function checkSchema(schema: readonly SchemaElement[]): void {
  if (schema.length === 0 || schema.length > LIMITS.inputColumnsMax) throw new Error('its schema has no proper size')
  /** Children that each element on the way to this one has yet to have. */
  const open: number[] = [1]
  for (const { name, num_children: children = 0 } of schema) {
    if (typeof name !== 'string' || !Number.isSafeInteger(children) || children < 0)
      throw new Error('an element of its schema is none')
    while (open.at(-1) === 0) open.pop()
    if (open.length === 0) throw new Error('its schema has elements that belong to nothing')
    open[open.length - 1]!--
    if (children > 0) open.push(children)
    if (open.length > LIMITS.valueDepthMax) throw new Error('its schema nests too deep')
  }
  if (open.some((left) => left > 0)) throw new Error('its schema is cut off')
}

/** The leaves of a schema by their path, as `leafKey` gives it. */
export function leavesOf(root: SchemaTree): Map<string, Omit<Leaf, 'type'>> {
  const leaves = new Map<string, Omit<Leaf, 'type'>>()
  const visit = (node: SchemaTree, definition: number, repetition: number): void => {
    const { repetition_type: kind, type_length: typeLength } = node.element
    const maxDefinition = definition + (node === root || kind === 'REQUIRED' ? 0 : 1)
    const maxRepetition = repetition + (kind === 'REPEATED' ? 1 : 0)
    for (const child of node.children) visit(child, maxDefinition, maxRepetition)
    const key = leafKey(node.path)
    // Of two columns with one path the library takes the first.
    if (node.children.length === 0 && !leaves.has(key))
      leaves.set(key, { typeLength: typeLength ?? 0, maxDefinition, maxRepetition })
  }
  visit(root, 0, 0)
  return leaves
}

export function leafKey(path: readonly string[]): string {
  return JSON.stringify(path)
}
