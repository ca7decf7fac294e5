import { LIMITS } from '../core/limits.ts'
import type { SpillFiles, SpillInput, SpillOutput } from '../data/spill.ts'
import type { SplitWork } from '../core/plan/work.ts'
import type { TaskContext } from './context.ts'
import type { JobCode, OpenRealm } from './user-code.ts'

/**
 * Does the work on a task's splits in one realm that all of them share, if the job's code may share one (`may-share.ts`)
 * and there are enough small splits for it to pay. If anything goes wrong there, the files are removed and all the work
 * is done again with a realm for each split, as for any other job. Only the outcome of that counts, so an error that only
 * a shared realm has is never seen.
 */
export async function sharingRealm<T>(
  context: TaskContext,
  splits: readonly SplitWork[],
  work: (context: TaskContext, realms: OpenRealm) => Promise<T>,
): Promise<T> {
  const { job, reporter } = context
  const shared = pays(splits) ? shareIfClosed(job) : null
  if (shared === null) return await work(context, job.open)
  const { records, bytes } = reporter
  const files = new KnownFiles(context.files)
  try {
    return await work({ ...context, files }, shared)
  } catch {
    files.removeAll()
    Object.assign(reporter, { records, bytes })
    return await work(context, job.open)
  }
}

/** null also if V8 has something that cannot be frozen: `freezeRealm` throws then. */
function shareIfClosed(job: JobCode): OpenRealm | null {
  try {
    return job.share()
  } catch {
    return null
  }
}

/**
 * To make a shared realm costs as much as to make a few others, so there must be many splits. They must be small, too:
 * for large ones a realm is a small part of the cost, and to do them twice would be a large one.
 */
function pays(splits: readonly SplitWork[]): boolean {
  const bytes = splits.reduce((sum, { size }) => sum + size, 0)
  return splits.length >= LIMITS.sharedSplitsMin && bytes <= splits.length * LIMITS.smallFileBytes
}

/** Files of which all can be removed. */
class KnownFiles implements SpillFiles {
  readonly #files: SpillFiles
  readonly #names = new Set<string>()
  readonly #open = new Set<SpillOutput>()

  constructor(files: SpillFiles) {
    this.#files = files
  }

  create(name: string): SpillOutput {
    const file = this.#files.create(name)
    this.#names.add(name)
    this.#open.add(file)
    return {
      write: (bytes) => file.write(bytes),
      close: () => {
        this.#open.delete(file)
        return file.close()
      },
    }
  }

  open(name: string): SpillInput {
    return this.#files.open(name)
  }

  remove(name: string): void {
    this.#files.remove(name)
    this.#names.delete(name)
  }

  removeAll(): void {
    for (const file of this.#open) file.close()
    this.#open.clear()
    for (const name of [...this.#names]) this.remove(name)
  }
}
