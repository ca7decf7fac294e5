/** The simulator itself: its seeds, its histories, its shrinking, and its broken cores. */
import { describe, expect, test } from 'vitest'
import type { NodeId } from '../../src/core/types.ts'
import { makeJob } from '../core/fake-work.ts'
import { ALL_PATCHES } from './broken/cores.ts'
import { patched } from './broken/patch.ts'
import { expectedOf } from './oracle.ts'
import { Random } from './random.ts'
import { run } from './run.ts'
import { drawScenario } from './scenario.ts'
import { shrink } from './shrink.ts'
import { wordsOf } from './workload.ts'

const history = async (seed: number): Promise<string[]> => {
  const lines: string[] = []
  await run(drawScenario({ seed }), (line) => lines.push(line))
  return lines
}

describe('a seed', () => {
  test.each([7, 2 ** 32 + 7, Number.MAX_SAFE_INTEGER])('gives one history: %d', async (seed) => {
    const first = await history(seed)
    expect(first.length).toBeGreaterThan(5)
    expect(await history(seed)).toEqual(first)
  })

  test('counts with all its bits, and is refused where it is none', () => {
    const draws = (seed: number): number[] => Array.from({ length: 4 }, (_, i) => i).map(() => new Random(seed).next())
    const first = [0, 1, 2 ** 32, 2 ** 32 + 1, 2 ** 52, Number.MAX_SAFE_INTEGER].map((seed) => draws(seed)[0])
    expect(new Set(first).size).toBe(first.length)
    for (const seed of [-1, 0.5, 2 ** 53, Number.NaN]) expect(() => new Random(seed)).toThrow(RangeError)
  })
})

describe('graphs', () => {
  const jobs = Array.from({ length: 400 }, (_, seed) => drawScenario({ seed }).jobs).flat()
  const stages = jobs.flatMap(({ graph }) => graph?.stages.map((stage) => ({ stage, graph })) ?? [])
  const isOfStages = ({ stage }: (typeof stages)[number]): boolean => stage.reads.some((read) => 'stage' in read)

  test('are drawn with every other seed', () => {
    const withGraphs = (seed: number): boolean => drawScenario({ seed }).jobs.some(({ graph }) => graph !== null)
    expect([1, 2, 3, 4, 2 ** 53 - 1].map(withGraphs)).toEqual([true, false, true, false, true])
  })

  test.each<[string, (one: (typeof stages)[number]) => boolean]>([
    [
      'chains of four',
      ({ graph }) => graph.stages.length === 4 && graph.stages.every(({ reads }) => reads.length === 1),
    ],
    ['joins of two', ({ stage }) => stage.reads.length === 2],
    ['joins of three', ({ stage }) => stage.reads.length === 3],
    ['several outputs', ({ graph }) => graph.outputs.length > 1],
    ['sorted stages of stages', (one) => isOfStages(one) && one.stage.sort],
    ['stages that pass pairs unchanged', (one) => isOfStages(one) && !one.stage.map && !one.stage.reduce],
    ['combining stages of stages', (one) => isOfStages(one) && one.stage.combine],
    ['other partition counts', (one) => isOfStages(one) && one.stage.partitions !== null],
    ['reduces that change keys', ({ stage }) => stage.reduce && stage.does.reduce === 'renamed'],
    ['counts that are wrong', ({ graph }) => jobs.some((job) => job.graph === graph && job.code === 'miscounts')],
  ])('have %s', (_, has) => {
    expect(stages.filter((one) => has(one)).length).toBeGreaterThan(5)
  })

  test('are lost for good and cut off in the midst of stages', () => {
    const faults = Array.from({ length: 400 }, (_, seed) => drawScenario({ seed }).faults).flat()
    const within = faults.filter(({ stage }) => stage !== undefined).map(({ kind }) => kind)
    for (const kind of ['gone', 'crash', 'power', 'wipe', 'rot', 'drain']) expect(within).toContain(kind)
  })

  test('are compared with what their stages give one after the other', () => {
    const job = makeJob({
      ...{ maps: 3, reduces: 1, members: ['n1' as NodeId] },
      graph: {
        stages: [
          { name: 'a', reads: [{ alias: '', input: 0 }], partitions: 2 },
          { name: 'b', reads: [{ alias: '', stage: 0 }], map: false, partitions: 1, reduce: false },
        ],
        outputs: [{ name: '', stage: 1 }],
      },
    })
    const words = job.snapshot.inputs[0]!.shards.flatMap(({ path }) => wordsOf(path)).sort()
    const params = { a: 'count sum', b: 'same sum' }
    const counted = [...new Set(words)].map((word) => [word, words.filter((one) => one === word).length])
    expect(expectedOf({ ...job, spec: { ...job.spec, params } }).records).toEqual(counted)
  })
})

test('shrinking keeps what is needed, in order, and nothing else', async () => {
  const items = Array.from({ length: 20 }, (_, i) => i)
  for (const needed of [[], [3], [0, 19], [2, 7, 11]]) {
    const shows = async (kept: readonly number[]): Promise<boolean> => needed.every((i) => kept.includes(i))
    expect(await shrink(items, shows)).toEqual(needed)
  }
})

describe('a broken core', () => {
  test.each([...ALL_PATCHES])('%s: its patches still apply', (_name, patches) => {
    for (const file of new Set(patches.map((patch) => patch.file)))
      expect(
        patched(
          file,
          patches.filter((patch) => patch.file === file),
        ),
      ).not.toBe(patched(file, []))
  })

  test('there are at least twelve', () => {
    expect(ALL_PATCHES.size - 1).toBeGreaterThanOrEqual(12)
  })
})
