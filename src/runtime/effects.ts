/** Which part of the runtime carries out which effect. */
import type { Effect } from '../core/effects.ts'
import type { JobId, TaskIndex } from '../core/types.ts'
import { jobBody, jobTimes, openJob } from '../wire/job.ts'
import { fromBytes, fromJson, toBytes } from '../wire/codec.ts'
import { signReport } from '../wire/signed.ts'
import type { Attempts } from './attempts.ts'
import { markOwnRecord } from './boot.ts'
import { bringJob, forgottenRound } from './home/recall.ts'
import type { Context } from './context.ts'
import type { ControlPlane } from './peers/control-plane.ts'
import { putKept } from './home/kept.ts'
import type { LedgerLog } from './home/ledger-log.ts'
import { meetMember } from './peers/keep-members.ts'
import type { Perform } from './loop.ts'
import type { Receiver } from './peers/receiver.ts'
import { callPeer } from './peers/rpc.ts'
import type { Sender } from './peers/sender.ts'
import type { Times } from './home/times.ts'

export interface Parts {
  readonly context: Context
  readonly control: ControlPlane
  readonly attempts: Attempts
  readonly sender: Sender
  readonly receiver: Receiver
  readonly times: Times
  readonly ledgers: LedgerLog
  onIdentity(problem: 'twice' | 'behind', count: number): Promise<void>
  onDrained(): void
}

export function performer(parts: Parts): Perform {
  const { context, control, attempts, sender, receiver, times } = parts
  const { store, mesh, catalogs, story } = context
  /** Work that has no ending event: a failure is counted. */
  const background = (kind: string, work: Promise<unknown>): void =>
    void work.catch((error: unknown) => context.dropped(kind, error))
  return {
    gossip: ({ message }) => control.gossip(message),
    send: ({ to, message }) => control.send(to, message),
    'fetch-job': (effect) => void fetchJob(context, times, effect),
    'fetch-catalog': ({ node, hash, from }) => background('fetch-catalog', catalogs.fetch(context, node, hash, from)),
    'keep-record': ({ node }) => {
      meetMember(context, node)
      background('keep-record', keepRecord(context, node))
    },
    start: (effect) => attempts.start(effect),
    stop: ({ attempt, why }) => attempts.stop(attempt, why),
    push: (effect) => sender.push(effect),
    pull: (effect) => receiver.pull(effect),
    save: ({ job, delta }) => background('save', parts.ledgers.append(job, delta)),
    'sign-report': ({ job, round, report }) =>
      background(
        'sign-report',
        signReport(mesh, job, round, report).then((signed) =>
          context.dispatch({ type: 'report-signed', job, round, report: signed }),
        ),
      ),
    wake: ({ after }) => void context.clock.after(after, () => context.dispatch({ type: 'wake' })),
    outcome: ({ job, outcome }) => {
      const text = outcome.kind === 'sealed' ? `sealed: result sha256:${outcome.result}` : outcome.kind
      if (!wasTold(context, times, job)) story.tell(job, 'outcome', text)
      background('times', times.end(job, outcome.kind !== 'open'))
      // Nothing is pushed for it any more; its streams would count against those of other jobs.
      if (outcome.kind !== 'open') sender.forget(job)
    },
    release: ({ job }) => {
      sender.forget(job)
      // First the ledger: after a crash the runs may be gone only if the disk also has the facts that allowed it.
      background(
        'release',
        parts.ledgers.durable(job).then(() => store.outputs.release(job, (task) => isReleased(context, job, task))),
      )
    },
    forget: (effect) => {
      const { job } = effect
      sender.forget(job)
      story.forget(job)
      times.forget(job)
      background('removal', context.removal.forget(effect))
    },
    note: ({ job, task, attempt, kind, text }) => story.tell(job, kind, text, task, attempt),
    identity: ({ problem, count }) => background('identity', parts.onIdentity(problem, count)),
    drained: () => parts.onDrained(),
  }
}

/** A job that a peer named: its record and code onto this disk, then into the control plane. */
async function fetchJob(
  context: Context,
  times: Times,
  { job, from }: Extract<Effect, { type: 'fetch-job' }>,
): Promise<void> {
  const forgotten = forgottenRound(context, job)
  // Most often the job is on its way here already, from its submitter: then nothing has to be fetched.
  await context.store.coming.over(job)
  if (context.state.jobs.has(job)) return
  try {
    const [{ body }, known] = await Promise.all([
      callPeer(context, from, { call: 'job', job }),
      callPeer(context, from, { call: 'times', job }).then(
        (answer) => fromJson(jobTimes, answer.body),
        () => null,
      ),
    ])
    const code = fromBytes(jobBody, body)
    const record = openJob(code)
    if (record.id !== job) throw new Error('another job than asked for')
    if (known !== null) times.adopt(job, known)
    await bringJob(context, record, code, forgotten)
  } catch (error) {
    if (!context.state.jobs.has(job)) times.forget(job)
    context.dropped('fetch-job', error)
    context.dispatch({ type: 'job-missing', job, from })
  }
}

/** A member's signed record and its catalog, so that it is missed when it is away. */
async function keepRecord({ state, disk, catalogs, damage }: Context, node: string): Promise<void> {
  const record = state.members.get(node as never)?.record
  if (record === undefined) return
  await putKept(disk, `members/${node}.record`, toBytes({ bytes: record.bytes, signature: record.signature }))
  catalogs.found(record.node)
  damage.mended(`members/${node}.record`)
  if (node === state.self.node) await markOwnRecord(disk, record.node)
  await catalogs.keep(record.node)
}

/** Whether the outcome is one of an earlier life, loaded from disk just now: then the story has it already. */
function wasTold({ state }: Context, times: Times, job: JobId): boolean {
  return (times.of(job).ended !== null || times.isLost(job)) && state.jobs.get(job)?.round.knownAt === state.now
}

/** Not where the job was opened again, or forgotten, since its release was decided. */
function isReleased({ state }: Context, job: JobId, task: TaskIndex): boolean {
  const known = state.jobs.get(job)
  const step = known?.plan.tasks[task]?.step
  return step !== undefined && known!.round.released.has(step.index)
}
