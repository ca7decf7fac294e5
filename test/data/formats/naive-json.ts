/** An independent reader of whole JSON texts, as simple as can be, and the reader under test over chunks of any size. */
import { JsonReader } from '../../../src/data/formats/json/reader.ts'
import { resolveReadOptions } from '../../../src/data/formats/options.ts'
import { Places } from '../../../src/data/formats/places.ts'
import { BAD } from '../../../src/data/formats/reader.ts'
import { hostRows } from '../../../src/data/formats/rows.ts'
import { sourceOf } from '../../../src/data/formats/source.ts'

const PIECE = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?|true|false|null/y // prettier-ignore

/** Where the value at `at` ends, by recursion over the grammar; throws where there is none. */
function endOfValue(text: string, at: number): number {
  const blanks = (from: number): number => from + /^[ \t\r\n]*/.exec(text.slice(from))![0].length
  const open = text[at]
  if (open !== '{' && open !== '[') {
    PIECE.lastIndex = at
    if (!PIECE.test(text)) throw new Error('no value')
    return PIECE.lastIndex
  }
  const close = open === '{' ? '}' : ']'
  let next = blanks(at + 1)
  if (text[next] === close) return next + 1
  for (;;) {
    if (open === '{') {
      if (text[next] !== '"') throw new Error('no name')
      next = blanks(endOfValue(text, next))
      if (text[next] !== ':') throw new Error('no colon')
      next = blanks(next + 1)
    }
    next = blanks(endOfValue(text, next))
    if (text[next] === close) return next + 1
    if (text[next] !== ',') throw new Error('no comma')
    next = blanks(next + 1)
  }
}

export interface NaiveJson {
  readonly texts: string[]
  /** The line of each value's first character, from 1. */
  readonly lines: number[]
}

/** The values of a file's text; null where it is not entirely right. */
export function naiveJson(file: string): NaiveJson | null {
  const text = file.replace(/^\uFEFF/, '')
  const found: NaiveJson = { texts: [], lines: [] }
  const take = (at: number): number => {
    const end = endOfValue(text, at)
    found.texts.push(text.slice(at, end))
    found.lines.push(text.slice(0, at).split('\n').length)
    return end
  }
  const past = (pattern: RegExp, from: number): number => from + pattern.exec(text.slice(from))![0].length
  try {
    let at = past(/^[ \t\r\n\u001e]*/, 0)
    if (text[at] === '[') {
      const end = endOfValue(text, at)
      if (!/^[ \t\r\n\u001e]*$/.test(text.slice(end))) return null
      at = past(/^[ \t\r\n]*/, at + 1)
      while (at < end - 1) at = past(/^[ \t\r\n,]*/, take(at))
      return found
    }
    while (at < text.length) {
      const end = take(at)
      at = past(/^[ \t\r\n\u001e]*/, end)
      // Only arrays and objects may touch: `1"a"` is more likely damage than two values.
      if (at === end && at < text.length && !/^[}\]][{[]$/.test(text.slice(at - 1, at + 1))) return null
    }
    return found
  } catch {
    return null
  }
}

/** Whether a JSON text has a number, and no integer, that overflows a double. */
export function overflows(text: string): boolean {
  const numbers = text.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""').match(/-?[0-9][0-9.eE+-]*/g) ?? []
  return numbers.some((number) => /[.eE]/.test(number) && !Number.isFinite(Number(number)))
}

export interface JsonRead {
  readonly records: unknown[]
  readonly places: string[]
  readonly raws: string[]
  readonly bad: { readonly place: string; readonly why: string; readonly raw: string }[]
  /** What `next` threw. */
  readonly error: { readonly code: string; readonly message: string } | null
}

/** Reads a JSON file that comes in chunks of these lengths, again and again; each is gone once the next one is there. */
export async function readJson(file: Uint8Array, lengths: readonly number[]): Promise<JsonRead> {
  const source = sourceOf(file)
  const options = resolveReadOptions('a.json', { format: 'json' })
  const input = { source, start: 0, end: file.length, rowGroups: false, headerBytes: 0, options, name: 'd/a.json' }
  const buffer = Buffer.alloc(Math.max(...lengths))
  let [position, chunks] = [0, 0]
  const feed = {
    next: async () => {
      const chunk = file.subarray(position, position + lengths[chunks++ % lengths.length]!)
      position += chunk.length
      buffer.fill('"')
      buffer.set(chunk)
      return chunk.length === 0 ? null : buffer.subarray(0, chunk.length)
    },
    facts: () => {
      throw new Error('not asked for')
    },
  }
  const reader = new JsonReader(input, hostRows, feed, new Places(source, 'd/a.json', 0))
  const read = { records: [] as unknown[], places: [] as string[], raws: [] as string[], bad: [] as JsonRead['bad'] }
  try {
    for (let batch = await reader.next(); batch !== null; batch = await reader.next()) {
      for (let i = 0; i < batch.length; i++) {
        const record = batch.record(i)
        const [place, raw] = [await batch.place(i), batch.raw(i)]
        if (record === BAD) read.bad.push({ place, raw, why: batch.bad(i) })
        else {
          read.records.push(record)
          read.places.push(place)
          read.raws.push(raw)
        }
      }
    }
    return { ...read, error: null }
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    if (code === undefined) throw error
    return { ...read, error: { code, message } }
  }
}
