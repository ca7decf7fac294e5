import type { Context } from '../context.ts'
import { FORMAT } from '../flags.ts'
import { follow, only, requireDone, type Outcome, type Via } from '../follow.ts'
import { watchInterrupts } from '../interrupts.ts'
import { refuseOneFile } from '../output/sections.ts'
import { shownFormat } from '../output/target.ts'
import { writeTo } from '../io.ts'
import { SILENT } from '../progress/view.ts'
import { summaryLine, summaryNotes } from '../summary.ts'
import type { Column } from '../table.ts'
import { visible, visibleLines } from '../../words/visible.ts'
import type { JobDetail, NodeApi, StoryEvent } from '../../control/api.ts'
import { shortId } from '../units.ts'
import { detachedOr, followAndDeliver, followShown, targetOf, waitingLimit } from './run.ts'

/** `shoal job why ID`: one sentence. */
export async function why(context: Context, [id = '']: readonly string[]): Promise<number> {
  const sentence = await context.node().why(id)
  if (context.json) await context.printJson({ schema: 'shoal.why/1', job: id, why: sentence })
  else await context.printLines(sentence)
  return 0
}

const EVENT_COLUMNS: readonly Column<StoryEvent>[] = [
  { title: 'TIME', cell: (event) => event.t },
  { title: 'NODE', cell: (event) => event.node },
  { title: 'TASK', right: true, cell: (event) => (event.task === null ? '' : String(event.task)) },
  { title: 'ATTEMPT', cell: (event) => event.attempt ?? '' },
  { title: 'EVENT', cell: (event) => event.type },
  { title: 'WHAT', flexible: true, cell: (event) => event.text },
]

/** `shoal job events ID`: the story of a job, as this node knows it. */
export async function events(context: Context, [id = '']: readonly string[]): Promise<number> {
  const story = await context.node().events(id)
  if (context.json) await context.printJson({ schema: 'shoal.events/1', job: id, events: story })
  else if (context.quiet) for (const event of story) await context.print(event.type)
  else await context.printTable(story, EVENT_COLUMNS)
  return 0
}

/**
 * `shoal job logs ID`: what the job wrote to its console, task by task. A terminal is shown it; into a pipe or a file go
 * the bytes that the job wrote, for whoever looks for them there.
 */
export async function logs(context: Context, [id = '']: readonly string[]): Promise<number> {
  const texts = await context.node().logs(id)
  if (context.json) {
    await context.printJson({ schema: 'shoal.logs/1', job: id, logs: texts })
    return 0
  }
  const shown = context.io.stdout.isTTY === true ? visibleLines : (line: string): string => line
  for (const { task, name = String(task), node, text } of texts) {
    if (text === '') continue
    const lines = text.replace(/\n$/, '').split('\n')
    const written = lines.map((line) => `${visible(name)} ${visible(node)}| ${shown(line)}\n`).join('')
    await writeTo(context.io.stdout, written)
  }
  if (texts.every(({ text }) => text === '')) context.hint('the job has written nothing to its console')
  return 0
}

/** `shoal job result ID`: waits for the outcome, then gives the result as `run` does. */
export async function result(context: Context, [id = '']: readonly string[]): Promise<number> {
  const target = targetOf(context)
  const node = context.node()
  const job = await node.job(id)
  shownFormat(context.settings.get(FORMAT), target, job.format)
  refuseOneFile(
    (job.outputs ?? []).map(({ output }) => output),
    target,
  )
  const interrupts = watchInterrupts(context.io)
  try {
    const signal = AbortSignal.any([interrupts.signal, waitingLimit(context)])
    return await followAndDeliver(context, only(node), job.id, target, signal)
  } finally {
    interrupts.dispose()
  }
}

/** `shoal wait ID`: silent until the outcome, which the exit code mirrors. */
export async function wait(context: Context, [id = '']: readonly string[]): Promise<number> {
  return await awaitOutcome(context, id, (via, job, signal) => follow(via, job, SILENT, signal))
}

/** `shoal watch ID`: shows progress until the outcome; with --json the events are the data. */
export async function watch(context: Context, [id = '']: readonly string[]): Promise<number> {
  return await awaitOutcome(context, id, (via, job, signal) =>
    context.json
      ? follow(via, job, { event: (event) => context.printJson(event) }, signal)
      : followShown(context, via, job, signal),
  )
}

type Follower = (via: Via, job: string, signal: AbortSignal) => Promise<Outcome>

async function awaitOutcome(context: Context, id: string, follower: Follower): Promise<number> {
  const node = context.node()
  const interrupts = watchInterrupts(context.io)
  const signal = AbortSignal.any([interrupts.signal, waitingLimit(context)])
  try {
    const job = (await node.job(id)).id
    const outcome = await follower(only(node), job, signal)
    requireDone(outcome)
    if (context.quiet) return 0
    const receipt = await node.receipt(job)
    for (const note of summaryNotes(outcome.summary, receipt)) context.note(note)
    context.note(summaryLine(outcome.summary))
    return 0
  } catch (error) {
    return detachedOr(context, error, id, false)
  } finally {
    interrupts.dispose()
  }
}

type Change = 'cancel' | 'retry' | 'remove'

/** What has come of it: not every job can be changed so. */
async function told(node: NodeApi, change: Change, before: JobDetail): Promise<string> {
  if (change === 'remove') return 'is forgotten here, and by the others as they hear of it'
  const { state, round } = await node.job(before.id)
  if (change === 'cancel') return state === 'cancelled' ? 'is cancelled' : `was over before: it is ${state}`
  if (round > before.round) return 'is open again, in its next round; finished tasks are kept'
  return state === 'done' ? 'is done, and nothing of its result is lost' : `is not over: it is ${state}, and goes on`
}

/** `shoal job cancel|retry|rm ID` */
export function changeJob(change: Change): (context: Context, args: readonly string[]) => Promise<number> {
  return async (context, [id = '']) => {
    const node = context.node()
    const before = await node.job(id)
    const job = before.id
    await node[change](job)
    if (context.json) await context.printJson({ schema: 'shoal.done/1', job, done: change })
    else if (context.quiet) await context.print(job)
    else context.note(`job ${shortId(job)} ${await told(node, change, before)}`)
    return 0
  }
}
