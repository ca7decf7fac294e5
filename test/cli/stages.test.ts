/** What people see of a job of several stages. */
import { describe, expect, test } from 'vitest'
import type {
  ExplainAnswer,
  GraphAnswer,
  JobDetail,
  JobEvent,
  NodeApi,
  PhaseProgress,
  Receipt,
} from '../../src/control/api.ts'
import { explanationLines } from '../../src/cli/commands/explain.ts'
import { ProgressBlock } from '../../src/cli/progress/block.ts'
import { PlainProgress } from '../../src/cli/progress/plain.ts'
import { DETAIL, fakeNode, JOB_ID, PREPARED, progress, RECEIPT, shoal } from './fake.ts'

const RESULTS = { homes: `sha256:${'a'.repeat(64)}`, totals: `sha256:${'b'.repeat(64)}` }

function phase(stage: string | null, name: string, done: number, total: number, ...bytes: number[]): PhaseProgress {
  const [read = 0, all = 0] = bytes
  return { ...(stage === null ? {} : { stage }), phase: name, done, total, bytes: read, bytesTotal: all }
}

function event(...phases: PhaseProgress[]): JobEvent {
  return { ...(progress(0, 1) as Extract<JobEvent, { type: 'progress' }>), phases, lanes: [] }
}

const BEGUN = [phase('homes', 'map', 2, 2), phase('homes', 'shuffle', 4, 4), phase('homes', 'reduce', 2, 2)]
const UNDER_WAY = [
  phase('spend', 'map', 3, 8, 400, 800),
  phase('spend', 'shuffle', 0, 0),
  phase('spend', 'reduce', 0, 2),
]
const TO_COME = [phase('totals', 'reduce', 0, 3), phase(null, 'copy', 2, 10)]

describe('progress', () => {
  test('plain: each line names the stage and its place; a stage that is over is said once', () => {
    const plain = new PlainProgress(0)
    const began = event(phase('homes', 'map', 0, 2), phase('homes', 'reduce', 0, 2), ...UNDER_WAY, ...TO_COME)
    expect(plain.lines(began, 1, 'T')).toEqual(['T stage 2/3 spend 40%  map 3/8 tasks  400 B of 800 B'])
    const later = event(...BEGUN, ...UNDER_WAY, ...TO_COME)
    expect(plain.lines(later, 2, 'T')).toEqual(['T stage 1/3 homes done  4 tasks'])
    const last = event(...BEGUN, phase('spend', 'map', 8, 8, 800, 800), phase('spend', 'reduce', 1, 2), ...TO_COME)
    expect(plain.lines(last, 3, 'T')).toEqual(['T stage 2/3 spend 90%  reduce 1/2 tasks'])
    expect(plain.lines(last, 4, 'T')).toEqual([])
    expect(plain.lines(last, 40_000, 'T')).toEqual(['T stage 2/3 spend 90%  reduce 1/2 tasks'])
    const all = event(
      ...BEGUN,
      phase('spend', 'map', 8, 8),
      phase('totals', 'reduce', 3, 3),
      phase(null, 'copy', 2, 10),
    )
    expect(plain.lines(all, 40_001, 'T')).toEqual([
      'T stage 2/3 spend done  8 tasks',
      'T stage 3/3 totals done  3 tasks',
      'T copy 20%  2/10 tasks',
    ])
  })

  test('on a terminal: a line a stage, with what it is at', () => {
    const block = new ProgressBlock(0)
    const shown = block.lines(event(...BEGUN, ...UNDER_WAY, ...TO_COME), 2_000, 80, (_, text) => text)
    expect(shown).toEqual([
      `job ${JOB_ID.slice(0, 12)}  running  2.0 s  1 of 3 stages done`,
      'homes  ████████████████████ 100%  4/4 tasks',
      'spend  ████████░░░░░░░░░░░░  40%  map 3/8 tasks  400 B/800 B',
      'totals ░░░░░░░░░░░░░░░░░░░░   0%  0/3 tasks',
      'copy   ████░░░░░░░░░░░░░░░░  20%  2/10 tasks',
    ])
  })

  test('many stages fit: those around the one under way', () => {
    const many = Array.from({ length: 40 }, (_, i) => phase(`s${i}`, 'map', i < 20 ? 1 : 0, 1))
    const shown = new ProgressBlock(0).lines(event(...many), 0, 80, (_, text) => text)
    expect(shown).toHaveLength(1 + 1 + 10 + 1)
    expect(shown[1]).toBe('… 19 stages before')
    expect(shown[3]).toMatch(/^s20 .* 0%/)
    expect(shown.at(-1)).toBe('… and 11 stages more')
  })

  test('a stage’s name from another machine brings no control characters', () => {
    const hostile = event(phase('a\u001b[2Jb', 'map', 1, 2))
    expect(new ProgressBlock(0).lines(hostile, 0, 100, (_, text) => text).join('')).not.toContain('\u001b')
  })
})

