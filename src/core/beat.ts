import type { Beat } from './membership.ts'
import type { State } from './state.ts'

/** This node's next sign of life; each call is a new one. */
export function makeBeat(state: State): Beat {
  const running = [...state.running.values()]
  return {
    node: state.self.node,
    incarnation: state.self.incarnation,
    seq: ++state.seq,
    record: state.members.get(state.self.node)?.record.version ?? 0,
    busy: running.length,
    running: running.map((r) => ({ job: r.job, task: r.task, units: r.units, bytes: r.bytes })),
  }
}
