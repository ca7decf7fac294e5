import type { Receipt, SubmitRequest } from '../../control/api.ts'
import { ShoalError } from '../../core/errors.ts'
import type { Context } from '../context.ts'
import { DETACH, DRY_RUN, FORMAT, LOCAL, OUTPUT, OVERWRITE, TIMEOUT } from '../flags.ts'
import { ask, follow, only, requireDone, resultOf, type Outcome, type Via } from '../follow.ts'
import { Interrupted, orAborted, orInterrupted, watchInterrupts } from '../interrupts.ts'
import { withNode } from '../local.ts'
import { outputNames, refuseOneFile, sectionsOf } from '../output/sections.ts'
import { formatFor, resolveTarget, shownFormat, type Target } from '../output/target.ts'
import { writeResult } from '../output/write-result.ts'
import { makeProgressView, progressMode } from '../progress/view.ts'
import { givenParams, misspeltParams, submissionOf } from '../submission.ts'
import { summaryLine, summaryNotes } from '../summary.ts'
import { widthOf } from '../io.ts'
import { elapsedText, shortId } from '../units.ts'
import { showExplanation } from './explain.ts'

/** `shoal run JOB.ts` */
export async function run(context: Context, [file = '']: readonly string[]): Promise<number> {
  const { settings } = context
  if (settings.on(DETACH) && settings.on(LOCAL)) {
    throw new ShoalError('USAGE', '--detach and --local exclude each other', {
      why: 'a --local mesh ends with the command, and its jobs with it',
    })
  }
  const target = targetOf(context)
  const preparing = prepare(context, file, target)
  // Where the node does not start, that is the error to show.
  preparing.catch(() => {})
  return await withNode(context, async (node) => {
    // A node of this process alone starts meanwhile.
    const request = await orInterrupted(context.io, preparing)
    if (settings.on(DRY_RUN))
      return await showExplanation(context, await orInterrupted(context.io, node.explain(request)))
    return await runAt(context, only(node, settings.on(LOCAL)), request, target)
  })
}

/** What the job file and the flags ask for. @throws ShoalError for a job that cannot be run, or a format that cannot be given */
async function prepare(context: Context, file: string, target: Target): Promise<SubmitRequest> {
  const { settings } = context
  const { prepareJob } = await context.engine()
  const job = await prepareJob(context.path(file), givenParams(context.settings))
  const request = submissionOf(job, settings)
  for (const warning of misspeltParams(job, settings)) context.hint(`warning: ${warning}`)
  const checkFormat = settings.on(DETACH) || settings.on(DRY_RUN) ? formatFor : shownFormat
  checkFormat(settings.get(FORMAT), target, request.job.format)
  if (!settings.on(DETACH) && !settings.on(DRY_RUN)) refuseOneFile(outputNames(request.job), target)
  return request
}

export function targetOf(context: Context): Target {
  const { settings, io } = context
  return resolveTarget(settings.get(OUTPUT), io.folder, settings.on(OVERWRITE), io.stdout.isTTY === true)
}

/** Submits, follows and delivers; `submitted` is called once the job is kept. The exit code mirrors the outcome. */
export async function runAt(
  context: Context,
  via: Via,
  request: SubmitRequest,
  target: Target,
  submitted: () => void = () => {},
): Promise<number> {
  // A wrong --progress is said before there is a job.
  progressMode(context)
  const interrupts = watchInterrupts(context.io)
  try {
    const signal = AbortSignal.any([interrupts.signal, waitingLimit(context)])
    const id = await submit(context, via, request, signal)
    submitted()
    if (context.settings.on(DETACH)) {
      await context.print(id)
      return 0
    }
    return await followAndDeliver(context, via, id, target, signal)
  } catch (error) {
    const how = leftEarly(via, request)
    if (isTimeout(error) && error.job === undefined)
      throw new ShoalError('TIMEOUT', 'the job was not submitted within --timeout', { why: how, try: ['shoal jobs'] })
    if (!(error instanceof Interrupted)) throw error
    context.note(`stopped before the node had said that it has the job: ${how}`)
    return error.exit
  } finally {
    interrupts.dispose()
  }
}

/** What becomes of a submission that nobody waits for any more. */
function leftEarly(via: Via, { waitForDataMs }: SubmitRequest): string {
  if (via.passing) return 'this mesh ends with the command'
  const where = '`shoal jobs` shows whether it has'
  return waitForDataMs === 0 ? where : `the node waits for the data no longer; ${where}`
}

