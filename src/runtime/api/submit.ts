/** Submission: pins a snapshot, makes the record, and answers once it is on this disk and on one more live member's. */
import type { SnapshotRequest } from '../../catalog/candidates.ts'
import { takeSnapshot } from '../../catalog/snapshot.ts'
import type { PreparedInput, SubmitAnswer, SubmitRequest } from '../../control/api.ts'
import { isLive, livePeers } from '../../core/members/liveness.ts'
import { runsSome } from '../../core/members/runtimes.ts'
import { ShoalError } from '../../core/errors.ts'
import { jobId, snapshotId } from '../../core/plan/job-id.ts'
import { keyedJobId, meaningOf } from '../../core/plan/keyed-id.ts'
import { LIMITS } from '../../core/limits.ts'
import { plan } from '../../core/plan/plan.ts'
import { compareUtf8 } from '../../core/plan/ranks.ts'
import { reasonOf } from '../../words/reason.ts'
import { lostParts } from '../../core/outcome/remake.ts'
import { refuseMisfits } from '../../core/spec/misfits.ts'
import { specSettings } from '../../core/spec/settings.ts'
import { graphMisfit } from '../../core/spec/stages.ts'
import type { JobState } from '../../core/state.ts'
import type { InputSpec, JobId, JobRecord, JobSpec, NodeId, Snapshot } from '../../core/types.ts'
import { fromBytes, toBytes } from '../../wire/codec.ts'
import { jobBody, openJob, type JobBody } from '../../wire/job.ts'
import { nameOf, type Context } from '../context.ts'
import { damagedRecord } from '../home/damaged-record.ts'
import type { Frozen } from '../home/frozen.ts'
import { pause } from '../pause.ts'
import { bringJob, forgottenRound, NOTHING, recall } from '../home/recall.ts'
import { checkRuns, recordAgain, rememberedOf, type Remembered } from './remembered.ts'
import { retry } from './decisions.ts'
import { sameUnderKey, sourceOf } from './same-key.ts'
import { callPeer } from '../peers/rpc.ts'
import { scanMesh } from './scan-mesh.ts'
import { codeDigest } from '../home/code.ts'

export interface Draft {
  readonly record: JobRecord
  readonly warnings: readonly string[]
}

/**
 * `DATASET[/GLOB][@SNAPSHOT]`; the first `/` ends the dataset's name. A snapshot's id is hex digits: other text after an
 * `@` in a glob is part of a file's name.
 */
export function parseInput(input: PreparedInput, frozen: Frozen): InputSpec {
  const { alias, data, ...options } = input
  const at = data.search(data.includes('/') ? /@[0-9a-f]+$/ : /@[^@]*$/)
  const pinned = at > 0 ? frozen.resolve(data.slice(at + 1)) : null
  const text = pinned === null ? data : data.slice(0, at)
  const slash = text.indexOf('/')
  const dataset = slash < 0 ? text : text.slice(0, slash)
  if (dataset === '')
    throw new ShoalError('USAGE', `input ${JSON.stringify(data)} names no dataset`, {
      try: ['DATASET or DATASET/GLOB'],
    })
  return {
    alias,
    dataset,
    glob: slash < 0 ? '' : text.slice(slash + 1),
    ...(pinned === null ? {} : { frozen: pinned.id }),
    options,
  }
}

export class Submission {
  readonly #context: Context
  readonly #frozen: Frozen

  constructor(context: Context, frozen: Frozen) {
    this.#context = context
    this.#frozen = frozen
  }

