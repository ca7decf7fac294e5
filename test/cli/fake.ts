/** A node that is a plain object, and a command line whose streams are strings: all behaviour without a process. */
import { Writable } from 'node:stream'
import type {
  Coverage,
  GraphAnswer,
  JobDetail,
  JobEvent,
  JobSummary,
  NodeApi,
  NodeStatus,
  PreparedJob,
  Receipt,
} from '../../src/control/api.ts'
import type { Engine, Outside } from '../../src/cli/engine.ts'
import type { OutputFormat, Renderer } from '../../src/index.ts'
import type { Io, StopSignal, Stream } from '../../src/cli/io.ts'
import { main } from '../../src/cli/program.ts'

export const JOB_ID: string = '7c1e4a'.padEnd(64, '0')
export const RESULT: string = `sha256:${'51c0'.padEnd(64, 'a')}`

export const COVERAGE: Coverage = {
  shards: 142,
  of: 142,
  bytes: 18_400_000_000,
  records: 61_204_113,
  nodes: 5,
  omitted: [],
  leftOut: [],
  thisMachineOnly: false,
}

export const SUMMARY: JobSummary = {
  schema: 'shoal.job/1',
  id: JOB_ID,
  name: 'revenue',
  state: 'done',
  round: 1,
  submitted: '2026-11-22T14:02:11.000Z',
  elapsedMs: 41_800,
  coverage: COVERAGE,
  result: RESULT,
  partitions: 2,
  format: null,
}

export const DETAIL: JobDetail = {
  ...SUMMARY,
  key: 'november',
  code: 'c0de'.padEnd(64, '1'),
  params: { currency: 'EUR' },
  inputs: [{ alias: '', dataset: 'purchases', glob: '*.ndjson', shards: 142, bytes: 18_400_000_000 }],
  runtime: 'r1-node26',
  snapshot: '5a95'.padEnd(64, '2'),
  limits: { copies: 2, taskMemory: 128_000_000, taskTimeoutMs: 60_000 },
  tasks: [
    {
      task: 0,
      kind: 'map',
      state: 'done',
      owner: 'data-1',
      term: 1,
      digest: 'd1'.padEnd(64, '3'),
      holders: ['data-1', 'data-2'],
      failures: ['data-3: disk full'],
      what: 'purchases/2025-01.ndjson',
      bytes: 64_000_000,
    },
  ],
  error: null,
}

export const RECEIPT: Receipt = {
  schema: 'shoal.receipt/1',
  job: JOB_ID,
  name: 'revenue',
  result: RESULT,
  coverage: COVERAGE,
  counters: { refunds: 17 },
  skipped: { count: 3, samples: [{ place: 'purchases/a.ndjson:7', reason: 'no user', record: '{}' }] },
  records: { read: 61_204_113, emitted: 61_204_110, reduced: 61_204_110, out: 9812 },
  partitions: [{ partition: 0, records: 9812, bytes: 400_000, part: 'a'.repeat(64) }],
  code: DETAIL.code,
  params: DETAIL.params,
  runtime: DETAIL.runtime,
  snapshot: DETAIL.snapshot,
  consumed: 'b'.repeat(64),
  takenOver: 1,
}

export const GRAPH: GraphAnswer = {
  schema: 'shoal.graph/1',
  job: JOB_ID,
  name: 'revenue',
  state: 'running',
  stages: [
    {
      stage: '',
      steps: [
        {
          ...{ step: 'map', tasks: 4, partitions: 2, output: null, done: 3, running: 1, gave: 30, bytes: null },
          reads: [
            {
              ...{ how: 'rows', dataset: 'purchases', glob: '*.ndjson', shards: 142, bytes: 18_400_000_000 },
              went: { records: 31, bytes: 13_800_000_000 },
            },
          ],
        },
        {
          ...{ step: 'reduce', tasks: 2, partitions: 0, output: '', done: 0, running: 0, gave: 0, bytes: 0 },
          reads: [{ how: 'hash', stage: '', step: 'map', went: { records: 0, bytes: null } }],
        },
      ],
    },
  ],
}

