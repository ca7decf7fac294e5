/** Secondary sort in jobs of one stage and of several, against a plain sort. */
import { describe, expect, test } from 'vitest'
import { defineJob, kv, rows, stage } from '../../src/job.ts'
import { runJob } from '../../src/testing.ts'

type Event = { ip: string; at: number; url: string }

const EVENTS: Event[] = Array.from({ length: 500 }, (_, i) => ({
  ip: `10.0.0.${(i * 7919) % 13}`,
  at: (i * 104_729) % 97,
  url: `/${i}`,
}))
/** By address: in order of time, ties as they stand in the input. */
const EXPECTED = [...new Set(EVENTS.map(({ ip }) => ip))].sort().map((ip) => ({
  key: ip,
  value: EVENTS.filter((event) => event.ip === ip)
    .toSorted((a, b) => a.at - b.at)
    .map(({ url }) => url),
}))

const visits = stage('visits', {
  input: rows<Event>('log'),
  emits: kv<string, Event>(),
  map: (event, { emit }) => emit(event.ip, event),
})
const byTime = {
  sortValues: (event: Event) => event.at,
  reduce: (ip: string, events: Iterable<Event>, { emit }: { emit(key: string, value: string[]): void }): void =>
    emit(
      ip,
      [...events].map(({ url }) => url),
    ),
}

describe('sortValues', () => {
  test.each([1, 4])('in a job of one stage, on %i partitions', async (partitions) => {
    const job = defineJob({
      input: 'log',
      map: (event: Event, { emit }) => emit(event.ip, event),
      ...byTime,
      partitions,
    })
    const { records } = await runJob(job, EVENTS)
    expect(records.toSorted((a, b) => ((a.key as string) < (b.key as string) ? -1 : 1))).toEqual(EXPECTED)
  })

  test('in a stage that reads another, which has them in no order', async () => {
    const job = defineJob({ output: stage('paths', { input: visits, ...byTime }) })
    expect((await runJob(job, EVENTS)).records).toEqual(EXPECTED)
  })

  test('without a reduce records come in that order', async () => {
    const sorted = stage('sorted', { input: visits, sortValues: ({ at }) => [-at] })
    const { records } = await runJob(defineJob({ output: sorted }), EVENTS)
    const last = records.filter(({ key }) => key === '10.0.0.3').map(({ value }) => (value as Event).at)
    expect(last).toEqual(
      EVENTS.filter(({ ip }) => ip === '10.0.0.3')
        .map(({ at }) => at)
        .toSorted((a, b) => b - a),
    )
  })

  test('with sort keys are in order over all partitions, and values within them', async () => {
    const sorted = stage('sorted', { input: visits, ...byTime, sort: true, partitions: 3 })
    expect((await runJob(defineJob({ output: sorted }), EVENTS)).records).toEqual(EXPECTED)
  })

  test('what it throws is an error of the record that was emitted', async () => {
    const job = defineJob({
      input: 'log',
      map: (event: Event, { emit }) => emit(event.ip, event),
      sortValues: ({ at }: Event) => {
        if (at === 5) throw new Error('no such time')
        return at
      },
    })
    await expect(runJob(job, EVENTS)).rejects.toThrow('no such time')
  })

  test('is refused with what leaves one value, and over several inputs', async () => {
    const folded = defineJob({
      input: 'log',
      map: (event: Event, { emit }) => emit(event.ip, 1),
      combine: (a: number, b: number) => a + b,
      sortValues: (n: number) => n,
    })
    await expect(runJob(folded, [])).rejects.toMatchObject({ code: 'JOB_BUILD', message: /combine leaves one of them/ })
    const joined = defineJob({
      input: { a: 'a', b: 'b' },
      map: { a: (event: Event, { emit }) => emit(event.ip, 1), b: (event: Event, { emit }) => emit(event.ip, 2) },
      sortValues: (n: number) => n,
    })
    await expect(runJob(joined, { a: [], b: [] })).rejects.toMatchObject({ code: 'JOB_BUILD', message: /one input/ })
  })
})
