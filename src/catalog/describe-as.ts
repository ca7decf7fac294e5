import type { Cuts, ReadOptions } from '../core/types.ts'
import { resolveReadOptions, type ResolvedReadOptions } from '../data/formats/options.ts'
import type { DescribedShard } from './body.ts'
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
  readonly #moved: () => void
  readonly #known = new Map<string, Cuts>()

  constructor(files: Files, moved: () => void) {
    this.#files = files
    this.#moved = moved
  }

  /**
   * One after the other, in order; when the signal fires, what there is so far. Files that the options do not read
   * otherwise than by name, that changed, or that cannot be read, are left out.
   */
  async describe(
    requests: readonly { readonly root: string; readonly request: ContentRequest }[],
    options: ReadOptions,
    signal: AbortSignal,
  ): Promise<DescribedShard[]> {
    const shards: DescribedShard[] = []
    for (const { root, request } of requests) {
      const key = cutsKey(request.path, options)
      if (key === null || key === cutsKey(request.path, {})) continue
      const cuts = await this.#cuts(
        `${root}/${key}/${Object.values(request.witness).join(':')}`,
        request,
        options,
        signal,
      )
      if (cuts !== null) shards.push({ root, path: request.path, witness: request.witness, cuts })
      if (signal.aborted) break
    }
    return shards
  }

  async #cuts(key: string, request: ContentRequest, options: ReadOptions, signal: AbortSignal): Promise<Cuts | null> {
    const known = this.#known.get(key)
    if (known !== undefined) return known
    try {
      const content = await lookInto(this.#files, { ...request, options, hash: false }, signal, this.#moved)
      if (content.kind !== 'offered') return null
      if (this.#known.size >= REMEMBERED_MAX) this.#known.clear()
      this.#known.set(key, content.cuts)
      return content.cuts
    } catch (error) {
      if (signal.aborted) return null
      throw error
    }
  }
}