export const STATUS: NodeStatus = {
  schema: 'shoal.status/1',
  pid: 4121,
  id: '12D3KooWFakeFakeFake',
  name: 'data-1',
  version: '0.1.0',
  runtime: 'r1-node26',
  ready: true,
  why: '',
  joined: true,
  draining: false,
  home: '/srv/shoal',
  listen: ['/ip4/10.0.0.5/tcp/4001/p2p/12D3KooWFakeFakeFake'],
  members: 5,
  alive: 4,
  slots: 2,
  busy: 1,
  memory: 256_000_000,
  datasets: [{ name: 'purchases', replicated: true, shards: 37, bytes: 18_400_000_000, pending: 2 }],
  jobs: { open: 1, known: 9, unreadable: [] },
  disk: { open: 1_000_000, finished: 2_500_000_000, most: 10_000_000_000, retentionMs: 7 * 86_400_000, early: 2 },
  connections: 2,
  streams: 9,
  dropped: { 'bad frame': 3 },
  warnings: ['two clocks differ'],
}

export const OUTCOME: JobEvent = {
  schema: 'shoal.event/1',
  t: '2026-11-22T14:02:53.000Z',
  job: JOB_ID,
  type: 'outcome',
  state: 'done',
  summary: SUMMARY,
  error: null,
}

export function progress(done: number, total: number, why: string | null = null): JobEvent {
  return {
    schema: 'shoal.event/1',
    t: '2026-11-22T14:02:12.000Z',
    job: JOB_ID,
    type: 'progress',
    state: why === null ? 'running' : 'waiting',
    phases: [{ phase: 'map', done, total, bytes: done * 1000, bytesTotal: total * 1000 }],
    lanes: [{ node: '12D3KooWFakeFakeFake', name: 'data-1', done, running: 1 }],
    why,
  }
}

export const PREPARED: PreparedJob = {
  name: 'revenue',
  bundle: 'code',
  sourceMap: '{}',
  params: { currency: 'EUR' },
  inputs: [{ alias: '', data: 'purchases/*.ndjson', format: 'ndjson' }],
  partitions: null,
  combine: true,
  reduce: true,
  sort: false,
  onBadRecord: 'fail',
  format: null,
}

/** One record a line, `key=value`, stands for canonical records. */
export function lines(...records: readonly string[]): Uint8Array {
  return Buffer.from(records.map((record) => `${record}\n`).join(''))
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items
}

