/** The node's public API over its runtime: finds the job, asks the parts, and gives plain data. */
import { takeSnapshot } from '../../catalog/snapshot.ts'
import type { LogInfo, NodeApi, NodeStatus, StoryEvent } from '../../control/api.ts'
import { isLive, livenessOf } from '../../core/members/liveness.ts'
import { ShoalError } from '../../core/errors.ts'
import { isOver } from '../../core/ledger/outcome.ts'
import { taskName } from '../../core/plan/graph.ts'
import { compareUtf8 } from '../../core/plan/ranks.ts'
import type { JobState } from '../../core/state.ts'
import type { JobId, NodeId } from '../../core/types.ts'
import { askAll } from '../peers/ask-all.ts'
import { fullName, nameOf, type Context } from '../context.ts'
import { damagedRecord } from '../home/damaged-record.ts'
import { diffJobs } from './diff.ts'
import { doctor } from './doctor.ts'
import { explain } from './explain.ts'
import { graphOf } from './graph.ts'
import type { Frozen } from '../home/frozen.ts'
import type { Keeping } from '../home/keeping.ts'
import { detailOf, summaryOf, whyOf } from './job-views.ts'
import { readLogs, type TaskLog } from '../home/logs.ts'
import type { Loop } from '../loop.ts'
import { receiptOf } from './receipts.ts'
import { verify } from './proof.ts'
import { resultOf } from './results.ts'
import { cancelJob, removeJob, retryJob } from './decisions.ts'
import { scanMesh } from './scan-mesh.ts'
import { parseInput, Submission } from './submit.ts'
import type { Times } from '../home/times.ts'
import { hasStages } from '../stage-names.ts'
import { datasetsOf, membersOf } from './views.ts'
import { runtimesText } from '../../words/runtimes.ts'
import { inOrder } from '../home/story.ts'
import { outputsKnown, watchJob } from './watch.ts'

export interface ApiParts {
  readonly context: Context
  readonly loop: Loop
  readonly times: Times
  readonly frozen: Frozen
  readonly keeping: Pick<Keeping, 'use' | 'whileRead'>
  readonly version: string
  /** Ready or why not; see CLI.md "Ready". */
  readiness(): { ready: boolean; why: string; joined: boolean }
  ticket(): string
  traffic(): { connections: number; streams: number }
  /** Longest stall of late, in ms. */
  lagMs(): number
  warnings(): readonly string[]
  counts(): Readonly<Record<string, number>>
  forgetMember(node: NodeId): Promise<void>
  drain(): Promise<void>
}

export function createNodeApi(parts: ApiParts): NodeApi {
  const { context, loop, times, frozen } = parts
  const { state, catalog, clock } = context
  const submission = new Submission(context, frozen)
  const find = (id: string): JobState => findJob(context, id)
  const decided = (id: string): JobState => {
    checkGoing(parts)
    return find(id)
  }
  const known = async (id: string, signal: AbortSignal = new AbortController().signal): Promise<JobState> => {
    const job = find(id)
    await outputsKnown(context, loop, job, signal)
    return job
  }
  return {
    status: async () => statusOf(parts),
    members: async () => membersOf(context),
    forgetMember: (node) => parts.forgetMember(findMember(context, node)),
    datasets: async () => datasetsOf(context),
    forgetData: (dataset) => catalog.forget(dataset),
    freeze: async (data) => {
      const { dataset, glob, options } = parseInput({ alias: '', data }, frozen)
      const sources = await scanMesh(context, [{ dataset, glob, options }])
      const taken = takeSnapshot([{ alias: '', dataset, glob, options, freezing: true }], sources, {
        allowPartial: false,
        now: clock.wall().getTime(),
      })
      if (!taken.ok) throw taken.refusal
      const { id, input } = await frozen.freeze(data, taken.snapshot.inputs[0]!)
      return frozenInfo({ id, data, input })
    },
    snapshots: async () => frozen.all().map(frozenInfo),
    ticket: async () => parts.ticket(),
    doctor: () => doctor(context, parts.lagMs()),
    drain: () => parts.drain(),

    explain: async (request) =>
      explain(context, await submission.draft(request), Buffer.byteLength(request.job.bundle)),
    submit: async (request, signal) => {
      checkGoing(parts)
      return submission.submit(request, signal)
    },
    jobs: async () =>
      [...state.jobs.values()]
        .map((job) => summaryOf(context, job, times))
        .sort((a, b) => compareUtf8(b.submitted, a.submitted)),
    job: async (id) => detailOf(context, find(id), times),
    why: async (id) => whyOf(context, find(id)),
    graph: async (id) => graphOf(context, find(id)),
    events: async (id) => eventsOf(context, find(id).record.id),
    logs: async (id) => logsOf(context, find(id)),
    receipt: async (id) => receiptOf(context, await known(id)),
    verify: async (id, signal = new AbortController().signal) => verify(context, await known(id, signal), signal),
    diff: async (a, b) => diffJobs(context, find(a), find(b)),
    cancel: async (id) => cancelJob(context, decided(id)),
    retry: async (id) => retryJob(context, decided(id)),
    remove: async (id) => removeJob(context, decided(id)),
    watch: (id, signal) => watchJob(context, loop, times, find(id), signal),
    async *result(id, signal) {
      const job = sealed(await known(id, signal))
      yield* parts.keeping.whileRead(job.record.id, resultOf(context, job, signal))
    },
  }
}

