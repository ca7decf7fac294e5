import { countsOf, tasksOfKind } from './steps.ts'
import { array, assert, constantFrom, integer, oneof, property, record, uniqueArray, type Arbitrary } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ShoalError } from '../../src/core/errors.ts'
import { LIMITS } from '../../src/core/limits.ts'
import { knownRows, plan } from '../../src/core/plan/plan.ts'
import { rankSplits, shardOf } from '../../src/core/plan/ranks.ts'
import type { Cuts, JobSpec, NodeId, Shard, Snapshot } from '../../src/core/types.ts'
import { makeJob } from './fake-work.ts'

const MIB = 2 ** 20
const spec = (over: Partial<JobSpec> = {}): JobSpec => ({
  ...makeJob({ maps: 1, reduces: 1, members: ['n1' as NodeId] }).spec,
  partitions: null,
  ...over,
})
/** Of a job that reads all inputs of a snapshot. */
const reading = ({ inputs }: Snapshot, over: Partial<JobSpec> = {}): JobSpec =>
  spec({ inputs: inputs.map(({ alias, dataset }) => ({ alias, dataset, glob: '', options: {} })), ...over })

const names = ['n1', 'n2', 'n3'] as NodeId[]
const size = oneof(integer({ min: 0, max: 3 * MIB }), integer({ min: 0, max: 400 * MIB }))
const cuts = (bytes: number): Arbitrary<Cuts> =>
  oneof(
    constantFrom<Cuts>({ kind: 'lines' }, { kind: 'whole' }),
    uniqueArray(integer({ min: 1, max: Math.max(1, bytes - 1) }), { maxLength: 40 }).map((at): Cuts => ({
      kind: 'offsets',
      header: 0,
      at: at.filter((o) => o < bytes).sort((a, b) => a - b),
    })),
    array(record({ rows: integer({ min: 0, max: 99 }), bytes: integer({ min: 0, max: 100 * MIB }) }), {
      minLength: 1,
      maxLength: 8,
    }).map((groups): Cuts => ({ kind: 'row-groups', groups })),
  )
const copy = (node: NodeId, root = '0'): Shard['copies'][number] => ({
  node,
  root,
  witness: { dev: '1', ino: '1', mtimeNs: '1', ctimeNs: '1' },
})
const shard: Arbitrary<Shard> = record({
  path: constantFrom('a', 'b', 'c/d', 'é', '\u{1f600}', '\uffff'),
  size,
  nodes: uniqueArray(constantFrom(...names), { minLength: 1, maxLength: 2 }),
  root: constantFrom('0', '1'),
}).chain(({ path, size: bytes, nodes, root }) =>
  cuts(bytes).map((how): Shard => ({
    dataset: 'd',
    path,
    size: bytes,
    cuts: how,
    copies: nodes.map((n) => copy(n, root)),
  })),
)
const byPath = (a: Shard, b: Shard): number =>
  Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)) || (a.copies[0]!.node < b.copies[0]!.node ? -1 : 1)
const snapshot: Arbitrary<Snapshot> = array(array(shard, { maxLength: 12 }), { minLength: 1, maxLength: 2 }).map(
  (inputs) => ({
    inputs: inputs.map((shards, i) => ({
      alias: String(i),
      dataset: 'd',
      replicated: false,
      shards: [...shards].sort(byPath),
      omitted: [],
    })),
  }),
)