/** A node where all is well; tests replace what they are about. Calls are kept in `calls`. */
export function fakeNode(changes: Partial<NodeApi> = {}, calls: unknown[][] = []): NodeApi {
  const done =
    <T>(name: string, value: T) =>
    (...args: readonly unknown[]): Promise<T> => {
      calls.push([name, ...args.filter((arg) => !(arg instanceof AbortSignal))])
      return Promise.resolve(value)
    }
  return {
    status: done('status', STATUS),
    members: done('members', [
      {
        id: '12D3KooWFakeFakeFake',
        name: 'data-1',
        state: 'alive',
        self: true,
        addresses: ['/ip4/10.0.0.5/tcp/4001'],
        shards: 37,
        bytes: 18_400_000_000,
        version: '0.1.0',
        runtime: 'r1-node26',
        slots: 2,
        drained: false,
        connected: true,
      },
    ]),
    forgetMember: done('forgetMember', undefined),
    datasets: done('datasets', [
      {
        name: 'purchases',
        replicated: false,
        mode: 'own',
        shards: [
          {
            ...{
              path: 'a.ndjson',
              bytes: 100,
              mtime: '2026-11-22T14:00:00.000Z',
              state: 'offered',
              holders: ['data-1'],
            },
            ...{ format: 'ndjson', read: true },
          },
          {
            path: 'b\nc.ndjson',
            bytes: 50,
            mtime: '2026-11-22T14:00:01.000Z',
            state: 'unreadable',
            holders: ['data-1'],
            ...{ format: '', read: false },
            why: 'EACCES',
          },
        ],
        leftOut: [
          {
            ...{
              dataset: 'purchases',
              node: 'data-1',
              kind: 'hidden',
              count: 2,
              samples: ['_SUCCESS', '_tmp\u001b[2J'],
            },
            text: '2 names that begin with _ or . are not read: _SUCCESS, _tmp\u001b[2J',
          },
        ],
      },
    ]),
    forgetData: done('forgetData', undefined),
    freeze: done('freeze', { snapshot: 'f'.repeat(64), shards: 2, bytes: 150 }),
    snapshots: done('snapshots', [{ snapshot: 'f'.repeat(64), data: 'purchases', shards: 2, bytes: 150 }]),
    ticket: done('ticket', 'shoal1ticket'),
    doctor: done('doctor', {
      schema: 'shoal.doctor/1',
      checks: [
        { name: 'disk', ok: true, detail: '40 GB free' },
        { name: 'clock', ok: false, detail: '4 s off', try: 'start ntp' },
      ],
    }),
    drain: done('drain', undefined),
    explain: done('explain', {
      schema: 'shoal.explain/1',
      job: JOB_ID,
      bundleBytes: 3100,
      partitions: 3,
      shards: 142,
      bytes: 18_400_000_000,
      stages: [
        { stage: 'map', tasks: 142, nodes: [{ node: 'id', name: 'data-1', tasks: 142, bytes: 18_400_000_000 }] },
      ],
      moves: 1_900_000,
      columns: [{ alias: '', dataset: 'sales', widened: [['at', 'us']], lacking: ['note'] }],
      streamed: [{ from: 'data-2', to: 'data-1', tasks: 2, bytes: 3_000_000 }],
      takeover: [{ node: 'id', name: 'data-1', tasks: 142, sole: 6, next: ['data-2'] }],
      leftOut: [{ node: 'data-9', why: 'another runtime' }],
      warnings: ['combine is not associative'],
    }),
    submit: done('submit', { id: JOB_ID, attached: false, knownHereOnly: false, warnings: [] }),
    jobs: done('jobs', [SUMMARY]),
    job: done('job', DETAIL),
    graph: done('graph', GRAPH),
    why: done('why', 'it waits for data-2, which holds 3 shards that no one else has'),
    events: done('events', [
      {
        t: '2026-11-22T14:02:11.000Z',
        node: 'data-1',
        task: 3,
        attempt: 'a1',
        type: 'claim',
        text: 'data-1 claims map 3',
      },
    ]),
    logs: done('logs', [{ task: 3, node: 'data-1', text: 'hello\nworld\n' }]),
    receipt: done('receipt', RECEIPT),
    verify: done('verify', {
      schema: 'shoal.verify/1',
      job: RECEIPT.job,
      result: RECEIPT.result,
      ok: true,
      checks: [{ name: 'balance', ok: true, detail: 'as many emitted as reduced' }],
    }),
    diff: done('diff', {
      schema: 'shoal.diff/1',
      a: RECEIPT.job,
      b: RECEIPT.job,
      same: true,
      fields: [],
      onlyA: { count: 0, shards: [] },
      onlyB: { count: 0, shards: [] },
      changed: { count: 0, shards: [] },
      result: { a: RECEIPT.result, b: RECEIPT.result, equal: true },
      parts: [],
    }),
    cancel: done('cancel', undefined),
    retry: done('retry', undefined),
    remove: done('remove', undefined),
    watch: (id) => {
      calls.push(['watch', id])
      return each([progress(0, 4), progress(2, 4), OUTCOME])
    },
    result: (id) => {
      calls.push(['result', id])
      return each([
        { partition: 0, bytes: lines('a=1') },
        { partition: 0, bytes: lines('b=2') },
        { partition: 1, bytes: lines() },
      ])
    },
    ...changes,
  }
}

