import { ShoalError } from '../../../core/errors.ts'
import { LIMITS } from '../../../core/limits.ts'
import type { Bytes } from '../../../core/types.ts'
import { CompressedInput } from './compressed-input.ts'
import { whyDamaged } from './damage.ts'
import type { ByteFeed } from '../feed.ts'
import { gzipMembers } from './gzip-members.ts'
import type { SplitRead } from '../reader.ts'
import type { RandomAccess } from '../source.ts'
import { zstdFrames } from './zstd-stream.ts'

/**
 * The decompressed bytes of a whole gzip file (all its members, RFC 1952) or zstd file (all its frames), in bounded
 * memory. Rejects with DAMAGED where it is truncated, a checksum is wrong, or bytes follow that do not belong to it;
 * after gzip members zero bytes may follow, as tapes pad so and gzip(1) allows it. An empty file is truncated.
 * A zstd file is refused with FILE_KIND where it needs a dictionary, or a window that is not read here, and with
 * TASK_MEMORY where its window would take more than `windowBytesMax`.
 */
export class DecompressedFeed implements ByteFeed {
  readonly #name: string
  readonly #kind: 'gzip' | 'zstd'
  readonly #input: CompressedInput
  readonly #output: AsyncGenerator<Uint8Array, void, undefined>

  constructor(
    source: RandomAccess,
    name: string,
    kind: 'gzip' | 'zstd',
    windowBytesMax: Bytes = LIMITS.zstdWindowDefault,
  ) {
    this.#name = name
    this.#kind = kind
    this.#input = new CompressedInput(source, name)
    this.#output = kind === 'gzip' ? gzipMembers(this.#input) : zstdFrames(this.#input, name, windowBytesMax)
  }

  async next(): Promise<Uint8Array | null> {
    for (;;) {
      const { value, done } = await this.#output.next().catch((error: unknown) => {
        throw this.#explain(error)
      })
      if (done === true) return null
      if (value.length > 0) return value
    }
  }

  facts(): SplitRead {
    return this.#input.facts()
  }

  #explain(error: unknown): unknown {
    const why = whyDamaged(error)
    if (why === null) return error
    return new ShoalError('DAMAGED', `${this.#name} is damaged`, {
      why: `as ${this.#kind}: ${why}`,
      try: [`restore the file from a good copy; \`${this.#kind} -t FILE\` checks it`, 'leave it out of the input'],
      cause: error,
    })
  }
}
