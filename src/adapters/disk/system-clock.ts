import type { Clock } from '../../ports.ts'

/** This machine's clocks. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => new Date(),
}
