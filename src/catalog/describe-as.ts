import type { Look } from '../core/look.ts'
import type { ReadOptions } from '../core/types.ts'
import { isUtf16 } from '../data/formats/text/encodings.ts'
import { resolveReadOptions, type ResolvedReadOptions } from '../data/formats/options.ts'
import type { DescribedShard } from './body.ts'
import { ColumnTexts } from './column-texts.ts'
import { finishes } from './finishes.ts'
import { lookInto, type ContentRequest } from './content.ts'
import type { Files } from './files.ts'

/** What is remembered of shards described by options: enough for one submission to ask again and again. */
const REMEMBERED_MAX = 100_000

/**
 * What cuts depend on, as a key: two readings of equal key cut a shard alike. null where the options have no meaning
 * for the file (the submission is refused for that, see `snapshot.ts`).
 */
function cutsKey(path: string, options: ReadOptions, look: Look | undefined): string | null {
  let resolved: ResolvedReadOptions
  try {
    resolved = resolveReadOptions(path, options, look)
  } catch {
    return null
  }
  const { format, compression, lineEnd, encoding, ...rest } = resolved
  const { nulls: _nulls, fill: _fill, numbers: _numbers, ...marks } = rest
  const { timestamps: _timestamps, maps: _maps, hive: _hive, ...dialect } = marks
  if (format === 'csv' || format === 'tsv') return JSON.stringify([compression, lineEnd, encoding, dialect])
  const shape = format === 'text' || format === 'ndjson' ? 'lines' : format
  return JSON.stringify([shape, compression, lineEnd, isUtf16(encoding)])
}

/** Whether these options cut the shard otherwise than its name and look alone say. Throws USAGE where they have no meaning. */
export function cutsOtherwise(path: string, options: ReadOptions, look: Look | undefined): boolean {
  if (Object.keys(options).length === 0) return false
  resolveReadOptions(path, options, look)
  return cutsKey(path, options, look) !== cutsKey(path, {}, look)
}

/** A file to describe, and what was found in it. */
export interface ShardToDescribe {
  readonly root: string
  readonly request: ContentRequest
  readonly look: Look | undefined
}

type Description = Pick<DescribedShard, 'cuts' | 'columns' | 'doubt'>

/** Describes shards by the options of a submission's input; results are kept while the files stay what they are. */
export class DescribeAs {
  readonly #files: Files
  readonly #stopped: AbortSignal
  readonly #moved: () => void
  readonly #known = new Map<string, Description>()
  readonly #texts = new ColumnTexts()
  readonly #running = new Map<string, Promise<Description | null>>()

  constructor(files: Files, stopped: AbortSignal, moved: () => void) {
    this.#files = files
    this.#stopped = stopped
    this.#moved = moved
  }

  /**
   * One after the other, in order; when the signal fires, what there is so far, while the file under way goes on for
   * whoever asks next. Files that the options do not cut otherwise than their names, that changed, or that cannot be
   * read, are left out.
   */
  async describe(
    requests: readonly ShardToDescribe[],
    options: ReadOptions,
    signal: AbortSignal,
  ): Promise<DescribedShard[]> {
    const shards: DescribedShard[] = []
    for (const { root, request, look } of requests) {
      const { path, witness } = request
      const reading = cutsKey(path, options, look)
      if (reading === null || reading === cutsKey(path, {}, look)) continue
      const key = `${root}/${reading}/${Object.values(witness).join(':')}`
      if (!this.#known.has(key) && !(await finishes(this.#look(key, request, options), signal))) break
      const description = this.#known.get(key)
      if (description !== undefined) shards.push({ root, path, witness, ...description })
    }
    return shards
  }

  async #look(key: string, request: ContentRequest, options: ReadOptions): Promise<void> {
    const running = this.#running.get(key) ?? this.#start(request, options)
    this.#running.set(key, running)
    try {
      const description = await running
      if (this.#known.size >= REMEMBERED_MAX) {
        this.#known.clear()
        this.#texts.keepOnly([])
      }
      if (description !== null) this.#known.set(key, description)
    } finally {
      this.#running.delete(key)
    }
  }

  async #start(request: ContentRequest, options: ReadOptions): Promise<Description | null> {
    const content = await lookInto(this.#files, { ...request, options, hash: false }, this.#stopped, this.#moved)
    if (content.kind !== 'offered') return null
    const { cuts, columns, doubt } = content
    return { cuts, ...this.#texts.of(columns), ...(doubt === undefined ? {} : { doubt }) }
  }
}