const none = { records: null, bytes: null }
const STATE = { partitions: 0, output: null, done: 0, running: 0, gave: 0, bytes: null }
const GRAPH: GraphAnswer = {
  schema: 'shoal.graph/1',
  job: JOB_ID,
  name: 'revenue',
  state: 'running',
  stages: [
    {
      stage: 'homes',
      steps: [
        {
          ...{ ...STATE, step: 'map', tasks: 1, partitions: 2, done: 1, gave: 90 },
          reads: [
            {
              ...{ how: 'rows', dataset: 'people', glob: '*.csv', shards: 1, bytes: 633 },
              went: { records: 90, bytes: 633 },
            },
          ],
        },
        {
          ...{ ...STATE, step: 'reduce', tasks: 2, output: 'homes', done: 1, running: 1, gave: 40, bytes: 400 },
          reads: [{ how: 'hash', stage: 'homes', step: 'map', went: { records: 40, bytes: 1250 } }],
        },
        {
          ...{ ...STATE, step: 'table reduce', tasks: 1, gave: 0, bytes: 0 },
          reads: [{ how: 'hash', stage: 'homes', step: 'reduce', went: { records: 0, bytes: 0 } }],
        },
      ],
    },
    {
      stage: 'totals',
      steps: [
        {
          ...{ ...STATE, step: 'map "<b>"', tasks: 2 },
          reads: [
            { how: 'same', stage: 'homes', step: 'reduce', went: none },
            { how: 'broadcast', stage: 'homes', step: 'table reduce', went: none },
          ],
        },
        {
          ...{ ...STATE, step: 'reduce', tasks: 2, output: 'totals', bytes: 0 },
          reads: [{ how: 'range', stage: 'totals', step: 'map "<b>"', went: none }],
        },
      ],
    },
  ],
}
const drawn: Partial<NodeApi> = { graph: () => Promise.resolve(GRAPH) }

describe('job graph', () => {
  test('a line an edge: what a step reads, how, and what has gone over it', async () => {
    const { stdout } = await shoal(['job', 'graph', '7c'], { node: drawn })
    expect(stdout.split('\n')).toEqual([
      `job ${JOB_ID.slice(0, 12)}  revenue  running`,
      '',
      'STAGE   STEP                TASKS  READS         HOW        RECORDS     DATA',
      'homes   map                   1/1  people/*.csv  rows            90    633 B',
      '        reduce        1/2, 1 runs  map           hash            40  1.25 kB',
      '        table reduce          0/1  reduce        hash             0      0 B',
      'totals  map "<b>"             0/2  homes         same',
      '                                   homes table   broadcast',
      '        reduce                0/2  map "<b>"     range',
      '',
      'homes gives output homes: 1/2 parts, 40 records, 400 B',
      'totals gives output totals: 0/2 parts, 0 records, 0 B',
      '',
    ])
  })

  test('--format mermaid: a flowchart, whose labels nothing in a name can end', async () => {
    const { code, stdout } = await shoal(['job', 'graph', '7c', '--format', 'mermaid'], { node: drawn })
    expect(code).toBe(0)
    expect(stdout.split('\n')).toEqual([
      'flowchart TB',
      '  d0[("people/*.csv")]',
      '  subgraph sn0["stage homes"]',
      '    n0["map 1/1"]',
      '    n1["reduce 1/2, 1 runs"]',
      '    n2["table reduce 0/1"]',
      '  end',
      '  subgraph sn3["stage totals"]',
      '    n3["map #34;#60;b#62;#34; 0/2"]',
      '    n4["reduce 0/2"]',
      '  end',
      '  d0 -->|"rows, 90 records, 633 B"| n0',
      '  n0 -->|"hash, 40 records, 1.25 kB"| n1',
      '  n1 -->|"1/2 parts, 40 records, 400 B"| on1(["output homes"])',
      '  n1 -->|"hash, 0 records, 0 B"| n2',
      '  n1 -->|"same"| n3',
      '  n2 -->|"broadcast"| n3',
      '  n3 -->|"range"| n4',
      '  n4 -->|"0/2 parts, 0 records, 0 B"| on4(["output totals"])',
      '',
    ])
  })

  test('SHOAL_FORMAT is how a result is written, not a graph', async () => {
    const environment = { SHOAL_FORMAT: 'csv' }
    expect((await shoal(['job', 'graph', '7c'], { environment })).stdout).toContain('purchases/*.ndjson')
    expect(await shoal(['job', 'graph', '7c', '--format', 'csv'])).toMatchObject({ code: 2 })
  })
})

