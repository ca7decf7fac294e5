import type { JobId } from '../../core/types.ts'

/** A file under this home that is not what was written there. */
export interface DamagedFile {
  /** Relative to home. */
  readonly file: string
  /** What it means, and what is done about it. */
  readonly what: string
  readonly job: JobId | null
}

/**
 * What was found damaged on this node's disk and is not mended yet. Each find is said once: to the operator, and in the
 * story of the job that the file belongs to.
 */
export class Damage {
  readonly #listeners: ((found: DamagedFile) => void)[] = []
  readonly #files = new Map<string, DamagedFile>()

  /** Calls back with each find, those of before included. */
  listen(listener: (found: DamagedFile) => void): void {
    this.#listeners.push(listener)
    for (const found of this.#files.values()) listener(found)
  }

  found(file: string, what: string, job: JobId | null = null): void {
    if (this.#files.has(file)) return
    const found = { file, what, job }
    this.#files.set(file, found)
    for (const listener of this.#listeners) listener(found)
  }

  /** The file, or all in this folder, was written anew, or is needed no more. */
  mended(name: string): void {
    for (const file of this.#files.keys()) if (file === name || file.startsWith(`${name}/`)) this.#files.delete(file)
  }

  list(): DamagedFile[] {
    return [...this.#files.values()]
  }
}
