import { codeOf, makeFolder } from './durable.ts'

/** Folders remembered to be there; more are looked for anew. */
const KNOWN_MAX = 10_000

/**
 * Folders of a home that are known to be there, and durable: most writes go where others went before. What somebody
 * takes away from outside shows when it is used, and is made again.
 */
export class Folders {
  readonly #known = new Set<string>()
  /** They are made one after the other, so that whoever finds one there finds it durable. */
  #last: Promise<unknown> = Promise.resolve()

  async make(folder: string): Promise<void> {
    if (this.#known.has(folder)) return
    const made = this.#last.then(() => makeFolder(folder))
    this.#last = made.catch(() => undefined)
    await made
    if (this.#known.size >= KNOWN_MAX) this.#known.clear()
    this.#known.add(folder)
  }

  /** Does work that needs the folder; once more where it turns out to be gone. */
  async within<T>(folder: string, work: () => Promise<T>): Promise<T> {
    await this.make(folder)
    try {
      return await work()
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error
      this.forget(folder)
      await this.make(folder)
      return await work()
    }
  }

  /** It goes, with all that is in it. */
  forget(folder: string): void {
    for (const known of this.#known) if (known === folder || known.startsWith(`${folder}/`)) this.#known.delete(known)
  }
}
