import { LIMITS } from '../../../../core/limits.ts'
import { meaningOf, PHYSICAL, type Meaning, type Physical } from './meaning.ts'
import { isCount, ThriftStruct, type Thrift } from './thrift.ts'

const REPETITIONS = ['required', 'optional', 'repeated'] as const

/** A column, a group of columns, or what repeats within one. */
export interface SchemaNode {
  readonly name: string
  readonly repetition: (typeof REPETITIONS)[number]
  /** Null: a group. */
  readonly physical: Physical | null
  /** Of FIXED_LEN_BYTE_ARRAY, in bytes; else 0. */
  readonly length: number
  readonly meaning: Meaning
  readonly children: readonly SchemaNode[]
}

/** The way from a leaf up to its column. */
interface Link {
  readonly node: SchemaNode
  readonly parent: Link | null
}

/** A column whose values are stored. */
export class Leaf {
  readonly node: SchemaNode
  /** The highest levels, as Dremel counts them (Melnik et al., VLDB 2010): of what is optional or repeats, and of the latter. */
  readonly maxDefinition: number
  readonly maxRepetition: number
  readonly #link: Link

  constructor(link: Link) {
    const chain = upwards(link)
    this.node = link.node
    this.maxRepetition = chain.filter(({ repetition }) => repetition === 'repeated').length
    this.maxDefinition = chain.filter(({ repetition }) => repetition !== 'required').length
    this.#link = link
  }

  /** Something on the way repeats: a row may have any number of values. */
  get repeats(): boolean {
    return this.maxRepetition > 0
  }

  /** Names from the column's down. */
  get path(): readonly string[] {
    return upwards(this.#link)
      .map(({ name }) => name)
      .reverse()
  }

  /** The column that it is in, without that column's other leaves. */
  get branch(): SchemaNode {
    return upwards(this.#link).reduce((within, parent) => ({ ...parent, children: [within] }))
  }
}

function upwards(link: Link): SchemaNode[] {
  const chain: SchemaNode[] = []
  for (let at: Link | null = link; at !== null; at = at.parent) chain.push(at.node)
  return chain
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The columns of a file, in its order. Throws an Error unless the elements are one tree. */
export function schemaOf(elements: Thrift | undefined): readonly SchemaNode[] {
  if (!Array.isArray(elements) || elements.length === 0 || elements.length > LIMITS.inputColumnsMax)
    throw new Error('its schema has no proper size')
  const tree = new TreeReader(elements as readonly Thrift[])
  const children = tree.root()
  if (children.length === 0) throw new Error('it has no columns')
  return children
}

class TreeReader {
  readonly #elements: readonly Thrift[]
  #at = 0

  constructor(elements: readonly Thrift[]) {
    this.#elements = elements
  }

  root(): readonly SchemaNode[] {
    const children = this.#children(this.#next(), 0)
    if (this.#at < this.#elements.length) throw new Error('its schema has elements that belong to nothing')
    return children
  }

  #next(): ThriftStruct {
    const element = this.#elements[this.#at++]
    if (!(element instanceof ThriftStruct)) throw new Error('its schema is cut off')
    return element
  }

  #children(parent: ThriftStruct, depth: number): SchemaNode[] {
    const count = parent.get(FIELD.children) ?? 0
    if (!isCount(count) || count > this.#elements.length) throw new Error('an element of its schema is none')
    if (depth > LIMITS.valueDepthMax) throw new Error('its schema nests too deep')
    return Array.from({ length: count }, () => this.#node(depth + 1))
  }

  #node(depth: number): SchemaNode {
    const element = this.#next()
    const name = nameOf(element)
    // The root has none, and some writers leave it out elsewhere: it is the first then.
    const repetition = REPETITIONS[(element.get(FIELD.repetition) as number | undefined) ?? 0]
    if (repetition === undefined) throw new Error(`the column ${name} is neither required, optional nor repeated`)
    const children = this.#children(element, depth)
    const type = element.get(FIELD.type)
    const physical = children.length > 0 || type === undefined ? null : (PHYSICAL[type as number] ?? null)
    if (physical === null && type !== undefined && children.length === 0)
      throw new Error(`the column ${name} has an unknown type (${typeof type === 'number' ? type : 'none'})`)
    if (physical === null && children.length === 0) throw new Error(`the group ${name} has no fields`)
    const length = physical === 'FIXED_LEN_BYTE_ARRAY' ? element.get(FIELD.length) : 0
    if (!isCount(length) || length > LIMITS.parquetFixedBytesMax)
      throw new Error(`the values of column ${name} have no proper length`)
    return { name, repetition, physical, length, meaning: meaningOf(element, name, physical, length), children }
  }
}

/** Fields of SchemaElement. */
const FIELD = { type: 1, length: 2, repetition: 3, name: 4, children: 5 } as const

function nameOf(element: ThriftStruct): string {
  const bytes = element.get(FIELD.name)
  if (!(bytes instanceof Uint8Array)) throw new Error('a column of its schema has no name')
  try {
    return UTF8.decode(bytes)
  } catch {
    throw new Error('the name of a column is not valid UTF-8')
  }
}

/** The leaves below these columns, in the order in which each row group has their chunks. */
export function leavesOf(roots: readonly SchemaNode[]): Leaf[] {
  const leaves: Leaf[] = []
  const visit = (link: Link): void => {
    if (link.node.physical !== null) leaves.push(new Leaf(link))
    for (const node of link.node.children) visit({ node, parent: link })
  }
  for (const node of roots) visit({ node, parent: null })
  return leaves
}

export function countLeaves({ physical, children }: SchemaNode): number {
  return children.reduce((sum, child) => sum + countLeaves(child), physical === null ? 0 : 1)
}
