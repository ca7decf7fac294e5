import { constants } from 'node:fs'
import { HomeFile } from './home-file.ts'

/**
 * A name (of a new, renamed or removed file) is on disk only when the folder that holds it is. Names that are made while a
 * folder is being synced share the next sync.
 */
export class FolderSyncs {
  readonly #near: boolean
  readonly #running = new Map<string, Promise<void>>()
  readonly #next = new Map<string, Promise<void>>()

  constructor(near: boolean) {
    this.#near = near
  }

  /** Resolves when all names that the folder had at the call are on disk. */
  sync(folder: string): Promise<void> {
    const waiting = this.#next.get(folder)
    if (waiting !== undefined) return waiting
    const running = this.#running.get(folder)
    if (running === undefined) return this.#run(folder)
    const next = running
      .catch(() => undefined)
      .then(() => {
        this.#next.delete(folder)
        return this.#run(folder)
      })
    this.#next.set(folder, next)
    return next
  }

  #run(folder: string): Promise<void> {
    const running = this.#sync(folder).finally(() => {
      if (this.#running.get(folder) === running) this.#running.delete(folder)
    })
    this.#running.set(folder, running)
    return running
  }

  async #sync(folder: string): Promise<void> {
    const file = await HomeFile.open(folder, constants.O_RDONLY | constants.O_DIRECTORY, this.#near)
    try {
      await file.sync()
    } finally {
      await file.close()
    }
  }
}
