/**
 * How the fields of a job are written down, once: what checks a job file, a control request, a peer's record and a read
 * option, and what compares two jobs, walks these tables, and the types are read off them. So a table is plain data,
 * in which a bound of `LIMITS` stands by its name; one that holds another says `OTHER as typeof OTHER`.
 */
import type { Code } from '../codes.ts'
import type { Limit } from '../limit-names.ts'
import { LIMITS } from '../limits.ts'

export type Bound = number | Limit

/** A length, both ends included. */
export interface Range {
  readonly least?: Bound
  readonly most?: Bound
}

/**
 * What a field holds. `least` and `most` bound what a peer may send, `file` what a person may write: an older job, or
 * one that was not made from a file, may have more.
 */
export type Shape =
  | { readonly is: 'flag' }
  /** In a job file; what goes on from there is whether there is one. */
  | { readonly is: 'function' }
  | { readonly is: 'character'; readonly orNone?: true }
  | { readonly is: 'whole'; readonly least: Bound; readonly most: Bound }
  /** `closed`: a control request with another word is refused, since nothing behind it asks again. */
  | { readonly is: 'word'; readonly words: readonly string[]; readonly closed?: true }
  | { readonly is: 'text'; readonly most: Bound; readonly file?: Range }
  /** SHA-256, made by Shoal. */
  | { readonly is: 'digest' }
  /** `orOne`: a person may write one thing in place of a list of one. */
  | {
      readonly is: 'list'
      readonly of: Shape
      readonly file?: Range
      readonly orOne?: true
      readonly least?: Bound
      readonly most: Bound
    }
  /** Things by names that the job chooses, of at most `names` characters; `thing` is what a message calls one. */
  | { readonly is: 'named'; readonly of: Shape; readonly names: Bound; readonly thing: string }
  | { readonly is: 'fields'; readonly fields: Fields }

/** What is neither `needed` nor has a default may be absent. A default of null may also be said. */
interface Traits {
  readonly needed?: true
  /** What the absent field of a job file means. */
  readonly default?: unknown
  /** `NAME is SAID, not …`, where the shape does not say it well enough. */
  readonly said?: string
  /** What to try where one of `named` is of another kind. */
  readonly remedy?: string
  /** Of the refusal of a job file; else JOB_BUILD. */
  readonly code?: Code
  /** The formats of files that it has a meaning for, where it has none for others; a remedy names the first. */
  readonly formats?: readonly string[]
  /** False: for people, it enters no id, and two jobs that differ in it alone are one. */
  readonly inId?: false
  /** False: it is no part of the specification, but stands beside it. */
  readonly inSpec?: false
}

export type Field = Shape & Traits
export type Fields = Readonly<Record<string, Field>>

/** A table for a type that is declared elsewhere: one has no field that the other has not. */
export type FieldsOf<T> = { readonly [Name in keyof Required<T>]: Field }

export const boundOf = (bound: Bound): number => (typeof bound === 'number' ? bound : LIMITS[bound])
export const mayBeAbsent = (field: Field): boolean => field.needed !== true && field.default === undefined
export const mayBeNull = (field: Field): boolean => field.default === null

type Held<S> = S extends { readonly is: 'flag' | 'function' }
  ? boolean
  : S extends { readonly is: 'whole' }
    ? number
    : S extends { readonly is: 'word'; readonly words: readonly (infer Word)[] }
      ? Word
      : S extends { readonly is: 'list'; readonly of: infer Of }
        ? readonly Held<Of>[]
        : S extends { readonly is: 'named'; readonly of: infer Of }
          ? Readonly<Record<string, Held<Of>>>
          : S extends { readonly is: 'fields'; readonly fields: infer Inner }
            ? Inner extends Fields
              ? Values<Inner>
              : never
            : string
type Value<F> = Held<F> | (F extends { readonly default: null } ? null : never)
type AlwaysThere<T> = {
  [Name in keyof T]: T[Name] extends { readonly needed: true } | { readonly default: unknown } ? Name : never
}[keyof T]

/** What a table's fields hold, as a type. */
export type Values<T extends Fields> = {
  readonly [Name in keyof T as Extract<Name, AlwaysThere<T>>]: Value<T[Name]>
} & {
  readonly [Name in keyof T as Exclude<Name, AlwaysThere<T>>]?: Value<T[Name]>
}
