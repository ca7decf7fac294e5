import { reasonOf } from '../words/reason.ts'
import { LIMITS } from '../core/limits.ts'
import type { Content, ContentRequest } from './content.ts'

/** One file to look into; `done` is called once, unless the work is dropped. */
export interface DescribeWork {
  readonly root: string
  readonly request: ContentRequest
  readonly done: (content: Content) => void
}

export type Look = (request: ContentRequest, signal: AbortSignal) => Promise<Content>

interface Item {
  readonly work: DescribeWork
  readonly abort: AbortController
}

/**
 * The queue of files to be described, first come first served; a file is in it once. LIMITS.describersMax are described at
 * a time, or LIMITS.smallDescribersMax of small ones.
 */
export class Describer {
  readonly #look: Look
  readonly #items = new Map<string, Item>()
  readonly #waiting = new Set<string>()
  readonly #perRoot = new Map<string, number>()
  /** Of those that are being described: how many, and how many of them are not small. */
  #running = 0
  #large = 0
  #wake: PromiseWithResolvers<void> = Promise.withResolvers()

  constructor(look: Look) {
    this.#look = look
  }

  /** Replaces work on the same path, under way or not, unless it is about the very same file. */
  add(work: DescribeWork): void {
    const key = keyOf(work.root, work.request.path)
    const known = this.#items.get(key)?.work.request
    if (known !== undefined && known.size === work.request.size && known.witness === work.request.witness) return
    this.drop(work.root, work.request.path)
    this.#items.set(key, { work, abort: new AbortController() })
    this.#count(work.root, 1)
    this.#waiting.add(key)
    this.#next()
  }

  drop(root: string, path: string): void {
    const key = keyOf(root, path)
    this.#waiting.delete(key)
    this.#items.get(key)?.abort.abort()
    this.#remove(key)
  }

  /** How many files of a directory are in the queue or being looked into. */
  left(root: string): number {
    return this.#perRoot.get(root) ?? 0
  }

  /** Resolves when next some file is done with. */
  next(): Promise<void> {
    return this.#wake.promise
  }

  stop(): void {
    for (const { work } of this.#items.values()) this.drop(work.root, work.request.path)
  }

  #next(): void {
    for (const key of this.#waiting) {
      const item = this.#items.get(key)
      if (item !== undefined && !this.#hasRoom(item)) return
      this.#waiting.delete(key)
      if (item !== undefined) void this.#run(key, item)
    }
  }

  async #run(key: string, item: Item): Promise<void> {
    const large = isSmall(item) ? 0 : 1
    this.#running++
    this.#large += large
    const content = await this.#content(item)
    this.#running--
    this.#large -= large
    if (this.#items.get(key) === item) {
      this.#remove(key)
      item.work.done(content)
    }
    this.#next()
  }

  #hasRoom(item: Item): boolean {
    if (isSmall(item)) return this.#running < LIMITS.smallDescribersMax
    return this.#large < LIMITS.describersMax && this.#running < LIMITS.smallDescribersMax
  }

  async #content({ work, abort }: Item): Promise<Content> {
    try {
      return await this.#look(work.request, abort.signal)
    } catch (error) {
      // A bug: neither the file nor the system is to blame. It is shown as the file's trouble, so that people see it.
      return {
        kind: 'unreadable',
        why: `it could not be described: ${reasonOf(error, 'something went wrong')}`,
      }
    }
  }

  #remove(key: string): void {
    const item = this.#items.get(key)
    if (item === undefined) return
    this.#items.delete(key)
    this.#count(item.work.root, -1)
    const { resolve } = this.#wake
    this.#wake = Promise.withResolvers()
    resolve()
  }

  #count(root: string, by: 1 | -1): void {
    const left = this.left(root) + by
    if (left === 0) this.#perRoot.delete(root)
    else this.#perRoot.set(root, left)
  }
}

function isSmall({ work }: Item): boolean {
  return work.request.size <= LIMITS.lookBytes
}

function keyOf(root: string, path: string): string {
  return `${root}/${path}`
}
