/** What a node remembers to have forgotten: over restarts, bounded, and nothing more than needed where it is damaged. */
import { expect, it } from 'vitest'
import { MemoryDisk } from '../../src/adapters/memory/disk.ts'
import { newState, type State } from '../../src/core/state.ts'
import type { JobId } from '../../src/core/types.ts'
import { Damage } from '../../src/runtime/home/damage.ts'
import { ForgottenLog } from '../../src/runtime/home/forgotten-log.ts'

const KEPT = 20

const job = (n: number): JobId => n.toString(16).padStart(64, '0') as JobId

async function loaded(disk: MemoryDisk): Promise<{ log: ForgottenLog; state: State; damage: Damage }> {
  const damage = new Damage()
  const log = new ForgottenLog(disk, damage, KEPT)
  const state = newState({ node: 'self' as never, incarnation: { count: 1, nonce: 'n' }, slots: 0, runtimes: {} }, 0)
  await log.load(state)
  return { log, state, damage }
}

it('is the last round of each job, and why it went', async () => {
  const disk = new MemoryDisk()
  const { log } = await loaded(disk)
  await log.put({ job: job(1), round: 1, expired: false })
  await log.put({ job: job(2), round: 3, expired: true })
  await log.put({ job: job(1), round: 2, expired: true })
  const { state, damage } = await loaded(disk)
  expect(state.forgottenJobs).toEqual(
    new Map([
      [job(2), 3],
      [job(1), 2],
    ]),
  )
  expect(state.expired).toEqual(new Set([job(1), job(2)]))
  expect(damage.list()).toEqual([])
})

it('is the latest jobs, and the file stays small', async () => {
  const disk = new MemoryDisk()
  const { log } = await loaded(disk)
  const count = KEPT * 7 + 5
  let largest = 0
  for (let n = 0; n < count; n++) {
    await log.put({ job: job(n), round: 1, expired: true })
    largest = Math.max(largest, (await disk.size('dropped.log'))!)
  }
  const { state } = await loaded(disk)
  expect([...state.forgottenJobs.keys()]).toEqual(Array.from({ length: KEPT }, (_, i) => job(count - KEPT + i)))
  expect(largest).toBeLessThan(2 * (KEPT + 1) * 120)
})

it('loses with damage the jobs that it hits', async () => {
  const disk = new MemoryDisk()
  const { log } = await loaded(disk)
  for (let n = 0; n < 3; n++) await log.put({ job: job(n), round: 1, expired: false })
  disk.damage('dropped.log', (bytes) => bytes.with(bytes.length >> 1, bytes[bytes.length >> 1]! ^ 4))
  const { state, damage } = await loaded(disk)
  expect([...state.forgottenJobs.keys()]).toEqual([job(0), job(2)])
  expect(damage.list()).toMatchObject([{ file: 'dropped.log' }])
})
