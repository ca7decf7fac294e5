import type { Intrinsics } from './intrinsics.ts'

/** What the host does for a realm with strings and bytes. It is given and gives primitives, or bytes that are copied. */
export interface WebHost {
  log(text: string): void
  utf8(text: string): Uint8Array
  /** The text, or null if the label is unknown or (fatal) the bytes are no valid text. */
  decode(label: string, fatal: boolean, keepBom: boolean, bytes: Uint8Array): string | null
  /** The encoding's canonical name, or null. */
  encodingOf(label: string): string | null
  /** JSON of the parts of a URL, or null if it is none. */
  url(text: string, base: string | null): string | null
  /** The same after one part was set. */
  urlWith(href: string, part: string, value: string): string
  /** JSON of [name, value] pairs of a query, and back. */
  query(text: string): string
  queryText(pairs: string): string
  atob(text: string): string | null
  btoa(text: string): string | null
}

/** What npm packages expect of any JavaScript host, made inside the realm. Self-contained, see `intrinsics`. */
export function web(own: Intrinsics, host: WebHost): void {
  const { define, global, Failure, TypeFailure, RangeFailure, Bytes } = own
  /** A host function whose errors (a stack overflow in it, say) stay outside. */
  const ask = <T>(work: () => T): T => {
    let answer: T
    try {
      answer = work()
    } catch {
      throw new RangeFailure('Maximum call stack size exceeded')
    }
    return answer
  }
  const required = <T>(value: T | null, name: string, message: string): T => {
    if (value !== null) return value
    const error = new TypeFailure(message)
    define(error, 'name', name)
    throw error
  }

  const show = (value: unknown, depth: number): string => {
    if (typeof value === 'string') return depth === 0 ? value : (own.stringify(value) as string)
    if (typeof value === 'bigint') return `${value}n`
    if (typeof value === 'function') return `[Function ${value.name}]`
    if (typeof value !== 'object' || value === null) return own.text(value)
    const tag = own.tag(value)
    if (tag === '[object Error]') return own.text((value as Error).stack)
    if (tag === '[object Date]')
      return own.time(value as Date) === own.time(value as Date) ? own.iso(value as Date) : 'Invalid Date'
    if (depth > 3) return tag
    const list = own.isArray(value) || own.viewLength(value) !== undefined
    const keys = own.ownKeys(value)
    let text = ''
    for (let i = 0; i < keys.length && i < 100; i++) {
      const key = keys[i] as PropertyKey
      const property = own.descriptor(value, key)
      if (property === undefined || property.enumerable !== true) continue
      const shown = 'value' in property ? show(property.value, depth + 1) : '[Getter]'
      text += `${text === '' ? '' : ', '}${list ? '' : `${own.text(key)}: `}${shown}`
    }
    return list ? `[${text}]` : `${tag === '[object Object]' ? '' : `${tag} `}{${text}}`
  }
  const write = (...values: unknown[]): void => {
    let line = ''
    for (let i = 0; i < values.length; i++) line += (i === 0 ? '' : ' ') + show(values[i], 0)
    ask(() => host.log(`${line}\n`))
  }
  const console = own.create(null)
  const levels = ['log', 'info', 'warn', 'error', 'debug', 'trace']
  for (let i = 0; i < levels.length; i++) console[levels[i] as string] = write
  const silent = [
    'time',
    'timeEnd',
    'timeLog',
    'count',
    'countReset',
    'group',
    'groupCollapsed',
    'groupEnd',
    'table',
    'dir',
    'clear',
  ]
  for (let i = 0; i < silent.length; i++) console[silent[i] as string] = () => undefined
  console['dir'] = write
  console['table'] = write
  console['assert'] = (condition: unknown, ...rest: unknown[]) => {
    if (!condition) write('Assertion failed:', ...rest)
  }
  define(global, 'console', console)

  class TextEncoder {
    get encoding(): string {
      return 'utf-8'
    }
    encode(text: unknown = ''): Uint8Array {
      const string = own.text(text)
      const outside = ask(() => host.utf8(string))
      const bytes = new Bytes(own.viewLength(outside) as number)
      own.setBytes(bytes, outside)
      return bytes
    }
    encodeInto(text: unknown, target: Uint8Array): { read: number; written: number } {
      const string = own.text(text)
      const room = own.viewLength(target) ?? 0
      let read = 0
      let written = 0
      while (read < string.length) {
        const width = (string.codePointAt(read) as number) > 0xffff ? 2 : 1
        const bytes = this.encode(own.slice(string, read, read + width))
        if (written + bytes.length > room) break
        for (let i = 0; i < bytes.length; i++) target[written++] = bytes[i] as number
        read += width
      }
      return { read, written }
    }
  }

  class TextDecoder {
    readonly #label: string
    readonly fatal: boolean
    readonly ignoreBOM: boolean
    constructor(label: unknown = 'utf-8', options: { fatal?: boolean; ignoreBOM?: boolean } = {}) {
      const asked = own.text(label)
      const known = ask(() => host.encodingOf(asked))
      if (known === null) throw new RangeFailure(`The "${asked}" encoding is not supported`)
      this.#label = known
      this.fatal = options.fatal === true
      this.ignoreBOM = options.ignoreBOM === true
    }
    get encoding(): string {
      return this.#label
    }
    decode(source?: unknown, options?: { stream?: boolean }): string {
      if (options?.stream === true)
        throw new Failure('TextDecoder in a job decodes whole values: { stream: true } is not offered')
      if (source === undefined) return ''
      const copy = new Bytes(own.viewOf(source))
      const text = ask(() => host.decode(this.#label, this.fatal, this.ignoreBOM, copy))
      return required(text, 'TypeError', 'The encoded data was not valid')
    }
  }
  define(global, 'TextEncoder', TextEncoder)
  define(global, 'TextDecoder', TextDecoder)
  const base64 = 'InvalidCharacterError'
  define(global, 'atob', (text: unknown) => {
    const string = own.text(text)
    return required(
      ask(() => host.atob(string)),
      base64,
      'The string to be decoded is not correctly encoded.',
    )
  })
  define(global, 'btoa', (text: unknown) => {
    const string = own.text(text)
    return required(
      ask(() => host.btoa(string)),
      base64,
      'The string contains characters outside of the Latin1 range.',
    )
  })
}
