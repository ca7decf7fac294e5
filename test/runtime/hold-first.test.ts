/** `sim --kill`: one attempt of a node, the first or one of a stage, is kept open, so that the kill finds one. */
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
  start(attempt: string, stage?: string): Attempt
}

function held(isWanted: (stage: string, isFirst: boolean) => boolean): Held {
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
    wanted: (stage, isFirst) => (events.push('asked'), isWanted(stage, isFirst)),
    holding: (spec) => Promise.resolve(void events.push(`held ${spec.attempt}`)),
  })
  const start = (name: string, stage = ''): Attempt => tasks.start({ attempt: name, work: { stage } } as AttemptSpec)
  return { tasks, events, start }
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

it('it may be the first of all, or one of a stage, and there is one', async () => {
  const ofAll = held((_, isFirst) => isFirst)
  expect([await endOf(ofAll.start('1-1')), await endOf(ofAll.start('1-2'))]).toEqual(['open', END])
  const { events, start } = held((stage) => stage === 'pairs')
  expect(await endOf(start('1-1', 'baskets'))).toEqual(END)
  expect(await endOf(start('1-2', 'pairs'))).toBe('open')
  expect(await endOf(start('1-3', 'pairs'))).toEqual(END)
  expect(events).toEqual(['started 1-1', 'asked', 'started 1-2', 'asked', 'held 1-2', 'started 1-3'])
})
