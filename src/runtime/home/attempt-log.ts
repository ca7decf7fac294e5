import type { Death } from '../../core/events.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Bytes, JobId, TaskIndex } from '../../core/types.ts'
import type { Disk } from '../../ports.ts'
import type { Damage } from './damage.ts'
import { folderFile } from './folder.ts'
import { readLog, toEntry } from './kept-log.ts'

const LOST = 'an attempt that was open when the node died may not be known'

interface Book {
  /** Appends under way. */
  pending: number
  /** By how much the log has grown since it was written anew; null before this life's first append. */
  grown: Bytes | null
  /** It is being written anew: nothing is appended meanwhile. */
  shortening: Promise<void> | null
}

/**
 * Which attempts of a job this node has begun, and which of them have ended: at a start, one that is still open tells
 * that the node died over it. The log is written anew without ended attempts now and then, since a task that fails for
 * want of room is tried without end.
 */
export class AttemptLog {
  readonly #disk: Disk
  readonly #damage: Damage
  readonly #grownMax: Bytes
  readonly #books = new Map<JobId, Book>()

  constructor(disk: Disk, damage: Damage, grownMax: Bytes = LIMITS.journalGrownBytes) {
    this.#disk = disk
    this.#damage = damage
    this.#grownMax = grownMax
  }

  /** The start of an attempt is on disk before it starts; `ended` is told later and may be lost. */
  async add(job: JobId, task: TaskIndex, attempt: string, what: 'started' | 'ended'): Promise<void> {
    const book = this.#books.get(job) ?? { pending: 0, grown: null, shortening: null }
    this.#books.set(job, book)
    while (book.shortening !== null) await book.shortening
    const entry = entryOf(what, task, attempt)
    book.pending++
    try {
      await this.#disk.append(nameOf(job), entry)
    } finally {
      book.pending--
    }
    book.grown = book.grown === null ? ((await this.#disk.size(nameOf(job))) ?? 0) : book.grown + entry.length
    if (book.grown < this.#grownMax || book.pending > 0 || book.shortening !== null) return
    book.grown = 0
    // Where the disk refuses it the log stays as it is.
    book.shortening = this.#shorten(job).catch(() => undefined)
    await book.shortening
    book.shortening = null
  }

  /**
   * Attempts that were open when the node last died: at most one a task, since a node runs a task once at a time, and a
   * later start tells of the end before it.
   */
  async open(job: JobId): Promise<Death[]> {
    const { payloads, lost, empty } = await readLog(this.#disk, nameOf(job))
    if (lost > 0 || empty) this.#damage.found(nameOf(job), LOST, job)
    const open = new Map<TaskIndex, Death>()
    for (const payload of payloads) {
      const entry = parsed(payload)
      if (entry === null) continue
      const [what, task, attempt] = entry
      if (what === 'started') open.set(task, { task, attempt })
      else if (open.get(task)?.attempt === attempt) open.delete(task)
    }
    return [...open.values()]
  }

  forget(job: JobId): void {
    this.#books.delete(job)
  }

  async #shorten(job: JobId): Promise<void> {
    const open = await this.open(job)
    // A log without an entry would be taken for one that was cut.
    if (open.length === 0) return this.#disk.remove(nameOf(job))
    await this.#disk.put(nameOf(job), Buffer.concat(open.map(({ task, attempt }) => entryOf('started', task, attempt))))
  }
}

function nameOf(job: JobId): string {
  return folderFile(job, 'attempts.log')
}

function entryOf(what: 'started' | 'ended', task: TaskIndex, attempt: string): Uint8Array {
  return toEntry(Buffer.from(JSON.stringify([what, task, attempt])))
}

/** null where it is damaged. */
function parsed(payload: Uint8Array): [what: string, task: TaskIndex, attempt: string] | null {
  try {
    return JSON.parse(Buffer.from(payload).toString()) as [string, TaskIndex, string]
  } catch {
    return null
  }
}
