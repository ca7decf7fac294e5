import { LIMITS } from '../../../core/limits.ts'
import { isFields, type Column } from '../columns.ts'
import { dropType, emptyShape, observe, placesOf, type Shape } from './shape.ts'

/**
 * The shapes of all columns of a result, found from its records. They have no more than `outputColumnsMax` places: where
 * there would be more, the column with the most of them has no type.
 */
export class Shapes {
  readonly #bySlot = new Map<string, Shape>()
  #places = 0
  readonly #made = (): void => {
    this.#places++
  }

  observe(key: unknown, value: unknown): void {
    if (Array.isArray(key)) for (const [index, part] of key.entries()) this.#add(`key:${index}`, part)
    else this.#add('key', key)
    if (!isFields(value)) {
      this.#add('value', value)
      return
    }
    const names = Object.keys(value)
    if (names.length === 0) this.#add('value', value)
    for (const name of names) this.#add(`field:${name}`, value[name])
  }

  of(column: Column): Shape {
    return this.#bySlot.get(slotOf(column)) ?? emptyShape()
  }

  #add(slot: string, part: unknown): void {
    let shape = this.#bySlot.get(slot)
    if (shape === undefined) {
      this.#bySlot.set(slot, (shape = emptyShape()))
      this.#places++
    }
    observe(shape, part, 0, this.#made)
    if (this.#places > LIMITS.outputColumnsMax) this.#makeRoom()
  }

  #makeRoom(): void {
    const sizes = [...this.#bySlot.values()].map((shape) => ({ shape, places: placesOf(shape) }))
    sizes.sort((a, b) => b.places - a.places)
    this.#places = sizes.reduce((sum, { places }) => sum + places, 0)
    for (const { shape, places } of sizes) {
      if (this.#places <= LIMITS.outputColumnsMax || places === 1) break
      dropType(shape)
      this.#places -= places - 1
    }
  }
}

/** Names what a column is filled from, before the columns' own names are known. */
function slotOf({ from }: Column): string {
  if (from.part === 'field') return `field:${from.name}`
  return from.part === 'key-element' ? `key:${from.index}` : from.part
}