test('explain draws the stages in the order of the plan', async () => {
  const share = (stage: string, tasks: number, bytes = 0): ExplainAnswer['stages'][number] => ({
    ...{ stage, tasks },
    nodes: [{ node: 'id', name: 'data-1', tasks, bytes }],
  })
  const answer: ExplainAnswer = {
    ...(await fakeNode().explain({ job: PREPARED } as never)),
    stages: [share('homes map', 1, 633), share('homes reduce', 2), share('totals map', 2), share('totals reduce', 2)],
    graph: GRAPH.stages.map((stage) => ({
      ...stage,
      steps: stage.steps.filter(({ step }) => !step.startsWith('table')),
    })),
  }
  const shown = explanationLines(answer)
  expect(
    shown.slice(
      2,
      shown.findIndex((line) => line.startsWith('columns')),
    ),
  ).toEqual([
    'stage homes  gives output homes',
    '  map        1 task on 1 node, for 2 partitions',
    '               reads people/*.csv (rows: 1 shard, 633 B)',
    '               data-1  1 task  633 B',
    '  reduce     2 tasks on 1 node',
    '               reads map (hash)',
    'stage totals  gives output totals',
    '  map "<b>"  2 tasks',
    '               reads homes (same)',
    '               reads homes table (broadcast)',
    '  reduce     2 tasks on 1 node',
    '               reads map "<b>" (range)',
    'moves    about 1.9 MB between nodes, of what is read; what stages give is not known before they run',
  ])
})

describe('what is told of it', () => {
  test('job show: stages, outputs, and the stage of each task', async () => {
    const task = DETAIL.tasks[0]!
    const job: JobDetail = {
      ...DETAIL,
      outputs: [
        { output: 'homes', stage: 'homes', partitions: 2 },
        { output: 'totals', stage: 'totals', partitions: 1 },
      ],
      tasks: [
        { ...task, stage: 'homes' },
        { ...task, task: 1, stage: 'homes', kind: 'reduce', state: 'open' },
        { ...task, task: 2, stage: 'totals', kind: 'reduce', state: 'open' },
      ],
    }
    const { stdout } = await shoal(['job', 'show', '7c'], { node: { job: () => Promise.resolve(job) } })
    expect(stdout).toContain('output     homes  2 partitions\noutput     totals  1 partition\n')
    expect(stdout).toContain('stage      homes  map 1/1  reduce 0/1\nstage      totals  reduce 0/1\n')
    expect(stdout).toMatch(/^TASK {2}STAGE {3}KIND/m)
    expect(stdout).toMatch(/^ {3}2 {2}totals {2}reduce {2}open/m)
  })

  test('job receipt: each step with what it took and gave, each output with its hash', async () => {
    const facts = { skipped: 0, counters: {} }
    const receipt: Receipt = {
      ...RECEIPT,
      stages: [
        { stage: 'homes', step: 'map', tasks: 1, records: 91, gave: 90, ...facts, skipped: 1 },
        { stage: 'totals', step: 'reduce', tasks: 2, records: 90, gave: 4, ...facts, counters: { users: 90 } },
      ],
      outputs: [{ output: 'homes', stage: 'homes', result: RESULTS.homes, records: 90, bytes: 980 }],
      partitions: [{ output: 'homes', partition: 0, records: 90, bytes: 980, part: 'p' }],
    }
    const { stdout } = await shoal(['job', 'receipt', '7c'], { node: { receipt: () => Promise.resolve(receipt) } })
    expect(stdout).toContain('records    61,204,113 read, 9,812 out\n')
    expect(stdout).toContain(`output     homes  90 records, 980 B, ${RESULTS.homes}\n`)
    expect(stdout.slice(stdout.indexOf('STAGE')).split('\n')).toEqual([
      'STAGE   STEP    TASKS  IN  OUT  SKIPPED  COUNTERS',
      'homes   map         1  91   90        1',
      'totals  reduce      2  90    4        0  users 90',
      '',
      'OUTPUT  PARTITION  RECORDS   DATA  SHA256',
      'homes           0       90  980 B  p',
      '',
    ])
  })

  test('job logs: each line has the task as people say it', async () => {
    const node: Partial<NodeApi> = {
      logs: () => Promise.resolve([{ task: 3, name: 'totals reduce 1/2', node: 'data-1', text: 'hello\nworld\n' }]),
    }
    expect((await shoal(['job', 'logs', '7c'], { node })).stdout).toBe(
      'totals reduce 1/2 data-1| hello\ntotals reduce 1/2 data-1| world\n',
    )
  })

  test('job diff names the output whose parts differ', async () => {
    const answer = await fakeNode().diff('a', 'b')
    const node: Partial<NodeApi> = {
      diff: () =>
        Promise.resolve({
          ...answer,
          same: false,
          fields: [{ field: 'stage totals: sort', a: 'true', b: 'false' }],
          result: { a: RESULTS.homes, b: RESULTS.totals, equal: false },
          parts: [3, 4],
          outputs: [{ output: 'totals', parts: [0, 1] }],
        }),
    }
    expect((await shoal(['job', 'diff', 'a', 'b'], { node })).stdout).toBe(
      'stage totals: sort\n  - true\n  + false\n' +
        `result differs, totals in 2 parts: 0 1: ${RESULTS.homes} and ${RESULTS.totals}\n`,
    )
  })
})
