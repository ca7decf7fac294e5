/**
 * The columns of a file as a text: a line for each column, and for each thing within one, of its path and a word for
 * the form that its values have in a record, in order. Files whose records have the same forms have the same text,
 * whoever wrote them: float or double, the digits of a decimal, the names within a list, the order make no difference.
 */
import { createHash } from 'node:crypto'
import { LIMITS } from '../../../../core/limits.ts'
import { elementOf, fieldOf, keyOf, PATH_PATTERN, quotedName, valueOf } from './column-path.ts'
import { listNodes, mapNodes } from './nesting.ts'
import type { SchemaNode } from './schema.ts'

/** A column, or what is within one, by its form alone. */
interface Shape {
  readonly form: string
  readonly parts: readonly Part[]
}

interface Part {
  readonly shape: Shape
  /** The part's path, of its parent's. */
  readonly within: (parent: string) => string
}

/** Beyond LIMITS.columnsTextMax it is a digest of the same, by which files can only be told apart. */
export function columnsText(columns: readonly SchemaNode[]): string {
  const parts = columns.map((column): Part => ({ shape: shapeOf(column), within: () => quotedName(column.name) }))
  const lines = new Map<string, string>()
  return addLines(parts, '', lines, { left: LIMITS.columnsTextMax })
    ? [...lines]
        .map(([path, form]) => `${path} ${form}`)
        .toSorted(byUnits)
        .join('\n')
    : `#${digestOf(parts)}`
}

/** Of a text that there is no room for. */
export function digestOfText(text: string): string {
  return isDigest(text) ? text : `#${sha256(text)}`
}

export const isDigest = (text: string): boolean => text.startsWith('#')

/** In the order of `columnsText`, which is that of UTF-16 units. */
const byUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** False where they are too many. Of two columns of one name the first counts: no record could have both. */
function addLines(parts: readonly Part[], parent: string, lines: Map<string, string>, room: { left: number }): boolean {
  return parts.every(({ shape, within }) => {
    const path = within(parent)
    room.left -= path.length + shape.form.length + 2
    if (room.left < 0) return false
    if (!lines.has(path)) lines.set(path, shape.form)
    return addLines(shape.parts, path, lines, room)
  })
}

/** Without paths, which may become as long as the square of the schema. */
function digestOf(parts: readonly Part[]): string {
  const lines = parts.map(({ shape, within }) => `${within('')} ${shape.form} ${digestOf(shape.parts)}`)
  return lines.length === 0 ? '' : sha256(lines.toSorted(byUnits).join('\n'))
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

function shapeOf(node: SchemaNode): Shape {
  if (node.repetition !== 'repeated') return elementShape(node)
  return { form: 'list', parts: [{ shape: elementShape(node), within: elementOf }] }
}

/** What `values.ts` makes of it. */
function elementShape(node: SchemaNode): Shape {
  if (node.physical !== null) return { form: leafForm(node), parts: [] }
  switch (node.meaning.kind) {
    case 'list': {
      const list = listNodes(node)
      if (list === null) return groupShape(node)
      const shape = list.isElement ? elementShape(list.repeated) : shapeOf(list.repeated.children[0]!)
      return { form: 'list', parts: [{ shape, within: elementOf }] }
    }
    case 'map':
    case 'map-entry': {
      const map = mapNodes(node)
      if (map === null) return groupShape(node)
      const key = shapeOf(map.key)
      if (map.value === null) return { form: 'list', parts: [{ shape: key, within: elementOf }] }
      const value = shapeOf(map.value)
      return {
        form: 'map',
        parts: [
          { shape: key, within: keyOf },
          { shape: value, within: valueOf },
        ],
      }
    }
    case 'variant':
      return { form: 'variant', parts: [] }
    default:
      return groupShape(node)
  }
}

function groupShape({ children }: SchemaNode): Shape {
  const parts = children.map((child): Part => ({
    shape: shapeOf(child),
    within: (group) => fieldOf(group, child.name),
  }))
  return { form: 'group', parts }
}

function leafForm({ meaning, physical }: SchemaNode): string {
  switch (meaning.kind) {
    case 'none':
      return FORMS[physical!]
    case 'integer':
      return meaning.bits === 64 ? 'int64' : 'int32'
    case 'decimal':
      return `decimal(${meaning.scale})`
    case 'timestamp':
      return `timestamp(${meaning.unit}${meaning.utc ? '' : ',local'})`
    case 'time':
      return `time(${meaning.unit})`
    case 'enum':
      return 'string'
    case 'float16':
      return 'float'
    case 'unknown':
      return 'null'
    case 'bson':
    case 'geo':
      return 'binary'
    default:
      return meaning.kind
  }
}

/** Without an annotation. `bytes` are text with `encoding: 'utf-8'`, `binary` is never. */
const FORMS: Readonly<Record<NonNullable<SchemaNode['physical']>, string>> = {
  BOOLEAN: 'boolean',
  INT32: 'int32',
  INT64: 'int64',
  INT96: 'timestamp(ns)',
  FLOAT: 'float',
  DOUBLE: 'float',
  BYTE_ARRAY: 'bytes',
  FIXED_LEN_BYTE_ARRAY: 'binary',
}

const FORM_PATTERN = [
  'boolean|int32|int64|float|string|json|bytes|binary|uuid|date|interval|null|list|map|group|variant',
  String.raw`decimal\(\d{1,5}\)`,
  String.raw`time\((?:ms|us|ns)\)`,
  String.raw`timestamp\((?:ms|us|ns)(?:,local)?\)`,
].join('|')
const LINE = new RegExp(`^(${PATH_PATTERN}) (?:${FORM_PATTERN})$`, 'u')

/** Whether `columnsText` could have made it: what a peer says is taken for nothing else. */
export function isColumnsText(text: string): boolean {
  if (isDigest(text)) return /^#[0-9a-f]{64}$/.test(text)
  if (text.length > LIMITS.columnsTextMax) return false
  let last = ''
  let lastPath = ''
  for (const line of text.split('\n')) {
    const path = LINE.exec(line)?.[1]
    if (path === undefined || path === lastPath || line <= last) return false
    last = line
    lastPath = path
  }
  return true
}
