/** Runs the attempts that the control plane starts: work out of a plan, a process, its output onto disk, one ending event. */
import type { Effect } from '../core/effects.ts'
import { ShoalError, type ErrorJson } from '../core/errors.ts'
import { errorToJson } from '../words/thrown.ts'
import { consumedRoot, taskName } from '../core/plan/graph.ts'
import { LIMITS } from '../core/limits.ts'
import { manifestText, outputOf, type TaskManifest } from '../core/ledger/manifest.ts'
import type { PlannedTask } from '../core/plan/steps.ts'
import type { JobState } from '../core/state.ts'
import type { Bytes, JobId, TaskIndex } from '../core/types.ts'
import type { Attempt, AttemptEnd, AttemptFailure } from '../ports.ts'
import type { Context } from './context.ts'
import { putKept } from './home/kept.ts'
import { putRows, ROWS } from './home/rows.ts'
import { spoolFolder } from './peers/spool.ts'
import { hasStages, stageName } from './stage-names.ts'
import { loseDamaged, workFor } from './work.ts'
import { folderFile, outputFile } from './home/folder.ts'

type Start = Extract<Effect, { type: 'start' }>

interface Open {
  readonly job: JobId
  attempt: Attempt | null
  /** Bytes that had to be brought here before it could begin. */
  spooled: Bytes
  stopped: string | null
  ended: Promise<void>
}

export class Attempts {
  readonly #context: Context
  readonly #open = new Map<string, Open>()

  constructor(context: Context) {
    this.#context = context
  }

  start(effect: Start): void {
    const open: Open = {
      attempt: null,
      spooled: 0,
      stopped: null,
      job: effect.job,
      ended: Promise.resolve(),
    }
    this.#open.set(effect.attempt, open)
    open.ended = this.#run(effect).finally(() => this.#open.delete(effect.attempt))
  }

