/**
 * arrow-rs' Parquet reader as WebAssembly (parquet-wasm): encodings and levels. It is loaded by the first split of a task
 * process that reads Parquet, and by nothing else.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { ArrowArray } from './arrow.ts'
import { freeMemory } from './memory.ts'
import { tableFromIPC } from '@uwdata/flechette'
import type * as ParquetWasm from 'parquet-wasm/esm'

export type Decoder = Pick<typeof ParquetWasm, 'initSync' | 'readParquet'>

let loaded: Promise<Decoder> | null = null
let instances = 0
let codeFile: string | null = null

/** Where the decoder's code lies, for a process that does not find its packages. */
export function keepDecoderAt(file: string): void {
  codeFile = file
}

/** The decoder, for `decode`. A trap leaves an instance in an unknown state: then this gives another one. */
export function loadDecoder(): Promise<Decoder> {
  loaded ??= instantiate()
  return loaded
}

async function instantiate(): Promise<Decoder> {
  const first = ++instances === 1
  // An instance belongs to its module. A task process ends after a failure, and needs no second one.
  const decoder = first
    ? await import('parquet-wasm/esm')
    : ((await import(`${import.meta.resolve('parquet-wasm/esm')}?instance=${instances}`)) as Decoder)
  const file = codeFile ?? fileURLToPath(import.meta.resolve('parquet-wasm/esm/parquet_wasm_bg.wasm'))
  decoder.initSync({ module: readFileSync(file) })
  return decoder
}

/** The decoder ended in a trap: this instance of it is of no more use. */
export class DecoderTrap extends Error {
  constructor() {
    super('its pages are not what they say they are, or too large to decode')
  }
}

/** Rows of a file: so many, behind those that are skipped; at least one. `andNoMore`: the file has no others behind them. */
interface Span {
  readonly skip: number
  readonly rows: number
  readonly andNoMore?: boolean
}

/** Columns that share their memory. Nothing of them may be used after `release`, which gives it back at once. */
export interface Decoded {
  readonly arrays: readonly ArrowArray[]
  release(): void
}

/**
 * Decodes rows of a file of one row group: an array for each of its columns, as long as the rows are many. Throws an
 * Error that says what is wrong with its pages.
 */
export function decode(decoder: Decoder, file: Uint8Array, { skip, rows, andNoMore = false }: Span): Decoded {
  const most = andNoMore ? rows + 1 : rows
  const options = { batchSize: most, offset: skip, limit: most }
  const stream = trapped(() => decoder.readParquet(file, options).intoIPCStream())
  const arrays = tableFromIPC(stream).children.map(({ data }) => data[0] as unknown as ArrowArray | undefined)
  if (!arrays.every((array) => array?.length === rows)) throw new Error(`its pages do not hold ${rows} rows`)
  return { arrays: arrays as ArrowArray[], release: () => freeMemory(stream) }
}

function trapped<T>(act: () => T): T {
  try {
    return act()
  } catch (error) {
    if (error instanceof Error && error.name === 'RuntimeError') {
      loaded = null
      throw new DecoderTrap()
    }
    throw new Error(wordsOf(error))
  }
}

/** What arrow-rs says, without the names of the layers that it came through. */
function wordsOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.replace(/^((Parquet|Arrow)( argument)? error: |EOF: |External: )+/i, '') || 'its pages cannot be decoded'
}
