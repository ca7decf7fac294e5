import { z } from 'zod/mini'
import { boundOf, mayBeAbsent, mayBeNull, type Field, type Fields, type Shape } from '../core/spec/fields.ts'
import { digest, list, text } from './shapes.ts'

/** UTF-16 units of one character, for who does not look closer: an escape sequence for a delimiter is refused elsewhere. */
const CHARACTER_MAX = 4

/** What a peer may say in these fields: nothing beside them, and each within its bounds. */
export function strictly(fields: Fields): z.ZodMiniType {
  const shapes = Object.entries(fields).map(([name, field]): [string, z.ZodMiniType] => [name, fieldShape(field)])
  return z.strictObject(Object.fromEntries(shapes))
}

function fieldShape(field: Field): z.ZodMiniType {
  const shape = shapeOf(field)
  if (mayBeNull(field)) return z.nullable(shape)
  return mayBeAbsent(field) ? z.optional(shape) : shape
}

function shapeOf(shape: Shape): z.ZodMiniType {
  switch (shape.is) {
    case 'flag':
    case 'function':
      return z.boolean()
    case 'character':
      return text(CHARACTER_MAX)
    case 'whole':
      return z.number().check(z.int(), z.gte(boundOf(shape.least)), z.lte(boundOf(shape.most)))
    case 'word':
      return z.enum(shape.words)
    case 'text':
      return text(boundOf(shape.most))
    case 'digest':
      return digest
    case 'list':
      return list(shapeOf(shape.of), boundOf(shape.most)).check(z.minLength(boundOf(shape.least ?? 0)))
    case 'named':
      return z.record(text(boundOf(shape.names)), shapeOf(shape.of) as z.ZodMiniType<unknown, unknown>)
    case 'fields':
      return strictly(shape.fields)
  }
}
