/** What `shoal/testing` gives is what real task processes give: records, their order, counters, skips. */
import vm from 'node:vm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { JOB_GLOBAL } from '../../src/task/realm.ts'
import { runJob, type TestedJob } from '../../src/testing.ts'
import { Workshop } from './tasks-support.ts'

let shop: Workshop
beforeAll(async () => {
  shop = await Workshop.open(2)
})
afterAll(() => shop.close())

const job = (body: string): string =>
  `import { defineJob } from 'shoal/job'\nexport default defineJob({\ninput: 'd', ${body}\n} as any)`
const EMIT = 'map(line: string, { emit }: any) { emit(line.length % 7, line) }'
const LINES = Array.from({ length: 400 }, (_, i) => 'x'.repeat((i * 7919) % 23) + i)

async function here(source: string): Promise<Awaited<ReturnType<typeof runJob>>> {
  const { prepared } = await shop.job(source)
  const exported = new vm.Script(`${prepared.bundle}\n;${JOB_GLOBAL}`).runInThisContext() as { default: TestedJob }
  return await runJob(exported.default, LINES)
}

const sums = (all: readonly Readonly<Record<string, number>>[]): Record<string, number> => {
  const sum: Record<string, number> = {}
  for (const counters of all) for (const [name, n] of Object.entries(counters)) sum[name] = (sum[name] ?? 0) + n
  return sum
}

test.each([
  ['no reduce', EMIT],
  ['several partitions', `partitions: 5, ${EMIT}`],
  ['a combine alone', `partitions: 3, ${EMIT}, combine: (a: string, b: string) => (a < b ? a : b)`],
  [
    'a combine and a reduce',
    `partitions: 2, ${EMIT}, combine: (a: string, b: string) => (a < b ? a : b),
    reduce(key: number, values: Iterable<string>, { emit, counter }: any) { counter('groups').add(); emit([key], [...values]) }`,
  ],
  [
    'a sum',
    `partitions: 3, aggregate: 'sum', map(line: string, { emit }: any) { emit(line.length % 7, line.length / 10) }`,
  ],
  [
    'the top, by a function',
    `partitions: 2, ${EMIT}, aggregate: 'top', n: 3, by: (line: string) => [line.length % 5, line.slice(-2)]`,
  ],
  [
    'objects collected, and a reduce',
    `map(line: string, { emit, skip }: any) { emit(line.length % 7, { line, at: new Date(line.length) }); if (line.endsWith('7')) skip('7') },
    aggregate: 'collect', reduce(key: number, [all]: any, { emit }: any) { emit([key, all.length], all.map(({ line }: any) => line)) }`,
  ],
  [
    'skips and counters',
    `partitions: 3, map(line: string, ctx: any) {
      ctx.emit(line, 1)
      ctx.counter('seen').add()
      if (line.endsWith('7')) ctx.skip('ends in 7')
    }, reduce(key: string, values: Iterable<number>, { emit, counter }: any) { counter('groups').add(2); emit(key, [...values].length) }`,
  ],
  ['asynchronous calls', `map: async (line: string, { emit }: any) => { await null; emit(line, line.length) }`],
  [
    'values in many forms',
    `map(line: string, { emit }: any) {
      emit([line.length % 3, BigInt(line.length)], { z: -0, a: new Date(line.length), b: new Uint8Array([1, 2]), c: [null, NaN, 'é'] })
    }`,
  ],
])('%s', async (_, body) => {
  const source = job(body)
  const partitions = Number(/partitions: (\d)/.exec(body)?.[1] ?? '1')
  const mesh = await shop.run(source, `${LINES.join('\n')}\n`, { partitions })
  const { records, counters, skipped } = await here(source)
  const skips = mesh.map.splits.flatMap((split) => split.skips)
  expect({
    records: records.map(({ key, value }) => [key, value]),
    counters,
    skipped: skipped.length,
    samples: skipped.slice(0, 10),
  }).toEqual({
    records: mesh.records,
    counters: sums([mesh.map.counters, ...mesh.reduce.map((part) => part.counters)]),
    skipped: skips.reduce((sum, { count }) => sum + count, 0),
    samples: skips.flatMap(({ samples }) => samples.map(({ reason, record }) => ({ reason, record }))),
  })
})
