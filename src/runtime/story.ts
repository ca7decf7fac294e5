import { LIMITS } from '../core/limits.ts'
import type { StoryEvent } from '../control/api.ts'
import { compareUtf8 } from '../core/plan.ts'
import type { JobId, TaskIndex } from '../core/types.ts'
import type { Clock } from '../ports.ts'

/** What this node can tell of each job, bounded; other nodes tell theirs, and any node can put them together. */
export class Story {
  readonly #events = new Map<JobId, StoryEvent[]>()
  readonly #clock: Clock
  readonly #node: string

  constructor(clock: Clock, node: string) {
    this.#clock = clock
    this.#node = node
  }

  tell(job: JobId, type: string, text: string, task: TaskIndex | null = null, attempt: string | null = null): void {
    const events = this.#events.get(job) ?? []
    if (events.length >= LIMITS.storyEventsPerJob) return
    events.push({ t: this.#clock.wall().toISOString(), node: this.#node, task, attempt, type, text })
    this.#events.set(job, events)
  }

  of(job: JobId): readonly StoryEvent[] {
    return this.#events.get(job) ?? []
  }

  forget(job: JobId): void {
    this.#events.delete(job)
  }
}

/** What several nodes tell of one job, the same from whichever it is asked: by time, and in one millisecond by node. */
export function inOrder(events: readonly StoryEvent[]): StoryEvent[] {
  return events.toSorted((a, b) => compareUtf8(a.t, b.t) || compareUtf8(a.node, b.node))
}
