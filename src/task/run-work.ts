import type { Manifest } from '../core/types.ts'
import type { Work } from '../core/plan/work.ts'
import type { TaskContext } from './context.ts'
import { runMap } from './map.ts'
import { runReduce } from './reduce.ts'
import { runBounds, runSample } from './sample.ts'

/** Does the work of one attempt; its files are written and closed, not synced. @throws TaskFailure and others */
export function runWork(context: TaskContext, work: Work): Promise<Manifest> {
  switch (work.kind) {
    case 'map':
      return runMap(context, work)
    case 'sample':
      return runSample(context, work)
    case 'bounds':
      return Promise.resolve(runBounds(context, work))
    case 'reduce':
      return runReduce(context, work)
  }
}
