import { availableParallelism, totalmem } from 'node:os'
import { ShoalError } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'
import type { Bytes } from '../core/types.ts'

export interface Machine {
  readonly cores: number
  readonly ram: Bytes
}

export interface Capacity {
  readonly slots: number
  readonly memory: Bytes
}

/** This machine, or as much of it as the container may use. */
export function thisMachine(): Machine {
  const constrained = process.constrainedMemory()
  const ram = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem()
  return { cores: availableParallelism(), ram }
}

/**
 * Slots and memory of a node: memory defaults to a quarter of RAM, slots to the cores, at most one for each 128 MB.
 * A node with 0 slots holds, serves and relays. @throws ShoalError MEMORY_SETTING when it is less than 96 MB a slot.
 */
export function capacityOf(
  asked: { slots?: number | undefined; memory?: Bytes | undefined },
  machine: Machine,
): Capacity {
  const memory = asked.memory ?? Math.floor(machine.ram / 4)
  const affordable = Math.max(1, Math.floor(memory / LIMITS.slotMemoryDefaultMin))
  const slots = asked.slots ?? Math.min(machine.cores, affordable)
  if (memory < slots * LIMITS.slotMemoryMin) {
    const least = Math.ceil((slots * LIMITS.slotMemoryMin) / 1e6)
    const fitting = Math.floor(memory / LIMITS.slotMemoryMin)
    throw new ShoalError('MEMORY_SETTING', `${Math.floor(memory / 1e6)}MB of memory is too little for ${slots} slots`, {
      why: 'a task process needs at least 96MB',
      try: [`--memory ${least}MB`, ...(fitting >= 1 ? [`--slots ${fitting}`] : [])],
    })
  }
  return { slots, memory }
}

/** The same where nobody else could run what this machine does not. @throws also USAGE for 0 slots */
export function ownCapacityOf(asked: Parameters<typeof capacityOf>[0], machine: Machine): Capacity {
  if (asked.slots === 0)
    throw new ShoalError('USAGE', '--slots 0 leaves nobody to run the job', { try: ['--slots 1', 'leave --slots out'] })
  return capacityOf(asked, machine)
}
