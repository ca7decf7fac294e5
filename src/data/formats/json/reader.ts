import { isAscii, isUtf8 } from 'node:buffer'
import { assert, ShoalError } from '../../../core/errors.ts'
import type { ByteFeed } from '../feed.ts'
import { ALL_SUSPECTS, jsonRecord, type Numbers, remediesFor, type Suspects, suspectsOf, whyBad } from './record.ts'
import { JsonValues, type JsonDamage } from './values.ts'
import type { Places } from '../places.ts'
import { BAD, type Batch, type RecordReader, type SplitInput, type SplitRead } from '../reader.ts'
import type { RowFactory } from '../rows.ts'
import { withoutBom } from '../text/text-of.ts'
import { textProblem } from '../text/text-problem.ts'

const BOM_BYTES = 3

/**
 * Reads a JSON file whose values share or span lines: the elements of the array that it is, or its values one after the
 * other. Memory: a chunk, and one value, at most LIMITS.recordBytesMax.
 */
export class JsonReader implements RecordReader {
  readonly #factory: RowFactory
  readonly #feed: ByteFeed
  readonly #places: Places
  readonly #numbers: Numbers
  readonly #values = new JsonValues()
  #begun = false
  #ended = false
  /** The beginning of a value that goes on in the next chunk. */
  #carry: Buffer[] = []
  /** Found in the same chunk as what was given last. */
  #next: Batch | null = null

  constructor(input: SplitInput, factory: RowFactory, feed: ByteFeed, places: Places) {
    const { start, end, source, options } = input
    assert(start === 0 && end === source.size, 'a JSON file is one split')
    this.#factory = factory
    this.#feed = feed
    this.#places = places
    this.#numbers = options.numbers
  }

  /** Values before damage come first: what is bad in them is found before it. */
  async next(): Promise<Batch | null> {
    for (;;) {
      const batch = this.#next
      this.#next = null
      if (batch !== null) return batch
      if (this.#values.damage !== null) throw await this.#refusal(this.#values.damage)
      if (this.#ended) return null
      const chunk = await this.#chunk()
      this.#ended = chunk === null
      this.#values.scan(chunk)
      const first = this.#take(chunk ?? Buffer.alloc(0))
      if (first !== null) return first
    }
  }

  facts(): SplitRead {
    return this.#feed.facts()
  }

  async #chunk(): Promise<Buffer | null> {
    const chunk = await this.#feed.next()
    if (this.#begun || chunk === null) return chunk === null ? null : bufferOf(chunk)
    this.#begun = true
    let begin = bufferOf(chunk)
    while (begin.length < BOM_BYTES) {
      const kept = Buffer.from(begin)
      const more = await this.#feed.next()
      if (more === null) return kept
      begin = Buffer.concat([kept, more])
    }
    return withoutBom(begin)
  }

  /** The first batch of the values found in this chunk; a value that began before it is one of its own. */
  #take(chunk: Buffer): Batch | null {
    const { starts, ends, lines, continued, open } = this.#values
    let first: Batch | null = null
    if (continued && ends.length > 0) {
      const whole = Buffer.concat([...this.#carry, chunk.subarray(0, ends[0])])
      first = new JsonValueBatch(whole, [0], [whole.length], [lines[0]!], this.#places, this.#factory, this.#numbers)
      this.#carry = []
      starts.shift()
      ends.shift()
      lines.shift()
    }
    if (ends.length > 0)
      this.#next = new JsonValueBatch(chunk, starts, ends, lines, this.#places, this.#factory, this.#numbers)
    if (open >= 0) this.#carry.push(Buffer.from(chunk.subarray(open)))
    if (first !== null) return first
    const rest = this.#next
    this.#next = null
    return rest
  }

  async #refusal({ line, what, kind }: JsonDamage): Promise<ShoalError> {
    const place = await this.#places.place(line)
    switch (kind) {
      case 'too-long':
        return new ShoalError('RECORD_LIMIT', `${place}: ${what}`, {
          why: 'a value is one record; only a file that is one array has its elements for records',
          try: ['write the records as elements of one array, or one on each line'],
        })
      case 'second-value':
        return new ShoalError('BAD_RECORD', `${place} cannot be read as JSON: ${what}`, {
          why: 'a JSON file that begins with an array is that array, and its elements are the records',
          try: ["format: 'ndjson' for this input, if each line is a record, an array too"],
        })
      case 'damaged':
        return new ShoalError('BAD_RECORD', `${place} cannot be read as JSON: ${what}`, {
          why: 'where one value ends and the next begins cannot be told from here on, so no record can be left out',
          try: ['repair the file, or leave it out of the input', "give the right format, as format: 'ndjson'"],
        })
    }
  }
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Values of one chunk. Its bytes are valid as long as the batch is. */
class JsonValueBatch implements Batch {
  readonly length: number
  readonly #bytes: Buffer
  readonly #starts: readonly number[]
  readonly #ends: readonly number[]
  readonly #lines: readonly number[]
  readonly #places: Places
  readonly #factory: RowFactory
  /** Where all is ASCII: slicing one string is faster than decoding many. */
  readonly #text: string | null
  readonly #broken: boolean
  readonly #suspects: Suspects
  readonly #numbers: Numbers

  constructor(
    bytes: Buffer,
    starts: readonly number[],
    ends: readonly number[],
    lines: readonly number[],
    places: Places,
    factory: RowFactory,
    numbers: Numbers,
  ) {
    this.length = ends.length
    this.#bytes = bytes
    this.#starts = starts
    this.#ends = ends
    this.#lines = lines
    this.#places = places
    this.#factory = factory
    const region = bytes.subarray(starts[0], ends.at(-1))
    this.#text = isAscii(region) ? bytes.toString('latin1', 0, ends.at(-1)) : null
    this.#broken = this.#text === null && !isUtf8(region)
    this.#numbers = numbers
    this.#suspects = this.#text === null ? ALL_SUSPECTS : suspectsOf(this.#text, numbers)
  }

  record(i: number): unknown {
    const text = this.#decode(i)
    return text === null ? BAD : jsonRecord(text, this.#suspects, this.#numbers, this.#factory)
  }

  bad(i: number): string {
    const text = this.#decode(i)
    return text === null ? textProblem(this.raw(i), 'utf-8') : whyBad(text, this.#numbers)
  }

  remedies(i: number): readonly string[] {
    const text = this.#decode(i)
    return text === null ? [] : remediesFor(text, this.#numbers)
  }

  place(i: number): string | Promise<string> {
    return this.#places.place(this.#lines[i]!)
  }

  raw(i: number): string {
    return this.#decode(i) ?? this.#bytes.toString('latin1', this.#starts[i], this.#ends[i])
  }

  /** Null where it is not UTF-8. */
  #decode(i: number): string | null {
    const [start, end] = [this.#starts[i]!, this.#ends[i]!]
    if (this.#text !== null) return this.#text.slice(start, end)
    if (this.#broken && !isUtf8(this.#bytes.subarray(start, end))) return null
    return this.#bytes.toString('utf8', start, end)
  }
}
