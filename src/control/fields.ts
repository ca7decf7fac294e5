import { z } from 'zod/mini'
import { mayBeAbsent, mayBeNull, type Field, type Fields, type Shape } from '../core/spec/fields.ts'

/**
 * What a control request may say in these fields: each is of its kind. Their bounds are checked where a job is made,
 * which says what is wrong in words of its own; what is beside them is left alone.
 */
export function loosely(fields: Fields): z.ZodMiniType {
  const kinds = Object.entries(fields).map(([name, field]): [string, z.ZodMiniType] => [name, fieldKind(field)])
  return z.looseObject(Object.fromEntries(kinds))
}

function fieldKind(field: Field): z.ZodMiniType {
  const kind = kindOf(field)
  if (mayBeNull(field)) return z.nullable(kind)
  return mayBeAbsent(field) ? z.optional(kind) : kind
}

function kindOf(shape: Shape): z.ZodMiniType {
  switch (shape.is) {
    case 'flag':
    case 'function':
      return z.boolean()
    case 'whole':
      return z.number()
    case 'word':
      return shape.closed === true ? z.enum(shape.words) : z.string()
    case 'character':
    case 'text':
    case 'digest':
      return z.string()
    case 'list':
      return z.array(kindOf(shape.of))
    case 'named':
      return z.pipe(
        // A record of zod's leaves this key unseen, and so would the job.
        z.custom(
          (given) => !(given instanceof Object && Object.hasOwn(given, '__proto__')),
          `no ${shape.thing} is __proto__`,
        ),
        z.record(z.string(), kindOf(shape.of)),
      )
    case 'fields':
      return loosely(shape.fields)
  }
}
