import type { Clock } from '../../ports.ts'

/** This machine's clocks. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => new Date(),
  after: (delay, run) => {
    if (delay <= 0) {
      const turn = setImmediate(run)
      return () => clearImmediate(turn)
    }
    const timer = setTimeout(run, delay)
    return () => clearTimeout(timer)
  },
}
