/** Jobs in a storm: submitted at whoever is awake, followed from others, and compared with the known answer. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { NodeApi, PreparedJob, SubmitRequest } from '../../src/control/api.ts'
import { LIMITS } from '../../src/core/limits.ts'
import { decodeRecords, prepareJob } from '../../src/index.ts'
import { difference, expected, KINDS, SOURCES, type Answer, type Kind, type ordersOf, type Question } from './orders.ts'
import type { StormMesh } from './weather.ts'

/** How a job of the storm ended, or how it stands. */
export interface Fate {
  readonly question: Question
  readonly id: string
  readonly state: 'right' | 'wrong' | 'failed' | 'open' | 'refused'
  /** The first difference, the failure, or what it waits for. */
  readonly why: string
  readonly result: string | null
  readonly milliseconds: number
}

export interface Jobs {
  readonly storm: StormMesh
  readonly prepared: Readonly<Record<Kind, PreparedJob>>
  readonly orders: ReturnType<typeof ordersOf>
  readonly partitions: number
}

export async function prepareJobs({ mesh }: StormMesh): Promise<Record<Kind, PreparedJob>> {
  const prepared: Partial<Record<Kind, PreparedJob>> = {}
  for (const kind of KINDS) prepared[kind] = await prepareJob(mesh.job(kind, SOURCES[kind]))
  return prepared as Record<Kind, PreparedJob>
}

/** Waits between two looks at a job. */
const LOOK_MS = 250
/** A job that takes long says why, so often. */
const TELL_MS = 60_000

export function requestFor(jobs: Jobs, { kind, dataset, salt }: Question, key: string): SubmitRequest {
  const job = jobs.prepared[kind]
  return {
    job: {
      ...job,
      params: { ...job.params, salt: String(salt) },
      inputs: job.inputs.map((input) => ({ ...input, data: `${dataset}/*.ndjson` })),
      partitions: jobs.partitions,
    },
    key,
    allowPartial: false,
    waitForDataMs: 30_000,
    limits: { copies: LIMITS.copiesDefault, taskMemory: null, taskTimeoutMs: null },
  }
}

/** Submits until somebody takes it, then looks until it has ended or `deadline` (of `performance.now`) is past. */
export async function carryOut(jobs: Jobs, question: Question, key: string, deadline: () => number): Promise<Fate> {
  const { storm } = jobs
  const began = performance.now()
  const fate = (id: string, state: Fate['state'], why: string, result: string | null = null): Fate => ({
    question,
    id,
    state,
    why,
    result,
    milliseconds: performance.now() - began,
  })
  const request = requestFor(jobs, question, key)
  let id: string | null = null
  while (id === null) {
    if (performance.now() > deadline()) return fate('', 'refused', 'nobody took it before the end')
    id = await storm.ask(async (api) => (await api.submit(request)).id)
    if (id === null) await sleep(LOOK_MS)
  }
  const known = id
  for (let told = performance.now(); ;) {
    const detail = await storm.ask((api) => api.job(known))
    if (detail?.state === 'done') {
      const wrong = await storm.ask((api) => compare(api, known, question, jobs))
      if (wrong !== null) return fate(known, wrong === '' ? 'right' : 'wrong', wrong, detail.result)
    } else if (detail?.state === 'failed' || detail?.state === 'disputed') {
      return fate(known, 'failed', `${detail.error?.code ?? ''}: ${detail.error?.message ?? ''}`)
    }
    if (performance.now() > deadline()) {
      const why = await storm.ask((api) => api.why(known))
      return fate(known, 'open', why ?? '')
    }
    if (performance.now() - told > TELL_MS) {
      told = performance.now()
      const why = await storm.ask((api) => api.why(known))
      if (why !== null) console.error(`         …  ${known.slice(0, 12)}  ${why}`)
    }
    await sleep(LOOK_MS)
  }
}

/** '' where the result is the answer; rejects where it cannot be had now. */
export async function compare(api: NodeApi, id: string, question: Question, { orders }: Jobs): Promise<string> {
  const records: [unknown, unknown][] = []
  for await (const { bytes } of api.result(id, new AbortController().signal)) records.push(...decodeRecords(bytes))
  return difference(question, records, answerTo(question, orders)) ?? ''
}

const answers = new Map<string, Answer>()

function answerTo(question: Question, orders: ReturnType<typeof ordersOf>): Answer {
  // Both datasets have the same orders in them.
  const name = `${question.kind} ${question.salt}`
  const known = answers.get(name) ?? expected(question, orders)
  answers.set(name, known)
  return known
}
