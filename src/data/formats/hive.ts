import { isUtf8 } from 'node:buffer'
import { ShoalError } from '../../core/errors.ts'
import { BAD, type Batch, type OpenRecords, type RecordReader, type SplitInput, type SplitRead } from './reader.ts'
import type { ConstantField, RowFactory } from './rows.ts'

/** A field that comes from a folder `name=value`. */
export interface HiveField {
  readonly name: string
  readonly value: string | null
  /** As it is called. */
  readonly folder: string
}

/** How writers of the Hive family call the folder of null. */
const NULL_FOLDER = '__HIVE_DEFAULT_PARTITION__'
const REMEDY = 'leave hive out of the input: ctx.shard.path has the folders'

/**
 * The fields that the folders of a shard give, from the dataset's root on; `place` is `dataset/path`. Names and values
 * are percent-decoded; a percent sign that begins no escape is itself, as Hive reads it.
 * @throws ShoalError BAD_RECORD where a folder cannot be decoded, or two give one field.
 */
export function hiveFields(place: string): HiveField[] {
  const fields: HiveField[] = []
  for (const folder of place.split('/').slice(1, -1)) {
    const equals = folder.indexOf('=')
    if (equals <= 0) continue
    const name = decoded(folder.slice(0, equals), folder, place)
    const text = folder.slice(equals + 1)
    const other = fields.find((field) => field.name === name)
    if (other !== undefined)
      throw refuse(place, `its folders ${shown(other.folder)} and ${shown(folder)} give one field`)
    fields.push({ name, value: text === NULL_FOLDER ? null : decoded(text, folder, place), folder })
  }
  return fields
}

function decoded(text: string, folder: string, place: string): string {
  return text.replaceAll(/(?:%[0-9a-fA-F]{2})+/g, (escapes) => {
    const bytes = Buffer.from(escapes.replaceAll('%', ''), 'hex')
    if (!isUtf8(bytes)) throw refuse(place, `its folder ${shown(folder)} is no UTF-8 once it is percent-decoded`)
    return bytes.toString()
  })
}

const shown = (text: string): string => JSON.stringify(text)

function refuse(place: string, why: string): ShoalError {
  return new ShoalError('BAD_RECORD', `${place} cannot be read with hive: ${why}`, {
    try: [REMEDY, 'rename the folder'],
  })
}

/**
 * Reads records with the fields of their shard's folders added. A record that is no object, or has such a field itself,
 * is bad: which of the two is meant is not to be guessed.
 */
export class HiveReader implements RecordReader {
  readonly #input: SplitInput
  readonly #factory: RowFactory
  readonly #open: OpenRecords
  #inner: RecordReader | null = null
  #fields: readonly HiveField[] = []
  #add: (object: object) => object = (object) => object
  /** A field that all rows have by their columns, too. */
  #clash: HiveField | null = null

  constructor(input: SplitInput, factory: RowFactory, open: OpenRecords) {
    this.#input = input
    this.#factory = factory
    this.#open = open
  }

  async next(): Promise<Batch | null> {
    this.#inner ??= this.#begin()
    const batch = await this.#inner.next()
    if (batch === null || this.#fields.length === 0) return batch
    const { format } = this.#input.options
    if (format === 'json' || format === 'ndjson') return new HiveBatch(batch, this.#fields, this.#add)
    return this.#clash === null ? batch : new ClashBatch(batch, this.#clash)
  }

  facts(): SplitRead {
    this.#inner ??= this.#begin()
    return this.#inner.facts()
  }

  #begin(): RecordReader {
    this.#fields = hiveFields(this.#input.name)
    this.#add = this.#factory.adding(constantsOf(this.#fields))
    return this.#open(this.#input, { ...this.#factory, row: (columns) => this.#row(columns) })
  }

  /** Rows of columns have the fields in their literal: they cost no more than other columns. */
  #row(columns: readonly string[] | null): (fields: readonly unknown[]) => unknown {
    const names = new Set(columns)
    this.#clash = this.#fields.find(({ name }) => names.has(name)) ?? null
    if (this.#clash !== null) return this.#factory.row(columns)
    return this.#factory.row(columns, constantsOf(this.#fields))
  }
}

function constantsOf(fields: readonly HiveField[]): ConstantField[] {
  return fields.map(({ name, value }) => [name, value])
}

/** A batch of which records that can be read may be bad all the same. */
abstract class JudgedBatch implements Batch {
  readonly length: number
  protected readonly inner: Batch

  constructor(inner: Batch) {
    this.inner = inner
    this.length = inner.length
  }

  abstract record(i: number): unknown
  /** Why this record, which is not BAD, is bad. */
  protected abstract why(record: unknown): string

  bad(i: number): string {
    const record = this.inner.record(i)
    return record === BAD ? this.inner.bad(i) : this.why(record)
  }

  remedies(i: number): readonly string[] {
    return this.inner.record(i) === BAD ? (this.inner.remedies?.(i) ?? []) : [REMEDY]
  }

  place(i: number): string | Promise<string> {
    return this.inner.place(i)
  }

  raw(i: number): string {
    return this.inner.raw(i)
  }
}

const clashText = ({ name, folder }: HiveField): string =>
  `it has a field ${shown(name)} itself, and its folder ${shown(folder)} gives another one (hive)`

/** Rows that all have a field of the folder's name. */
class ClashBatch extends JudgedBatch {
  readonly #clash: HiveField

  constructor(inner: Batch, clash: HiveField) {
    super(inner)
    this.#clash = clash
  }

  record(_i: number): unknown {
    return BAD
  }

  protected why(): string {
    return clashText(this.#clash)
  }
}

/** JSON values, which have what fields they have. */
class HiveBatch extends JudgedBatch {
  readonly #fields: readonly HiveField[]
  readonly #add: (object: object) => object

  constructor(inner: Batch, fields: readonly HiveField[], add: (object: object) => object) {
    super(inner)
    this.#fields = fields
    this.#add = add
  }

  record(i: number): unknown {
    const record = this.inner.record(i)
    if (record === BAD || !isObject(record)) return BAD
    const fields = this.#fields
    for (let f = 0; f < fields.length; f++) if (Object.hasOwn(record, fields[f]!.name)) return BAD
    return this.#add(record)
  }

  protected why(record: unknown): string {
    if (!isObject(record)) return 'it is no object, and has no room for the fields of its folders (hive)'
    const clash = this.#fields.find(({ name }) => Object.hasOwn(record, name))
    return clash === undefined ? '' : clashText(clash)
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