async function eventsOf(context: Context, job: JobId): Promise<StoryEvent[]> {
  const told = await askAll<StoryEvent[]>(context, { call: 'story', job })
  return inOrder([...(await context.story.of(job)), ...told.flat()])
}

async function logsOf(context: Context, job: JobState): Promise<LogInfo[]> {
  const { id } = job.record
  const told = await askAll<TaskLog[]>(context, { call: 'logs', job: id })
  const all = [...(await readLogs(context, id)), ...told.flat()].sort((a, b) => a.task - b.task)
  return hasStages(job) ? all.map((log) => ({ ...log, ...nameOfTask(job, log.task) })) : all
}

function nameOfTask({ plan }: JobState, index: number): Pick<LogInfo, 'name'> {
  const task = plan.tasks[index]
  return task === undefined ? {} : { name: taskName(task) }
}

/** A node that is stopping takes no decisions: they could be lost with it. Throws NO_NODE. */
function checkGoing({ context, loop }: ApiParts): void {
  if (!loop.stopped) return
  throw new ShoalError('NO_NODE', `the node ${context.name} stops`, {
    try: ['again, once it is back, or on another node'],
  })
}

function frozenInfo({
  id,
  data,
  input,
}: ReturnType<Frozen['all']>[number]): Awaited<ReturnType<NodeApi['freeze']>> & { data: string } {
  return { snapshot: id, data, shards: input.shards.length, bytes: input.shards.reduce((n, s) => n + s.size, 0) }
}

/** By any unique prefix. Throws NO_SUCH_JOB, AMBIGUOUS_ID, or DAMAGED where the job's record here is damaged. */
function findJob(context: Context, prefix: string): JobState {
  const { state, store } = context
  const exact = state.jobs.get(prefix as JobState['record']['id'])
  if (exact !== undefined) return exact
  const found = prefix === '' ? [] : [...state.jobs.values()].filter((job) => job.record.id.startsWith(prefix))
  if (found.length === 1) return found[0]!
  if (found.length > 1)
    throw new ShoalError('AMBIGUOUS_ID', `${found.length} jobs begin with ${prefix}`, {
      try: ['more digits of the id', 'shoal jobs'],
    })
  const damaged = prefix === '' ? undefined : store.records.damaged().find((id) => id.startsWith(prefix))
  if (damaged !== undefined) throw damagedRecord(context, damaged)
  throw new ShoalError('NO_SUCH_JOB', `no job ${prefix}`, { try: ['shoal jobs'] })
}

/** By name, also with the end of the id as `nameOf` gives it where others share the name, or by a prefix of the id. */
function findMember(context: Context, text: string): NodeId {
  const found = [...context.state.members.values()].filter(
    ({ node, record }) =>
      text !== '' && (record.name === text || fullName(record.name, node) === text || node.startsWith(text)),
  )
  if (found.length === 1) return found[0]!.node
  if (found.length > 1)
    throw new ShoalError('AMBIGUOUS_ID', `${found.length} members have this name, or an id that begins so: ${text}`, {
      try: found.map(({ node }) => (nameOf(context, node) === text ? node : nameOf(context, node))),
    })
  const lost = context.catalogs.lost().find((node) => node === text)
  if (lost !== undefined) return lost
  throw new ShoalError('NO_SUCH_NODE', `no member ${text}`, { try: ['shoal members'] })
}

function sealed(job: JobState): JobState {
  const { kind } = job.ledger.outcome
  if (kind === 'sealed') return job
  throw new ShoalError(
    'JOB_FAILED',
    kind === 'open' ? 'the job has no result yet' : `the job is ${kind}: it has no result`,
    {
      job: job.record.id,
      try: [`shoal job why ${job.record.id.slice(0, 12)}`],
    },
  )
}

function statusOf(parts: ApiParts): NodeStatus {
  const { context } = parts
  const { state, catalog, mesh, disk } = context
  const { ready, why, joined } = parts.readiness()
  const members = [...state.members.keys()]
  const body = catalog.record()
  return {
    schema: 'shoal.status/1',
    pid: process.pid,
    id: state.self.node,
    name: context.name,
    version: parts.version,
    runtime: runtimesText(state.self.runtimes),
    ready,
    why,
    joined,
    draining: state.draining,
    home: disk.path('x').slice(0, -2),
    listen: mesh.addresses(),
    members: members.length,
    alive: members.filter((node) => livenessOf(state, node) !== 'away' && isLive(state, node)).length,
    slots: state.self.slots,
    busy: state.running.size,
    memory: context.memory,
    datasets: body.datasets.map(({ name, replicated, entries }) => ({
      name,
      replicated,
      shards: entries.length,
      bytes: entries.reduce((n, entry) => n + entry.size, 0),
      pending: entries.filter((entry) => entry.state === 'pending').length,
    })),
    jobs: {
      open: [...state.jobs.values()].filter((job) => !isOver(job.ledger.outcome)).length,
      known: state.jobs.size,
      unreadable: context.store.records.damaged(),
    },
    disk: parts.keeping.use(),
    ...parts.traffic(),
    dropped: parts.counts(),
    warnings: parts.warnings(),
  }
}