  /** What would be submitted: snapshot taken, nothing made. Throws what submission throws, and the signal's reason. */
  async draft(request: SubmitRequest, signal?: AbortSignal): Promise<Draft> {
    const { state } = this.#context
    const spec = this.#spec(request)
    const { snapshot, warnings: found } = await this.#pin(spec, request, signal)
    const warnings = [...found, ...membersLost(this.#context)]
    plan(spec, snapshot)
    const members = [...state.members.values()]
      .map((m) => m.record.node)
      .filter((node) => isLive(state, node) && isAlike(this.#context, node, spec))
    const { key } = request
    const source = key === null ? undefined : sourceOf(request.job).digest
    const record: JobRecord = {
      id: jobId(spec, snapshot, key, source),
      key,
      ...(source === undefined ? {} : { source }),
      spec,
      snapshot,
      members: members.length === 0 ? [state.self.node] : members.sort(),
      format: request.job.format,
      limits: request.limits,
    }
    return { record, warnings }
  }

  /**
   * If the signal fires while the submission still waits for data, no job is made: nobody is there any more to want it.
   */
  async submit(request: SubmitRequest, signal?: AbortSignal): Promise<SubmitAnswer> {
    if (request.key !== null) {
      const known = await this.#underKey(request.key, request)
      if (known !== null) return known
    }
    const { record, warnings } = await this.draft(request, signal)
    const existing = this.#context.state.jobs.get(record.id) ?? null
    if (existing !== null) return this.#attach(existing, request, warnings)
    return this.#begin(record, request, warnings)
  }

  /** The job under this key, as it is known here or by any live node; null where there was none yet. */
  async #underKey(key: string, request: SubmitRequest): Promise<SubmitAnswer | null> {
    const spec = this.#spec(request)
    const known = await this.#known(keyedJobId(spec, key, sourceOf(request.job).digest), request)
    if (known !== null) return known
    const other = await sameUnderKey(this.#context, key, spec, request.job)
    if (other === null) return null
    const found = await this.#find(other)
    // A peer may err: what it names has to be the job that it says.
    const isIt = found === null || (found.record.key === key && meaningOf(found.record.spec) === meaningOf(spec))
    if (isIt) return this.#known(other, request)
    this.#context.dropped('keyed', new Error(`job ${other} is not one under this key`))
    return null
  }

  async #known(id: JobId, request: SubmitRequest): Promise<SubmitAnswer | null> {
    const existing = await this.#find(id)
    if (existing !== null) return this.#attach(existing, request)
    if (this.#context.store.records.isDamaged(id)) throw damagedRecord(this.#context, id)
    const remembered = await rememberedOf(this.#context, id)
    return remembered === null ? null : this.#again(remembered, request)
  }

  /**
   * The job under this key was forgotten: it runs again, over the snapshot that was pinned when the key was first used.
   * A result that differs from the remembered one is a dispute.
   */
  async #again(remembered: Remembered, request: SubmitRequest): Promise<SubmitAnswer> {
    const { round, result } = remembered
    const record = recordAgain(this.#context, remembered, this.#spec(request), request.allowPartial)
    await this.#context.keys.put(record, { round, result })
    this.#context.dispatch({ type: 'remembered', job: record.id, round, result })
    return this.#begin(record, request, [
      `the result under this key was forgotten: it is computed again, over snapshot ${snapshotId(record.snapshot).slice(0, 12)} of then`,
    ])
  }

  /** The job is on this disk, and where it can be on one more, before anyone is told of it. */
  async #begin(record: JobRecord, request: SubmitRequest, warnings: readonly string[]): Promise<SubmitAnswer> {
    const body: JobBody = {
      record: JSON.stringify(record),
      bundle: request.job.bundle,
      sourceMap: request.job.sourceMap,
    }
    checkTravels(body)
    const { store, dispatch } = this.#context
    const elsewhere = await store.coming.run(record.id, async () => {
      const { isNew } = await store.records.put(record, body)
      const isElsewhere = await this.#replicate(record.id, toBytes(body))
      dispatch({ type: 'job', record, ...(isNew ? NOTHING : await recall(this.#context, record.id)) })
      return isElsewhere
    })
    this.#context.story.tell(record.id, 'submitted', `submitted on ${this.#context.name}`)
    return { id: record.id, attached: false, knownHereOnly: !elsewhere, warnings }
  }

  /**
   * A peer that has forgotten this job refuses the rounds that it forgot, and takes the job in with the next one, which
   * it answers here. If this node forgot less, it would begin with a round that the peer refuses: so it goes on to that
   * one.
   */
  #joinRound(id: JobId, { body }: { readonly body: Uint8Array }): void {
    const round = Number(Buffer.from(body).toString())
    if (!(round > 1)) return
    const { dispatch, state } = this.#context
    dispatch({ type: 'remembered', job: id, round: round - 1, result: null })
    if (!state.jobs.has(id)) return
    const delta = { round, outcome: { kind: 'open' }, tasks: [], reports: [] } as const
    dispatch({ type: 'message', from: state.self.node, message: { type: 'delta', job: id, delta } })
  }

  #spec({ job }: SubmitRequest): JobSpec {
    const { stages, outputs } = job
    refuseMisfits(job, stages === undefined ? job.inputs.length : 0)
    for (const stage of stages ?? []) refuseMisfits(stage, stage.reads.length)
    const inputs = job.inputs
      .map((input) => parseInput(input, this.#frozen))
      .sort((a, b) => compareUtf8(a.alias, b.alias))
    const misfit = graphMisfit({ inputs, ...(stages && { stages }), ...(outputs && { outputs }) })
    if (misfit !== null) throw new ShoalError('USAGE', 'the stages of this submission are no job', { why: misfit })
    return {
      code: codeDigest(job.bundle),
      inputs,
      ...specSettings(job),
      ...(stages && { stages }),
      ...(outputs && { outputs }),
      runtime: this.#context.state.self.runtimes['js'] ?? '',
    }
  }

  async #pin(
    spec: JobSpec,
    request: SubmitRequest,
    signal?: AbortSignal,
  ): Promise<{ snapshot: Snapshot; warnings: readonly string[] }> {
    const { clock } = this.#context
    const asks = spec.inputs.map(({ dataset, glob, options }) => ({ dataset, glob, options }))
    const requests = spec.inputs.map((input): SnapshotRequest => {
      const { alias, dataset, glob, options } = input
      const frozen = input.frozen === undefined ? undefined : this.#frozen.input(input.frozen, dataset)
      return { alias, dataset, glob, options, ...(frozen === undefined ? {} : { frozen }) }
    })
    const deadline = clock.now() + request.waitForDataMs
    for (;;) {
      const sources = await scanMesh(this.#context, asks)
      signal?.throwIfAborted()
      const outcome = takeSnapshot(requests, sources, {
        allowPartial: request.allowPartial,
        now: clock.wall().getTime(),
      })
      if (outcome.ok) return outcome
      if (outcome.lacking.length === 0 || clock.now() >= deadline) throw withNames(this.#context, outcome.refusal)
      await pause(clock, LIMITS.waitForDataPollMs)
    }
  }

  /** A job of this id here, or on any live node (a key is asked of the whole mesh before anything is made). */
  async #find(id: JobRecord['id']): Promise<JobState | null> {
    const { state } = this.#context
    const here = state.jobs.get(id)
    if (here !== undefined) return here
    const peers = livePeers(state)
    const forgotten = forgottenRound(this.#context, id)
    const found = await Promise.all(
      peers.map((peer) =>
        callPeer(this.#context, peer, { call: 'job', job: id })
          .then(({ body }) => fromBytes(jobBody, body))
          .catch(() => null),
      ),
    )
    const body = found.find((b) => b !== null)
    if (body === undefined) return null
    await bringJob(this.#context, openJob(body), body, forgotten)
    return state.jobs.get(id) ?? null
  }

  /** The same job again: attach; if it is over without a result, its next round opens. */
  async #attach(job: JobState, request: SubmitRequest, warnings: readonly string[] = []): Promise<SubmitAnswer> {
    const { store } = this.#context
    const { kind } = job.ledger.outcome
    const isCodeOf = codeDigest(request.job.bundle) === job.record.spec.code
    if (isCodeOf && store.codes.missing().includes(job.record.id)) await store.codes.put(job.record.id, request.job)
    const omitted = job.record.snapshot.inputs.some((input) => input.omitted.length > 0)
    if (omitted && !request.allowPartial)
      throw new ShoalError('INCOMPLETE', `the job under this key leaves shards out`, {
        job: job.record.id,
        try: ['--allow-partial', 'another --key'],
      })
    this.#context.dispatch({ type: 'raise', job: job.record.id, limits: request.limits })
    if (kind === 'failed' || kind === 'cancelled' || (kind === 'sealed' && isSurelyLost(this.#context, job))) {
      checkRuns(this.#context, job)
      await retry(this.#context, job)
    }
    const elsewhere = await this.#isElsewhere(job)
    return { id: job.record.id, attached: true, knownHereOnly: !elsewhere, warnings }
  }

  /** Whether another node has the job. Where none is known to, it is put on one now: the submitter counts on that. */
  async #isElsewhere({ record, ledger }: JobState): Promise<boolean> {
    const { state, store } = this.#context
    if ([...ledger.reports.keys()].some((node) => node !== state.self.node)) return true
    const body = await store.records.body(record.id)
    return body !== null && this.#replicate(record.id, toBytes(body))
  }

  /** To every live member at once; true as soon as one has it on disk. The rest hear of it anyway. */
  async #replicate(id: JobId, body: Uint8Array): Promise<boolean> {
    const { state } = this.#context
    const puts = livePeers(state)
      .filter((node) => state.members.get(node)?.connected)
      .slice(0, LIMITS.putJobPeers)
      .map((node) => callPeer(this.#context, node, { call: 'put-job' }, body).then((said) => this.#joinRound(id, said)))
    return Promise.any(puts).then(
      () => true,
      () => false,
    )
  }
}

/** A home that has lost its list of members cannot tell whose shards are missing from the snapshot. */
function membersLost({ damage }: Context): string[] {
  if (!damage.list().some(({ file }) => file === 'members')) return []
  return ['this home has lost its members: what those that it has not met again hold is not missed (`shoal status`)']
}

/** Checks the job as other nodes will when it reaches them, and this one when it starts again. Throws LIMIT. */
function checkTravels(body: JobBody): void {
  try {
    openJob(body)
  } catch (error) {
    throw new ShoalError('LIMIT', 'the job is more than other nodes take', {
      why: reasonOf(error, 'they would not read it'),
      cause: error,
    })
  }
}

/** Whether the node can run tasks of a job with this specification. */
function isAlike(context: Context, node: NodeId, spec: JobSpec): boolean {
  const record = context.state.members.get(node)?.record
  return record !== undefined && runsSome(record.runtimes, spec) && record.slots > 0 && !record.drained
}

/** A refusal speaks of nodes by id; people know them by name. */
function withNames(context: Context, refusal: ShoalError): ShoalError {
  const named = (text: string): string =>
    [...context.state.members.keys()].reduce((t, node) => t.replaceAll(node, nameOf(context, node)), text)
  return new ShoalError(refusal.code, named(refusal.message), {
    why: refusal.why === undefined ? undefined : named(refusal.why),
    try: refusal.try.map(named),
  })
}

/**
 * Whether parts of the result are lost for sure. That no report names a holder proves nothing right after a seal, or
 * after this node has started: reports are still on their way then.
 */
function isSurelyLost({ state }: Context, job: JobState): boolean {
  if (lostParts(state, job).length === 0) return false
  if ([...state.members.keys()].every((node) => node === state.self.node)) return true
  return state.now >= state.graceUntil && state.now - (job.endedAt ?? state.now) > LIMITS.suspectAfterMs
}
