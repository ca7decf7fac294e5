import type { Marks, Outside, Side } from './driver.ts'
import type { Intrinsics } from './intrinsics.ts'

/** Asks the host something while a call of user code runs; throws where it is refused: the answer is then `refused`. */
export type Ask = <T>(question: () => T, refused: T) => T

/** `ctx.side`: what user code looks up in, by alias. Self-contained, see `intrinsics`. */
export function lookUps(own: Intrinsics, marks: Marks, outside: Outside, ask: Ask, sides: readonly Side[]): unknown {
  const refused = -2
  const valueAt = (side: number, record: number): unknown =>
    ask(() => outside.sideValue(side, record), marks.failed as unknown)
  const find = (side: number, key: unknown): number => ask(() => outside.find(side, key), refused)
  const all = (side: number, key: unknown): unknown[] => {
    const list: unknown[] = []
    const first = find(side, key)
    const count = first < 0 ? 0 : ask(() => outside.found(), refused)
    for (let i = 0; i < count; i++) own.field(list, i, valueAt(side, first + i))
    return list
  }
  const only = (side: number, key: unknown): unknown => {
    const first = find(side, key)
    return first < 0 ? undefined : valueAt(side, first)
  }
  /** Records as [key, value], in the order of keys. */
  const iterate = (side: number): unknown => {
    let record = 0
    const next = (): unknown => {
      const key = ask(() => outside.sideKey(side, record), marks.failed as unknown)
      if (key === marks.end) return { value: undefined, done: true }
      return { value: [key, valueAt(side, record++)], done: false }
    }
    const iterator = own.create(own.iteratorPrototype)
    own.define(iterator, 'next', next)
    return iterator
  }
  const tables = own.create(null)
  for (let i = 0; i < sides.length; i++) {
    const { alias, unique } = sides[i] as Side
    const table = own.create(null)
    table['get'] = unique ? (key: unknown) => only(i, key) : (key: unknown) => all(i, key)
    table['has'] = (key: unknown) => find(i, key) >= 0
    own.define(table, own.iteratorSymbol, () => iterate(i))
    tables[alias] = own.freeze(table)
  }
  return own.freeze(tables)
}