/** Renders each record as `key=value`, between `<` and `>` where the format is json. */
function fakeRenderer(format: OutputFormat): Renderer {
  const suffix = `.${format === 'text' ? 'txt' : format}`
  const scanned: string[] = []
  return {
    format,
    suffix,
    needsScan: format === 'csv',
    scan: (key) => void scanned.push(String(key)),
    open: () => ({
      begin: () => (format === 'json' ? '<' : scanned.length > 0 ? `${scanned.join(',')}\n` : ''),
      record: (key, value) => `${String(key)}=${String(value)}\n`,
      end: () => (format === 'json' ? '>' : ''),
    }),
  }
}

export function fakeEngine(changes: Partial<Engine> = {}): Engine {
  const none = (): Promise<never> => Promise.reject(new Error('no node is started in this test'))
  return {
    startNode: none,
    startLocalNode: none,
    startSimulatedNode: none,
    prepareJob: () => Promise.resolve(PREPARED),
    createRenderer: fakeRenderer,
    *decodeRecords(bytes) {
      for (const line of Buffer.from(bytes).toString().split('\n')) {
        const [key = '', value = ''] = line.split('=')
        if (line !== '') yield [key, value]
      }
    },
    ...changes,
  }
}

export interface Terminal {
  readonly io: Io
  stdout(): string
  stderr(): string
  /** As if the person pressed Ctrl-C. */
  stop(signal?: StopSignal): void
  /** Codes given to `exit`. */
  readonly exits: number[]
}

export interface TerminalForm {
  readonly environment?: Record<string, string>
  readonly folder?: string
  readonly stdin?: string
  readonly tty?: boolean
  readonly columns?: number
  readonly now?: () => number
  /** Replaces stdout. */
  readonly stdout?: Stream
}

export function terminal(form: TerminalForm = {}): Terminal {
  const out = capture(form)
  const err = capture(form)
  const handlers = new Set<(signal: StopSignal) => void>()
  const exits: number[] = []
  return {
    exits,
    stdout: out.text,
    stderr: err.text,
    stop: (signal = 'SIGINT') => {
      for (const handler of handlers) handler(signal)
    },
    io: {
      stdin: each([form.stdin ?? '']),
      stdout: form.stdout ?? out.stream,
      stderr: err.stream,
      environment: form.environment ?? {},
      folder: form.folder ?? '/nowhere',
      now: form.now ?? (() => performance.now()),
      onStop: (handler) => {
        handlers.add(handler)
        return () => void handlers.delete(handler)
      },
      exit: (code) => void exits.push(code),
    },
  }
}

function capture(form: TerminalForm): { readonly stream: Stream; text(): string } {
  const chunks: Buffer[] = []
  const stream: Stream = Object.assign(
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        chunks.push(Buffer.from(chunk))
        done()
      },
    }),
    { isTTY: form.tty ?? false, columns: form.columns ?? 80 },
  )
  return { stream, text: () => Buffer.concat(chunks).toString('utf8') }
}

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs one command at a fake node and answers with all that it left. */
export async function shoal(
  argv: readonly string[],
  form: TerminalForm & {
    readonly node?: Partial<NodeApi>
    readonly engine?: Partial<Engine>
    readonly calls?: unknown[][]
  } = {},
): Promise<Ran> {
  const here = terminal(form)
  const code = await main(argv, here.io, outside(form.node, form.engine, form.calls))
  return { code, stdout: here.stdout(), stderr: here.stderr() }
}

export function outside(node: Partial<NodeApi> = {}, engine: Partial<Engine> = {}, calls: unknown[][] = []): Outside {
  return { connect: () => fakeNode(node, calls), engine: () => Promise.resolve(fakeEngine(engine)) }
}
