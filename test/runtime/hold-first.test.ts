/** `sim --kill`: the first attempt of a node is kept open, so that the kill finds one. */
import { expect, it } from 'vitest'
import type { Attempt, AttemptEnd, AttemptSpec, Tasks } from '../../src/ports.ts'
import { holdingFirst } from '../../src/runtime/hold-first.ts'
import { settled } from './peer.ts'

const END: AttemptEnd = { ok: true, manifest: { kind: 'bounds', bounds: [] } as never, rows: [], files: [], log: '' }

interface Held {
  readonly tasks: Tasks
  /** What was asked and told, in order. */
  readonly events: string[]
  /** Starts an attempt of this name; it is done at once. */
  start(attempt: string): Attempt
}

function held(isWanted: () => boolean): Held {
  const events: string[] = []
  const attempt: Attempt = {
    pid: 1,
    progress: () => ({ units: 7, records: 0, bytes: 0 }),
    end: Promise.resolve(END),
    kill: (why) => void events.push(`killed: ${why}`),
    release: () => Promise.resolve(void events.push('released')),
  }
  const nothing = { slots: 2, warm: () => {}, stop: () => Promise.resolve() }
  const plain: Tasks = { ...nothing, start: (spec) => (events.push(`started ${spec.attempt}`), attempt) }
  const tasks = holdingFirst(plain, {
    wanted: () => (events.push('asked'), isWanted()),
    holding: (spec) => Promise.resolve(void events.push(`held ${spec.attempt}`)),
  })
  return { tasks, events, start: (name) => tasks.start({ attempt: name } as AttemptSpec) }
}

const endOf = async (attempt: Attempt): Promise<AttemptEnd | 'open'> => {
  const ended = attempt.end.then((end) => end)
  await settled()
  return Promise.race([ended, Promise.resolve<'open'>('open')])
}

it('it begins for real, and ends once it is stopped; the next ones are as they are', async () => {
  const { events, start } = held(() => true)
  const [first, second] = [start('1-1'), start('1-2')]
  expect([await endOf(first), await endOf(second)]).toEqual(['open', END])
  expect(first.progress()).toEqual({ units: 7, records: 0, bytes: 0 })
  first.kill('done elsewhere')
  expect(await endOf(first)).toEqual(END)
  await first.release()
  expect(events).toEqual(['started 1-1', 'asked', 'held 1-1', 'started 1-2', 'killed: done elsewhere', 'released'])
})

it('it is asked for once, with the first attempt, and not for later ones', async () => {
  let isWanted = false
  const { events, start } = held(() => isWanted)
  expect(await endOf(start('1-1'))).toEqual(END)
  isWanted = true
  expect(await endOf(start('1-2'))).toEqual(END)
  expect(events).toEqual(['started 1-1', 'asked', 'started 1-2'])
})
