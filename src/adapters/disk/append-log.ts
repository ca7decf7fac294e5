import { constants } from 'node:fs'
import { dirname } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { codeOf } from './durable.ts'
import type { Folders } from './folders.ts'
import { durableFlag, HomeFile } from './home-file.ts'

interface Append {
  readonly bytes: Uint8Array
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * One log file with group commit: appends that are waiting when a flush begins are written in call order and share
 * one fsync. After a failed write or fsync the file is cut back to the length before, so that no later append follows
 * a torn one; until that has worked, every append is refused with the cause. (A crash can leave a torn last append,
 * one that never resolved: who reads a log back checks its last record.)
 */
export class AppendLog {
  readonly #path: string
  readonly #folders: Folders
  readonly #near: boolean
  #waiting: Append[] = []
  #flushing: Promise<void> | null = null
  /** The length to cut back to, after a failure whose repair failed too. */
  #torn: number | null = null

  constructor(path: string, folders: Folders, near: boolean) {
    this.#path = path
    this.#folders = folders
    this.#near = near
  }

  /** True while nothing is under way and nothing is to be repaired: the object may be forgotten. */
  get idle(): boolean {
    return this.#flushing === null && this.#torn === null
  }

  append(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ bytes, resolve, reject })
      this.#flushing ??= this.#flush()
    })
  }

  async #flush(): Promise<void> {
    await setImmediate()
    while (this.#waiting.length > 0) {
      const group = this.#waiting
      this.#waiting = []
      try {
        await this.#write(group)
        for (const { resolve } of group) resolve()
      } catch (error) {
        for (const { reject } of group) reject(error)
      }
    }
    this.#flushing = null
  }

  async #write(group: readonly Append[]): Promise<void> {
    const file = await this.#open()
    try {
      const length = this.#torn ?? (await file.stat()).size
      if (this.#torn !== null) await this.#cutBack(file, length)
      try {
        await file.write(Buffer.concat(group.map(({ bytes }) => bytes)), length)
        if (!this.#near) await file.datasync()
        if (length === 0) await this.#folders.syncs.sync(dirname(this.#path))
      } catch (error) {
        this.#torn = length
        await this.#cutBack(file, length).catch(() => undefined)
        throw error
      }
    } finally {
      await file.close()
    }
  }

  async #open(): Promise<HomeFile> {
    const flags = constants.O_RDWR | durableFlag(this.#near)
    try {
      return await HomeFile.open(this.#path, flags, this.#near)
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error
      const make = (): Promise<HomeFile> => HomeFile.open(this.#path, flags | constants.O_CREAT, this.#near)
      return this.#folders.within(dirname(this.#path), make)
    }
  }

  async #cutBack(file: HomeFile, length: number): Promise<void> {
    await file.truncate(length)
    await file.sync()
    this.#torn = null
  }
}
