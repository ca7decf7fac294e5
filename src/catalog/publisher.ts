import { reasonOf } from '../words/reason.ts'
import { LIMITS } from '../core/limits.ts'
import type { Clock } from '../ports.ts'
import type { CatalogBody } from './body.ts'

export interface PublisherOptions {
  readonly clock: Clock
  readonly body: (version: number) => CatalogBody
  /** Resolves when all that `body` has just told, and the version, are on disk. */
  readonly save: (version: number) => Promise<void>
  readonly published: (version: number) => void
  /** Changes are published when someone waits for it (`flush`), and not by themselves: nobody else looks. */
  readonly onlyFlushed?: boolean
}

/** Publishing a large catalog blocks the event loop: it may take at most one part in so many of the time. */
const SHARE = 10

/**
 * Turns changes into versions: many at once into one, each on disk before it is published. What cannot be saved is not
 * published; it is tried again, and `flush` rejects with the cause.
 */
export class Publisher {
  readonly #options: PublisherOptions
  #body: CatalogBody = { version: 0, datasets: [] }
  #version = 0
  /** Changes so far, and how many of them are published. */
  #changes = 0
  #published = 0
  #running: Promise<void> | null = null
  #timer: NodeJS.Timeout | null = null
  #delayMs: number = LIMITS.catalogPublishMs
  #trouble: string | null = null
  #stopped = false

  constructor(options: PublisherOptions) {
    this.#options = options
  }

  /** Versions go on from the one that was last saved. */
  resume(version: number): void {
    this.#version = version
    this.#body = this.#options.body(version)
  }

  get body(): CatalogBody {
    return this.#body
  }

  /** Why the last try to publish failed, or null. */
  get trouble(): string | null {
    return this.#trouble
  }

  changed(): void {
    this.#changes++
    this.#schedule()
  }

  /** Resolves when every change so far is published. */
  async flush(): Promise<void> {
    const wanted = this.#changes
    while (this.#published < wanted && !this.#stopped) await (this.#running ??= this.#publish())
  }

  async stop(): Promise<void> {
    this.#stopped = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    await this.#running?.catch(() => undefined)
  }

  #schedule(): void {
    if (this.#options.onlyFlushed === true || this.#stopped) return
    if (this.#timer !== null || this.#running !== null) return
    this.#timer = setTimeout(() => {
      this.#timer = null
      // A failure is shown as trouble, and `publish` has scheduled the next try.
      this.flush().catch(() => undefined)
    }, this.#delayMs).unref()
  }

  async #publish(): Promise<void> {
    const began = this.#options.clock.now()
    const version = this.#version + 1
    const changes = this.#changes
    try {
      const body = this.#options.body(version)
      await this.#options.save(version)
      this.#version = version
      this.#body = body
      this.#published = changes
      this.#trouble = null
    } catch (error) {
      this.#trouble = `the catalog cannot be saved: ${reasonOf(error, 'the disk does not take it')}`
      throw error
    } finally {
      this.#running = null
      this.#delayMs = Math.max(LIMITS.catalogPublishMs, SHARE * (this.#options.clock.now() - began))
      if (this.#published < this.#changes) this.#schedule()
    }
    if (!this.#stopped) this.#options.published(version)
  }
}
