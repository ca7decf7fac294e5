import type { MapWork, SplitWork } from '../core/plan/work.ts'
import type { TaskContext } from './context.ts'
import { PartRecords } from './part-records.ts'
import type { SplitRecords } from './records.ts'
import { mapSeed, partSeed } from './seed.ts'
import type { CodeRealm } from './user-code.ts'

/** What a map task reads as one, in a realm of its own: a split of a shard, or a part that another stage gave. */
export interface Unit {
  /** Of the input whose map is called. */
  readonly alias: string
  /** The file that records come from, as map is told it. */
  readonly shard: { readonly dataset: string; readonly path: string } | null
  /** Where in the data it begins: what of it is sampled depends on that alone. */
  readonly origin: Pick<SplitWork, 'dataset' | 'path' | 'start'>
  /** What random numbers start from. */
  seed(): string
  /** What reading can be done before the user code is begun: it is not the job's time. */
  readAhead(): void
  open(realm: CodeRealm): Promise<SplitRecords>
}

type Reading = Pick<MapWork, 'stage' | 'splits' | 'part' | 'agreed'>

export function unitsOf(context: TaskContext, work: Reading): Unit[] {
  const { job, code } = context
  const { stage, part } = work
  if (part !== null) {
    const origin = { dataset: '', path: part.name, start: 0 }
    return [
      {
        ...{ alias: '', shard: null, origin, readAhead: () => undefined },
        seed: () => partSeed(code, job.params, stage, part.name),
        open: ({ values }) => Promise.resolve(new PartRecords(context.input(part.file), part, values)),
      },
    ]
  }
  const records = context.records(work)
  return work.splits.map((split) => ({
    alias: split.alias,
    shard: { dataset: split.dataset, path: split.path },
    origin: split,
    seed: () => mapSeed(code, job.params, stage, split),
    readAhead: () => records.readAhead(split),
    open: ({ rows }) => records.open(split, rows),
  }))
}
