import type { AttemptSpec, Tasks } from '../ports.ts'

export interface Hold {
  /** Asked when the first attempt begins. */
  wanted(): boolean
  /** Called once, when the attempt that is held has begun. */
  holding(spec: AttemptSpec): Promise<void>
}

/**
 * For `sim --kill`: tasks whose first attempt begins for real and does not end until it is stopped, so that a kill of the
 * node surely finds an attempt open.
 */
export function holdingFirst(tasks: Tasks, hold: Hold): Tasks {
  let isFirst = true
  return {
    slots: tasks.slots,
    warm: (keep) => tasks.warm(keep),
    stop: () => tasks.stop(),
    start: (spec) => {
      const attempt = tasks.start(spec)
      const isHeld = isFirst && hold.wanted()
      isFirst = false
      if (!isHeld) return attempt
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
