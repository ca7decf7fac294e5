import type { Intrinsics } from './intrinsics.ts'

/**
 * Freezes all objects of a realm that user code could reach, before any of it runs: the globals, all that properties and
 * prototypes lead to from there, and what no property leads to but syntax does (`hidden`, such as the prototype of
 * generators). RegExp's memory of its last match is state that freezing does not reach, so it is removed. Throws if
 * anything cannot be frozen: then the realm must not be shared. Self-contained, see `intrinsics`.
 */
export function freezeRealm(own: Intrinsics): void {
  const { global, ownKeys, descriptor, prototypeOf } = own
  const memory = ['input', 'lastMatch', 'lastParen', 'leftContext', 'rightContext', '$_', '$&', '$+', '$`', "$'"]
  for (let i = 1; i <= 9; i++) memory[memory.length] = `$${i}`
  for (let i = 0; i < memory.length; i++) {
    const name = memory[i] as string
    own.hide(RegExp, name)
    if (descriptor(RegExp, name) !== undefined) throw new own.Failure(`RegExp.${name} stays`)
  }
  // JSON.parse writes what a reviver returns, and says nothing if an object is frozen; the others tell that one is. Here
  // they throw, and the task is done again with a fresh realm for each split.
  const refused = (): never => {
    throw new own.Failure('not in a shared realm')
  }
  const { parse } = own
  const methods = {
    parse: (text: string, reviver?: unknown) => (reviver === undefined ? parse(text) : refused()),
    isFrozen: (_: unknown) => refused(),
    isSealed: (_: unknown) => refused(),
    isExtensible: (_: unknown) => refused(),
  }
  const { isFrozen } = Object
  own.define(JSON, 'parse', methods.parse)
  own.define(Object, 'isFrozen', methods.isFrozen)
  own.define(Object, 'isSealed', methods.isSealed)
  own.define(Object, 'isExtensible', methods.isExtensible)

  const { Memory } = global['WebAssembly'] as { Memory: new (about: object) => { readonly buffer: object } }
  const segments = new Intl.Segmenter('en').segment('a')
  const iterator = { next: () => ({ value: 0, done: true }) }
  const concat = (Iterator as unknown as { concat?: (...all: unknown[]) => object }).concat
  const hidden: readonly object[] = [
    // A SharedArrayBuffer: its class was removed from the globals, so only an instance leads to it.
    new Memory({ initial: 0, maximum: 0, shared: true }).buffer,
    function* () {},
    async () => undefined,
    async function* () {},
    [][Symbol.iterator](),
    ''[Symbol.iterator](),
    new Map().entries(),
    new Set().entries(),
    ''.matchAll(/a/g),
    segments,
    segments[Symbol.iterator](),
    Iterator.from([]).map(() => 0),
    Iterator.from(iterator),
    concat === undefined ? [] : concat([]),
  ]
  const seen = new Set<object>()
  const found: object[] = []
  const find = (value: unknown): void => {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) return
    seen.add(value)
    found[found.length] = value
  }
  find(global)
  for (let i = 0; i < hidden.length; i++) find(hidden[i])
  for (let i = 0; i < found.length; i++) {
    const object = found[i] as object
    find(prototypeOf(object))
    const keys = ownKeys(object)
    for (let k = 0; k < keys.length; k++) {
      const property = descriptor(object, keys[k] as PropertyKey) as PropertyDescriptor
      find(property.value)
      find(property.get)
      find(property.set)
    }
  }
  for (let i = 0; i < found.length; i++) own.freeze(found[i])
  for (let i = 0; i < found.length; i++) {
    if (!isFrozen(found[i])) throw new own.Failure(`an object of the realm stays open: ${own.tag(found[i])}`)
  }
}
