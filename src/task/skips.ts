import { LIMITS } from '../core/limits.ts'
import type { Skips, SkipSample } from '../core/types.ts'
import { cutText } from './failure.ts'

/** The skipped records of one split: all counted, the first few kept as samples. */
export class SkipBook {
  #count = 0
  readonly #samples: SkipSample[] = []

  /** `sample` is asked only for those that are kept. */
  async add(sample: () => SkipSample | Promise<SkipSample>): Promise<void> {
    this.#count++
    if (this.#samples.length >= LIMITS.skipSamplesPerSplit) return
    const { place, reason, record } = await sample()
    const cut = (text: string): string => cutText(text, LIMITS.skipTextBytesMax)
    this.#samples.push({ place, reason: cut(reason), record: cut(record) })
  }

  get facts(): Skips {
    return { count: this.#count, samples: this.#samples }
  }
}

/**
 * The samples of one task's splits, in their order: as many as a job shows. More would never be seen, and make the
 * manifest of many small files too large to send.
 */
export class TaskSamples {
  #left = LIMITS.skipSamplesPerJob

  take({ count, samples }: Skips): Skips {
    const taken = samples.slice(0, this.#left)
    this.#left -= taken.length
    return { count, samples: taken }
  }
}
