import type { Listing } from '../core/plan/files.ts'
import type { Work } from '../core/plan/work.ts'
import type { TaskContext } from './context.ts'
import { runMap } from './map.ts'
import { runReduce } from './reduce.ts'
import { runBounds, runSample } from './sample.ts'

/** Does the work of one attempt; its files are written and closed, not synced. @throws TaskFailure and others */
export async function runWork(context: TaskContext, work: Work): Promise<Listing> {
  switch (work.kind) {
    case 'map':
      return runMap(context, work)
    case 'sample':
      return { manifest: await runSample(context, work), rows: [] }
    case 'bounds':
      return { manifest: runBounds(context, work), rows: [] }
    case 'reduce':
      return { manifest: await runReduce(context, work), rows: [] }
  }
}
