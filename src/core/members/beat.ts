import { LIMITS } from '../limits.ts'
import type { Beat } from './membership.ts'
import type { Running, State } from '../state.ts'
import type { JobId } from '../types.ts'

/** What a job's id, and what is said of a task, takes of a heartbeat on the wire at most. */
const JOB_BYTES = 72
const TASK_BYTES = 24
/** What else stands in a heartbeat. */
const REST_BYTES = 512

/** This node's next sign of life; each call is a new one. */
export function makeBeat(state: State): Beat {
  const running = [...state.running.values()]
  return {
    node: state.self.node,
    incarnation: state.self.incarnation,
    seq: ++state.seq,
    record: state.members.get(state.self.node)?.record.version ?? 0,
    busy: running.length,
    running: fitting(running).map((r) => ({ job: r.job, task: r.task, units: r.units, bytes: r.bytes })),
  }
}

/** Hundreds of tasks of a few jobs fit: of what does not, nobody hears how it gets on, but that the node lives. */
function fitting(running: readonly Running[]): readonly Running[] {
  const jobs = new Set<JobId>()
  let left = LIMITS.gossipBytesMax - REST_BYTES
  return running.filter(({ job }) => {
    const cost = TASK_BYTES + (jobs.has(job) ? 0 : JOB_BYTES)
    if (cost > left) return false
    jobs.add(job)
    left -= cost
    return true
  })
}
