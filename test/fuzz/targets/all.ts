import type { Target } from '../target.ts'
import { DATA } from './data.ts'
import { WIRE } from './wire.ts'

/** Every decoder of bytes that come from a peer, a disk or a user's file. */
export const TARGETS: readonly Target[] = [...WIRE, ...DATA]
