import type { AttemptSpec, Tasks } from '../ports.ts'

export interface Hold {
  /** Asked as an attempt of a stage begins, until one is held. `isFirst`: there was none before it. */
  wanted(stage: string, isFirst: boolean): boolean
  /** Called once, when the attempt that is held has begun. */
  holding(spec: AttemptSpec): Promise<void>
}

/**
 * For `sim --kill`: tasks of which one attempt, the first or one of a stage, begins for real and does not end until it is
 * stopped, so that a kill of the node surely finds an attempt open.
 */
export function holdingFirst(tasks: Tasks, hold: Hold): Tasks {
  let isFirst = true
  let hasHeld = false
  return {
    slots: tasks.slots,
    warm: (keep) => tasks.warm(keep),
    stop: () => tasks.stop(),
    start: (spec) => {
      const attempt = tasks.start(spec)
      const isHeld = !hasHeld && hold.wanted('stage' in spec.work ? spec.work.stage : '', isFirst)
      isFirst = false
      if (!isHeld) return attempt
      hasHeld = true
      const stopped = Promise.withResolvers<void>()
      return {
        pid: attempt.pid,
        progress: () => attempt.progress(),
        end: hold.holding(spec).then(() => stopped.promise.then(() => attempt.end)),
        kill: (why) => {
          stopped.resolve()
          attempt.kill(why)
        },
        release: () => attempt.release(),
      }
    },
  }
}
