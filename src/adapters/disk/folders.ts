import { statSync } from 'node:fs'
import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { codeOf, FOLDER_MODE } from './durable.ts'
import { FolderSyncs } from './folder-syncs.ts'

/** Folders remembered to be there; more are looked for anew. */
const KNOWN_MAX = 10_000

/** A folder that is just being made. */
interface Making {
  /** It can be used. */
  readonly there: Promise<void>
  /** Its name, and all names above it, are on disk. */
  readonly durable: Promise<void>
}

const MADE: Making = { there: Promise.resolve(), durable: Promise.resolve() }

/**
 * Folders of a home that are known to be there, and durable: most writes go where others went before. What somebody
 * takes away from outside shows when it is used, and is made again.
 */
export class Folders {
  readonly syncs: FolderSyncs
  readonly #near: boolean
  readonly #known = new Set<string>()
  readonly #making = new Map<string, Making>()

  constructor(near: boolean) {
    this.#near = near
    this.syncs = new FolderSyncs(near)
  }

  /** Makes a folder and what is missing above it; each new name is on disk when this resolves. */
  make(folder: string): Promise<void> {
    return this.#make(folder).durable
  }

  /**
   * Does work that makes a name in a folder, which is made if need be; once more where the folder turns out to be gone.
   * Resolves when both names are on disk.
   */
  async naming<T>(folder: string, work: () => Promise<T>): Promise<T> {
    const result = await this.within(folder, work)
    await this.syncs.sync(folder)
    return result
  }

  /** As `naming`, for work that may make no new name. */
  async within<T>(folder: string, work: () => Promise<T>): Promise<T> {
    try {
      return await this.#in(folder, work)
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error
      this.forget(folder)
      return this.#in(folder, work)
    }
  }

  async #in<T>(folder: string, work: () => Promise<T>): Promise<T> {
    const { there, durable } = this.#make(folder)
    await there
    const [result] = await Promise.all([work(), durable])
    return result
  }

  /** It goes, with all that is in it. */
  forget(folder: string): void {
    for (const known of this.#known) if (known === folder || known.startsWith(`${folder}/`)) this.#known.delete(known)
  }

  /**
   * Whoever finds one that is being made waits for it. It climbs by itself, as Node's recursive mkdir never ends where the
   * system refuses with ENOENT below a folder that is there (/proc).
   */
  #make(folder: string): Making {
    if (this.#known.has(folder)) return MADE
    const making = this.#making.get(folder)
    if (making !== undefined) return making
    const above = dirname(folder)
    let parent = MADE
    const there = this.#isFolder(folder).then(async (isThere) => {
      if (isThere) return false
      if (above !== folder) parent = this.#make(above)
      await parent.there
      try {
        await this.#mkdir(folder)
      } catch (error) {
        if (codeOf(error) !== 'ENOENT') throw error
        // The one above was known, and is gone.
        this.forget(above)
        parent = this.#make(above)
        await parent.there
        await this.#mkdir(folder)
      }
      return true
    })
    const durable = there.then(async (isNew) => {
      await Promise.all([parent.durable, isNew ? this.syncs.sync(above) : undefined])
      if (this.#known.size >= KNOWN_MAX) this.#known.clear()
      this.#known.add(folder)
    })
    const made = { there: there.then(() => undefined), durable: durable.finally(() => this.#making.delete(folder)) }
    made.there.catch(() => undefined)
    made.durable.catch(() => undefined)
    this.#making.set(folder, made)
    return made
  }

  async #mkdir(folder: string): Promise<void> {
    try {
      await mkdir(folder, { mode: FOLDER_MODE })
    } catch (error) {
      if (codeOf(error) !== 'EEXIST' || !(await this.#isFolder(folder))) throw error
    }
  }

  async #isFolder(path: string): Promise<boolean> {
    try {
      return (this.#near ? statSync(path) : await stat(path)).isDirectory()
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return false
      throw error
    }
  }
}