describe('a plan', () => {
  test('has every byte, or row group, of every shard in exactly one split', () => {
    assert(
      property(snapshot, (s) => {
        const splits = tasksOfKind(plan(reading(s), s), 'map').flatMap((task) => task.splits)
        s.inputs.forEach((input, i) =>
          input.shards.forEach(({ size: bytes, cuts: how }, k) => {
            const own = splits.filter((x) => x.input === i && x.shard === k).sort((a, b) => a.start - b.start)
            expect(own[0]!.start).toBe(0)
            own.forEach((split, at) => expect(split.start).toBe(at === 0 ? 0 : own[at - 1]!.end))
            expect(own.at(-1)!.end).toBe(how.kind === 'row-groups' ? how.groups.length : bytes)
            // A shard without content has one split; no other split is empty.
            if (own.length > 1) for (const split of own) expect(split.end).toBeGreaterThan(split.start)
            const weight = how.kind === 'row-groups' ? how.groups.reduce((sum, g) => sum + g.bytes, 0) : bytes
            expect(own.reduce((sum, split) => sum + split.bytes, 0)).toBe(weight)
            for (const { start } of own) if (how.kind === 'offsets' && start > 0) expect(how.at).toContain(start)
          }),
        )
      }),
      { numRuns: 300 },
    )
  })

  test('packs only what all holders of a task have, within the bounds of a pack, twins apart', () => {
    assert(
      property(snapshot, (s) => {
        for (const task of tasksOfKind(plan(reading(s), s), 'map')) {
          expect(task.splits.length).toBeLessThanOrEqual(LIMITS.packSplitsMax)
          if (task.splits.length > 1) expect(task.bytes).toBeLessThanOrEqual(LIMITS.packBytes)
          expect(task.bytes).toBe(task.splits.reduce((sum, split) => sum + split.bytes, 0))
          const places = task.splits.map((split) => `${split.input} ${shardOf(s, split).path} ${split.start}`)
          expect(new Set(places).size).toBe(places.length)
          for (const split of task.splits)
            expect([...new Set(shardOf(s, split).copies.map((c) => c.node))].sort()).toEqual(task.holders)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('has its stages in order, with tasks numbered through', () => {
    assert(
      property(snapshot, constantFrom(true, false), integer({ min: 1, max: 9 }), (s, sort, partitions) => {
        const planned = plan(reading(s, { sort, partitions }), s)
        const { tasks } = planned
        const maps = tasksOfKind(planned, 'map').length
        const sampling = sort ? { sample: maps, bounds: 1 } : {}
        expect(countsOf(planned)).toEqual({ ...sampling, map: maps, reduce: partitions })
        const kinds = [
          ...(sort ? [...new Array<string>(maps).fill('sample'), 'bounds'] : []),
          ...new Array<string>(maps).fill('map'),
          ...new Array<string>(partitions).fill('reduce'),
        ]
        expect(tasks.map((task) => task.step.kind)).toEqual(kinds)
        tasks.forEach((task, i) => expect(task.index).toBe(i))
        expect(tasksOfKind(planned, 'reduce').map((task) => task.at)).toEqual([...new Array(partitions).keys()])
      }),
      { numRuns: 100 },
    )
  })

  test('many small files of one holder share tasks: about eight, and none below 4 MiB of work', () => {
    const files = (count: number, bytes: number): Snapshot => ({
      inputs: [
        {
          alias: '',
          dataset: 'd',
          replicated: false,
          omitted: [],
          shards: Array.from({ length: count }, (_, i): Shard => ({
            dataset: 'd',
            path: String(i).padStart(6, '0'),
            size: bytes,
            cuts: { kind: 'lines' },
            copies: [copy('n1' as NodeId)],
          })),
        },
      ],
    })
    expect(countsOf(plan(spec(), files(1_000, 100 * 1024))).map).toBe(8)
    expect(countsOf(plan(spec(), files(100, 1024))).map).toBe(1)
    expect(countsOf(plan(spec(), files(2_000, 0))).map).toBe(4)
    expect(countsOf(plan(spec(), files(3, 200 * MIB))).map).toBe(3 * 4)
  })

  test('refuses more runs than a ledger can hold, with a remedy', () => {
    const job = makeJob({ maps: 5_000, reduces: 4_096, members: ['n1' as NodeId] })
    expect(() => plan(job.spec, job.snapshot)).toThrow(ShoalError)
    expect(() => plan(job.spec, job.snapshot)).toThrow(/at most 10000000/)
  })
})

describe('partitions', () => {
  test.each([
    [0, 1],
    [1, 1],
    [64 * MIB, 1],
    [64 * MIB + 1, 2],
    [640 * MIB, 10],
    [10 ** 12, 256],
  ])('of %d bytes on disk are %d by default', (bytes, count) => {
    const one: Shard = { dataset: 'd', path: 'a', size: bytes, cuts: { kind: 'lines' }, copies: [copy('n1' as NodeId)] }
    const of = (shards: readonly Shard[]): Snapshot => ({
      inputs: [{ alias: '', dataset: 'd', replicated: false, shards, omitted: [] }],
    })
    expect(plan(spec(), of([one])).partitions).toBe(count)
    expect(plan(spec({ partitions: 7 }), of([one])).partitions).toBe(7)
  })
})

describe('known rows', () => {
  test('are the sum of all row groups, and unknown as soon as one shard has none', () => {
    const parquet: Shard = {
      dataset: 'd',
      path: 'a',
      size: 9,
      cuts: {
        kind: 'row-groups',
        groups: [
          { rows: 3, bytes: 1 },
          { rows: 4, bytes: 1 },
        ],
      },
      copies: [copy('n1' as NodeId)],
    }
    const of = (shards: readonly Shard[]): Snapshot => ({
      inputs: [{ alias: '', dataset: 'd', replicated: false, shards, omitted: [] }],
    })
    expect(knownRows(of([parquet, { ...parquet, path: 'b' }]))).toBe(14)
    expect(knownRows(of([parquet, { ...parquet, path: 'b', cuts: { kind: 'lines' } }]))).toBe(null)
  })
})

describe('ranks of splits', () => {
  /** What each split says of itself; node names play no part in it. */
  const contentOf = (s: Snapshot, input: number, k: number, start: number): string =>
    `${s.inputs[input]!.shards[k]!.size} ${start} ${s.inputs[input]!.shards[k]!.path}`

  test('are (alias, path, start, hash), as a plain sort gives them, and the same whatever the nodes are called', () => {
    const renamed = (s: Snapshot): Snapshot => {
      const other: Record<string, NodeId> = { n1: 'z9' as NodeId, n2: 'b5' as NodeId, n3: 'a0' as NodeId }
      return {
        inputs: s.inputs.map((input) => ({
          ...input,
          shards: input.shards
            .map((x) => ({ ...x, copies: x.copies.map((c) => ({ ...c, node: other[c.node]! })) }))
            .sort(byPath),
        })),
      }
    }
    const ranked = (s: Snapshot): string[] => {
      const maps = tasksOfKind(plan(reading(s), s), 'map')
      const text = (t: number, k: number): string => {
        const split = maps[t]!.splits[k]!
        return contentOf(s, split.input, split.shard, split.start)
      }
      const ranks = rankSplits(s, maps, text)
      const inOrder: string[] = []
      ranks.forEach((list, t) =>
        list.forEach((rank, k) => (inOrder[rank] = `${maps[t]!.splits[k]!.input} ${text(t, k)}`)),
      )
      return inOrder
    }
    assert(
      property(snapshot, (s) => {
        const naive = tasksOfKind(plan(reading(s), s), 'map')
          .flatMap((task) => task.splits)
          .map((split) => ({
            split,
            path: shardOf(s, split).path,
            text: contentOf(s, split.input, split.shard, split.start),
          }))
          .sort(
            (a, b) =>
              a.split.input - b.split.input ||
              Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)) ||
              a.split.start - b.split.start ||
              Buffer.compare(Buffer.from(a.text), Buffer.from(b.text)),
          )
          .map(({ split, text }) => `${split.input} ${text}`)
        expect(ranked(s)).toEqual(naive)
        expect(ranked(renamed(s))).toEqual(naive)
      }),
      { numRuns: 200 },
    )
  })
})
