import type { Cuts, ReadOptions } from '../core/types.ts'
import { resolveReadOptions, type ResolvedReadOptions } from '../data/formats/options.ts'
import type { DescribedShard } from './body.ts'
import { finishes } from './finishes.ts'
import { lookInto, type ContentRequest } from './content.ts'
import type { Files } from './files.ts'

/** What is remembered of shards described by options: enough for one submission to ask again and again. */
const REMEMBERED_MAX = 100_000

/**
 * What cuts depend on, as a key: two readings of equal key cut a shard alike. null where the options have no meaning
 * for the file (the submission is refused for that, see `snapshot.ts`).
 */
function cutsKey(path: string, options: ReadOptions): string | null {
  let resolved: ResolvedReadOptions
  try {
    resolved = resolveReadOptions(path, options)
  } catch {
    return null
  }
  const { format, compression, header, delimiter, quote, encoding } = resolved
  const tabular = format === 'csv' || format === 'tsv'
  return JSON.stringify(tabular ? ['csv', compression, header, delimiter, quote, encoding] : [format, compression])
}

/** Whether these options cut the shard otherwise than its name alone says. Throws USAGE where they have no meaning. */
export function cutsOtherwise(path: string, options: ReadOptions): boolean {
  if (Object.keys(options).length === 0) return false
  resolveReadOptions(path, options)
  return cutsKey(path, options) !== cutsKey(path, {})
}

/** Describes shards by the options of a submission's input; results are kept while the files stay what they are. */
export class DescribeAs {
  readonly #files: Files
  readonly #stopped: AbortSignal
  readonly #moved: () => void
  readonly #known = new Map<string, Cuts>()
  readonly #running = new Map<string, Promise<Cuts | null>>()

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
    requests: readonly { readonly root: string; readonly request: ContentRequest }[],
    options: ReadOptions,
    signal: AbortSignal,
  ): Promise<DescribedShard[]> {
    const shards: DescribedShard[] = []
    for (const { root, request } of requests) {
      const { path, witness } = request
      const reading = cutsKey(path, options)
      if (reading === null || reading === cutsKey(path, {})) continue
      const key = `${root}/${reading}/${Object.values(witness).join(':')}`
      if (!this.#known.has(key) && !(await finishes(this.#look(key, request, options), signal))) break
      const cuts = this.#known.get(key)
      if (cuts !== undefined) shards.push({ root, path, witness, cuts })
    }
    return shards
  }

  async #look(key: string, request: ContentRequest, options: ReadOptions): Promise<void> {
    const running = this.#running.get(key) ?? this.#start(request, options)
    this.#running.set(key, running)
    try {
      const cuts = await running
      if (this.#known.size >= REMEMBERED_MAX) this.#known.clear()
      if (cuts !== null) this.#known.set(key, cuts)
    } finally {
      this.#running.delete(key)
    }
  }

  async #start(request: ContentRequest, options: ReadOptions): Promise<Cuts | null> {
    const content = await lookInto(this.#files, { ...request, options, hash: false }, this.#stopped, this.#moved)
    return content.kind === 'offered' ? content.cuts : null
  }
}