  /** Resolves when nothing of the job runs here or writes any more. */
  async ended(job: JobId): Promise<void> {
    await Promise.allSettled([...this.#open.values()].filter((open) => open.job === job).map((open) => open.ended))
  }

  stop(attempt: string, why: string): void {
    const open = this.#open.get(attempt)
    if (open === undefined) return
    open.stopped = why
    open.attempt?.kill(why)
  }

  /** Tells the control plane how far each running attempt is. */
  tellProgress(): void {
    for (const [attempt, open] of this.#open)
      if (open.attempt !== null || open.spooled > 0) {
        const { units, bytes } = open.attempt?.progress() ?? { units: 0, bytes: 0 }
        this.#context.dispatch({ type: 'progress', attempt, units: open.spooled + units, bytes })
      }
  }

  async #run(effect: Start): Promise<void> {
    const { state, store, dispatch, story } = this.#context
    const job = state.jobs.get(effect.job)
    const task = job?.plan.tasks[effect.task]
    if (job === undefined || task === undefined) return
    const say = (type: string, text: string): void => story.tell(effect.job, type, text, effect.task, effect.attempt)
    let attempt: Attempt | null = null
    try {
      const journalled = store.attempts
        .add(effect.job, effect.task, effect.attempt, 'started')
        .then(() => say('started', `${taskName(task)} started`))
      attempt = await this.#begin(effect, job, task, journalled)
      const end = await attempt.end
      await this.#keepLog(effect.job, effect.task, end.log)
      if (!end.ok) {
        say('failed', `${taskName(task)} failed: ${end.failure.error.message}`)
        if (end.failure.error.code === 'DAMAGED' && end.failure.blame === 'own')
          await loseDamaged(this.#context, job, task, effect.consumes)
        await this.#failed(effect, end.failure)
        return
      }
      const output = await this.#adopt(effect, job, task, end)
      // Not waited for: after a crash, an output on this disk proves that its attempt ended, whatever the journal says.
      store.attempts
        .add(effect.job, effect.task, effect.attempt, 'ended')
        .catch((error: unknown) => this.#context.dropped('journal', error))
      say('done', `${taskName(task)} done: output ${output.digest.slice(0, 12)}`)
      dispatch({ type: 'attempt-done', attempt: effect.attempt, output })
    } catch (error) {
      say('failed', `${taskName(task)} failed: ${errorToJson(error).message}`)
      await this.#failed(effect, blameFor(error))
    } finally {
      const spool = spoolFolder(job, effect.attempt)
      await attempt?.release().catch((error: unknown) => this.#context.dropped('release', error))
      if (task.splits.length > 0)
        await this.#context.disk.remove(spool).catch((error: unknown) => this.#context.dropped('release', error))
    }
  }

  /**
   * Prepares what the attempt reads while its start is written to the journal; the process starts once both are done.
   */
  async #begin(effect: Start, job: JobState, task: PlannedTask, journalled: Promise<void>): Promise<Attempt> {
    const { tasks, store, memory } = this.#context
    const open = this.#open.get(effect.attempt)!
    const goOn = (): void => {
      if (open.stopped !== null) throw new ShoalError('CANCELLED', open.stopped)
    }
    const moved = (bytes: Bytes): void => {
      goOn()
      open.spooled += bytes
    }
    const spooling = { attempt: effect.attempt, moved }
    const [{ work, files }] = await Promise.all([
      workFor(this.#context, job, task, effect.consumes, spooling),
      journalled,
    ])
    goOn()
    const { spec } = job.record
    const { limits } = job.ledger
    open.attempt = tasks.start({
      attempt: effect.attempt,
      job: effect.job,
      jobFile: spec.name,
      bundle: store.codes.bundlePath(effect.job),
      sourceMap: store.codes.sourceMapPath(effect.job),
      code: spec.code,
      params: spec.params,
      memory: limits.taskMemory ?? Math.floor(memory / Math.max(1, tasks.slots)),
      timeoutMs: limits.taskTimeoutMs ?? LIMITS.taskTimeoutMs,
      files,
      work,
    })
    return open.attempt
  }

  /** Files, manifest and rows onto disk under their names, together; only then is the output spoken of. */
  async #adopt(
    { job: id, consumes }: Start,
    job: JobState,
    task: PlannedTask,
    end: Extract<AttemptEnd, { ok: true }>,
  ): Promise<ReturnType<typeof outputOf>> {
    const { disk, store } = this.#context
    const manifest: TaskManifest = { consumed: consumedRoot(job.plan, task, consumes), manifest: end.manifest }
    checkTravels(job, task, manifest)
    const place = (file: string): string => outputFile(id, task.index, file)
    await Promise.all([
      store.outputs.putManifest(place('manifest.json'), manifest),
      end.rows.length > 0 ? putRows(disk, place(ROWS), end.rows) : null,
      ...end.files.map((file) => disk.adopt(file.path, place(file.name), file.size)),
    ])
    return outputOf(manifest)
  }

  async #failed(effect: Start, failure: AttemptFailure): Promise<void> {
    const { state, store, dispatch, name } = this.#context
    await store.attempts
      .add(effect.job, effect.task, effect.attempt, 'ended')
      .catch((error: unknown) => this.#context.dropped('journal', error))
    const told = { ...inStage(failure, state.jobs.get(effect.job), effect.task), job: effect.job }
    const error: ErrorJson = trim({ ...told, node: name.slice(0, LIMITS.namesBytesMax) })
    dispatch({
      type: 'attempt-failed',
      attempt: effect.attempt,
      blame: failure.blame,
      place: failure.place.slice(0, 1000),
      error,
    })
  }

  async #keepLog(job: JobId, task: TaskIndex, log: string): Promise<void> {
    if (log === '') return
    const { disk } = this.#context
    await putKept(disk, folderFile(job, `logs/${task}`), Buffer.from(log.slice(-LIMITS.taskLogBytes)))
  }
}

/**
 * A manifest is sent in one frame. It holds what all steps before it have counted and skipped: of many steps that can be
 * too much, whoever runs the task. @throws ShoalError LIMIT
 */
function checkTravels({ record }: JobState, task: PlannedTask, manifest: TaskManifest): void {
  const bytes = Buffer.byteLength(manifestText(manifest))
  if (bytes <= LIMITS.manifestBytesMax) return
  throw new ShoalError('LIMIT', `${record.spec.name}: what ${taskName(task)} has to tell takes ${bytes} bytes`, {
    why: `it may take ${LIMITS.manifestBytesMax}: counters and samples of skipped records of all steps before it are part of it`,
    try: ['fewer counters, or shorter names of counters'],
  })
}

/** An error outside the task process is this node's own fault, unless a shard has changed, or a bound of jobs is passed. */
function blameFor(error: unknown): AttemptFailure {
  const code = error instanceof ShoalError ? error.code : null
  const blame = code === 'SHARD_CHANGED' ? 'input' : code === 'LIMIT' ? 'user' : 'own'
  const json = errorToJson(error)
  return { blame, error: json, place: blame === 'input' ? json.message : '' }
}

/** What user code or input did, with the stage in which it did, where a job has several. */
function inStage({ blame, error }: AttemptFailure, job: JobState | undefined, index: TaskIndex): ErrorJson {
  const step = job?.plan.tasks[index]?.step
  if (job === undefined || step === undefined || !hasStages(job) || blame === 'own') return error
  const where = `in the ${step.gives === 'part' ? 'reduce' : 'map'} of stage ${stageName(job.record.spec, step)}`
  return { ...error, why: error.why === undefined ? where : `${where}\n${error.why}` }
}

function trim(error: ErrorJson): ErrorJson {
  const cut = (text: string): string => text.slice(0, LIMITS.errorTextBytesMax)
  return {
    ...error,
    message: cut(error.message),
    ...(error.why === undefined ? {} : { why: cut(error.why) }),
    try: error.try.slice(0, 8).map(cut),
  }
}
