import { z } from 'zod/mini'
import { LIMITS } from '../../core/limits.ts'
import type { StoryEvent } from '../../control/api.ts'
import { compareUtf8 } from '../../core/plan/ranks.ts'
import type { JobId, TaskIndex } from '../../core/types.ts'
import type { Clock, Disk } from '../../ports.ts'
import { fromJson } from '../../wire/codec.ts'
import type { Damage } from './damage.ts'
import { folderFile } from './folder.ts'
import { entriesOf, readLog, toEntry } from './kept-log.ts'

const storyEvents = z.array(
  z.strictObject({
    t: z.string(),
    node: z.string(),
    task: z.nullable(z.number()),
    attempt: z.nullable(z.string()),
    type: z.string(),
    text: z.string(),
  }),
) as unknown as z.ZodMiniType<StoryEvent[]>

/**
 * What this node can tell of each job, bounded; other nodes tell theirs, and any node can put them together. It is kept
 * in the job's folder: a restart loses none of it, and stories that are on disk take no memory:
 *
 *   jobs/ID/story.log    entries, each a JSON list of events
 */
export class Story {
  readonly #clock: Clock
  readonly #node: string
  readonly #disk: Disk
  readonly #damage: Damage
  /** Not on disk yet. */
  readonly #news = new Map<JobId, StoryEvent[]>()
  /** One write after the other, and no reading meanwhile: half an entry would look like damage. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(clock: Clock, node: string, disk: Disk, damage: Damage) {
    this.#clock = clock
    this.#node = node
    this.#disk = disk
    this.#damage = damage
  }

  tell(job: JobId, type: string, text: string, task: TaskIndex | null = null, attempt: string | null = null): void {
    const news = this.#news.get(job) ?? []
    if (news.length >= LIMITS.storyEventsWaiting) return
    news.push({ t: this.#clock.wall().toISOString(), node: this.#node, task, attempt, type, text })
    this.#news.set(job, news)
  }

  /** Oldest first. */
  of(job: JobId): Promise<readonly StoryEvent[]> {
    return this.#inTurn(async () => [...(await this.#kept(job)), ...(this.#news.get(job) ?? [])])
  }

  /** Writes the news of jobs that are still known. Rejects when the disk refuses; they wait, then. */
  save(isKnown: (job: JobId) => boolean): Promise<void> {
    return this.#inTurn(async () => {
      for (const [job, news] of this.#news) {
        this.#news.delete(job)
        if (!isKnown(job) || ((await this.#disk.size(nameOf(job))) ?? 0) >= LIMITS.storyBytes) continue
        try {
          await this.#disk.append(nameOf(job), toEntry(Buffer.from(JSON.stringify(news))))
        } catch (error) {
          this.#news.set(job, [...news, ...(this.#news.get(job) ?? [])].slice(0, LIMITS.storyEventsWaiting))
          throw error
        }
      }
    })
  }

  /** Reads all of it once, so that damage is found before anyone asks; what is whole of it is written anew. */
  async check(jobs: readonly JobId[]): Promise<void> {
    for (const job of jobs)
      await this.#inTurn(async () => {
        const { isWhole } = await this.#read(job)
        // Where the disk refuses to write it anew, the next life finds the damage again; the other stories are still
        // read.
        if (!isWhole) await readLog(this.#disk, nameOf(job)).catch(() => undefined)
      })
  }

  forget(job: JobId): void {
    this.#news.delete(job)
  }

  async #kept(job: JobId): Promise<StoryEvent[]> {
    return (await this.#read(job)).events
  }

  async #read(job: JobId): Promise<{ events: StoryEvent[]; isWhole: boolean }> {
    const bytes = await this.#disk.get(nameOf(job))
    if (bytes === null) return { events: [], isWhole: true }
    const { payloads, lost } = entriesOf(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
    const events = payloads.map((payload) => eventsIn(payload))
    const isWhole = lost === 0 && bytes.length > 0 && !events.includes(null)
    if (!isWhole) this.#damage.found(nameOf(job), "a part of what this node can tell of the job's story is lost", job)
    return { events: events.flatMap((some) => some ?? []), isWhole }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work)
    this.#turn = mine.catch(() => undefined)
    return mine
  }
}

function eventsIn(payload: Uint8Array): StoryEvent[] | null {
  try {
    return fromJson(storyEvents, payload)
  } catch {
    return null
  }
}

function nameOf(job: JobId): string {
  return folderFile(job, 'story.log')
}

/** What several nodes tell of one job, the same from whichever it is asked: by time, and in one millisecond by node. */
export function inOrder(events: readonly StoryEvent[]): StoryEvent[] {
  return events.toSorted((a, b) => compareUtf8(a.t, b.t) || compareUtf8(a.node, b.node))
}
