import type { Intrinsics } from './intrinsics.ts'
import type { WebHost } from './web.ts'

interface UrlParts {
  href: string
  origin: string
  protocol: string
  username: string
  password: string
  host: string
  hostname: string
  port: string
  pathname: string
  search: string
  hash: string
}

/** URL and URLSearchParams inside the realm: the host parses, strings cross. Self-contained, see `intrinsics`. */
export function urls(own: Intrinsics, host: WebHost): void {
  const { define, global, TypeFailure, RangeFailure } = own
  const ask = <T>(work: () => T): T => {
    let answer: T
    try {
      answer = work()
    } catch {
      throw new RangeFailure('Maximum call stack size exceeded')
    }
    return answer
  }
  type Pair = [string, string]
  const pairsOf = (text: string): Pair[] => own.parse(ask(() => host.query(text))) as Pair[]
  const changed = Symbol('changed')

  class URLSearchParams {
    #pairs: Pair[] = [];
    [changed]: ((query: string) => void) | null = null
    constructor(init: unknown = '') {
      if (typeof init === 'object' && init !== null) {
        if (typeof (init as Iterable<unknown>)[Symbol.iterator] === 'function') {
          for (const [name, value] of init as Iterable<Pair>)
            this.#pairs[this.#pairs.length] = [own.text(name), own.text(value)]
        } else {
          for (const name of Object.keys(init)) {
            this.#pairs[this.#pairs.length] = [name, own.text((init as Record<string, unknown>)[name])]
          }
        }
      } else {
        this.#pairs = pairsOf(own.text(init))
      }
      Object.defineProperty(this, changed, { enumerable: false })
    }
    #keep(pairs: Pair[]): void {
      this.#pairs = pairs
      this[changed]?.(this.toString())
    }
    get size(): number {
      return this.#pairs.length
    }
    append(name: unknown, value: unknown): void {
      this.#keep([...this.#pairs, [own.text(name), own.text(value)]])
    }
    delete(name: unknown, value?: unknown): void {
      this.#keep(this.#pairs.filter(([n, v]) => n !== own.text(name) || (value !== undefined && v !== own.text(value))))
    }
    get(name: unknown): string | null {
      return this.#pairs.find(([n]) => n === own.text(name))?.[1] ?? null
    }
    getAll(name: unknown): string[] {
      return this.#pairs.filter(([n]) => n === own.text(name)).map(([, v]) => v)
    }
    has(name: unknown, value?: unknown): boolean {
      return this.#pairs.some(([n, v]) => n === own.text(name) && (value === undefined || v === own.text(value)))
    }
    set(name: unknown, value: unknown): void {
      const [n, v] = [own.text(name), own.text(value)]
      const at = this.#pairs.findIndex((pair) => pair[0] === n)
      if (at < 0) return this.append(n, v)
      this.#keep(this.#pairs.flatMap((pair, i): Pair[] => (i === at ? [[n, v]] : pair[0] === n ? [] : [pair])))
    }
    sort(): void {
      this.#keep(this.#pairs.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
    }
    forEach(each: (value: string, name: string, params: URLSearchParams) => void): void {
      for (const [name, value] of this.#pairs) each(value, name, this)
    }
    *entries(): IterableIterator<Pair> {
      for (const [name, value] of this.#pairs) yield [name, value]
    }
    *keys(): IterableIterator<string> {
      for (const [name] of this.#pairs) yield name
    }
    *values(): IterableIterator<string> {
      for (const [, value] of this.#pairs) yield value
    }
    [Symbol.iterator](): IterableIterator<Pair> {
      return this.entries()
    }
    toString(): string {
      const text = own.stringify(this.#pairs) as string
      return ask(() => host.queryText(text))
    }
  }

  const parse = (text: string, base: string | null): UrlParts | null => {
    const parts = ask(() => host.url(text, base))
    return parts === null ? null : (own.parse(parts) as UrlParts)
  }
  let partOf: (url: unknown, part: keyof UrlParts) => string = () => ''
  let setPart: (url: unknown, part: string, value: unknown) => void = () => undefined
  class URL {
    #parts: UrlParts
    #query: URLSearchParams | null = null
    static {
      partOf = (url, part) => (url as URL).#parts[part]
      setPart = (url, part, value) => {
        ;(url as URL).#set(part, own.text(value))
        if (part === 'search' || part === 'href') (url as URL).#query = null
      }
    }
    constructor(text: unknown, base?: unknown) {
      const parts = parse(own.text(text), base === undefined ? null : own.text(base))
      if (parts === null) throw new TypeFailure('Invalid URL')
      this.#parts = parts
    }
    static canParse(text: unknown, base?: unknown): boolean {
      return parse(own.text(text), base === undefined ? null : own.text(base)) !== null
    }
    static parse(text: unknown, base?: unknown): URL | null {
      return URL.canParse(text, base) ? new URL(text, base) : null
    }
    get searchParams(): URLSearchParams {
      if (this.#query === null) {
        this.#query = new URLSearchParams(this.#parts.search)
        this.#query[changed] = (query) => this.#set('search', query)
      }
      return this.#query
    }
    #set(part: string, value: string): void {
      const { href } = this.#parts
      const parts =
        part === 'href' ? parse(value, null) : (own.parse(ask(() => host.urlWith(href, part, value))) as UrlParts)
      if (parts === null) throw new TypeFailure('Invalid URL')
      this.#parts = parts
    }
    toString(): string {
      return this.#parts.href
    }
    toJSON(): string {
      return this.#parts.href
    }
  }
  const names = [
    'href',
    'origin',
    'protocol',
    'username',
    'password',
    'host',
    'hostname',
    'port',
    'pathname',
    'search',
    'hash',
  ]
  for (const name of names as (keyof UrlParts)[]) {
    const get = function (this: unknown): unknown {
      return partOf(this, name)
    }
    const set = function (this: unknown, value: unknown): void {
      setPart(this, name, value)
    }
    const access = { get, enumerable: true, configurable: true }
    Reflect.defineProperty(URL.prototype, name, name === 'origin' ? access : { ...access, set })
  }
  define(global, 'URL', URL)
  define(global, 'URLSearchParams', URLSearchParams)
}