function isTimeout(error: unknown): error is ShoalError {
  return error instanceof ShoalError && error.code === 'TIMEOUT'
}

async function submit(context: Context, via: Via, request: SubmitRequest, signal: AbortSignal): Promise<string> {
  const submitted = ask(via, signal, (node) => node.submit(request, signal))
  const patience = sayThatItWaits(context, request.waitForDataMs)
  const answer = await orAborted(submitted, signal).finally(() => clearTimeout(patience))
  for (const warning of answer.warnings) context.hint(`warning: ${warning}`)
  const alone = answer.knownHereOnly && !via.passing ? '   known here only: no other member is alive' : ''
  const found = answer.attached ? '   attached: it exists already' : ''
  context.hint(`job ${answer.id}  ${request.job.name}${found}${alone}`)
  return answer.id
}

const WAITS_AFTER_MS = 1_500

/** With --wait-for-data a submission may take long: whoever looks on should know that it waits, and for what. */
function sayThatItWaits(context: Context, waitForDataMs: number): NodeJS.Timeout | undefined {
  if (waitForDataMs <= WAITS_AFTER_MS) return undefined
  const text = `waits for shards that are away, pending or unreadable, ${elapsedText(waitForDataMs)} at most`
  return setTimeout(() => context.hint(text), WAITS_AFTER_MS)
}

/** Fires, with TIMEOUT, after `--timeout`; never without one. */
export function waitingLimit(context: Context): AbortSignal {
  const ms = context.settings.get(TIMEOUT)
  const limit = new AbortController()
  if (ms === undefined) return limit.signal
  setTimeout(() => {
    limit.abort(new ShoalError('TIMEOUT', `the job was not finished within ${ms / 1000} s`))
  }, ms).unref()
  return limit.signal
}

/** Watches a job to its end and writes its result; shared by `run`, `job result` and `sim`. */
export async function followAndDeliver(
  context: Context,
  via: Via,
  id: string,
  target: Target,
  signal: AbortSignal,
): Promise<number> {
  try {
    const outcome = await followShown(context, via, id, signal)
    requireDone(outcome)
    const receipt = await ask(via, signal, (node) => node.receipt(id))
    await deliver(context, via, outcome, receipt, target, signal)
    for (const note of summaryNotes(outcome.summary, receipt, via.passing)) context.note(note)
    context.note(summaryLine(outcome.summary))
    return 0
  } catch (error) {
    return detachedOr(context, error, id, via.passing)
  }
}

/** Follows with progress on stderr; the block is gone when this settles. */
export async function followShown(context: Context, via: Via, id: string, signal: AbortSignal): Promise<Outcome> {
  const view = await makeProgressView(context)
  try {
    return await follow(via, id, view, signal)
  } finally {
    view.end()
  }
}

async function deliver(
  context: Context,
  via: Via,
  outcome: Outcome,
  receipt: Receipt,
  target: Target,
  signal: AbortSignal,
): Promise<void> {
  const { settings, io } = context
  const engine = await context.engine()
  const format = shownFormat(settings.get(FORMAT), target, outcome.summary.format)
  const width = target.kind === 'stdout' ? widthOf(io.stdout, io.environment) : Number.POSITIVE_INFINITY
  const sections = sectionsOf(outcome.summary, () =>
    engine.createRenderer(format, Number.isFinite(width) ? { width } : {}),
  )
  const source = {
    job: outcome.job,
    passing: via.passing,
    chunks: () => resultOf(via, outcome.job, signal),
    receipt: () => Promise.resolve(receipt),
  }
  await writeResult(source, target, sections, engine, io.stdout)
}

/** Ctrl-C leaves the job to itself and says how to come back; a time-out says so as well. */
export function detachedOr(context: Context, error: unknown, id: string, passing: boolean): number {
  if (error instanceof Interrupted) {
    if (passing) context.note('stopped: this mesh ends with the command, and the job with it')
    else {
      const short = shortId(id)
      context.note(
        `detached. Job ${short} runs on. Attach again: shoal watch ${short}   stop it: shoal job cancel ${short}`,
      )
    }
    return error.exit
  }
  if (isTimeout(error) && error.job === undefined) {
    throw new ShoalError('TIMEOUT', error.message, {
      why: passing ? 'this mesh ends with the command' : 'the job runs on',
      try: passing ? ['a longer --timeout'] : [`shoal wait ${shortId(id)}`, `shoal job why ${shortId(id)}`],
      job: id,
    })
  }
  throw error
}
