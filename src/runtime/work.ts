/** Turns a planned task into what a task process is told: files by name, splits, runs with their ranks. */
import { ShoalError } from '../core/errors.ts'
import type { TaskListing } from '../core/ledger/manifest.ts'
import { filesOf } from '../core/plan/files.ts'
import { producersOf } from '../core/plan/graph.ts'
import { aliasOf } from '../core/plan/stages.ts'
import { shardOf } from '../core/plan/ranks.ts'
import { headerBytesOf } from '../core/plan/splits.ts'
import type { PlannedTask } from '../core/plan/steps.ts'
import { workOf, type Consumed } from '../core/plan/work-of.ts'
import type { Spool, SplitWork, Work } from '../core/plan/work.ts'
import type { JobState } from '../core/state.ts'
import type { Agreed, Digest, Shard, ShardCopy, Split } from '../core/types.ts'
import type { TaskFile } from '../ports.ts'
import { isWhole, loseOutput } from './home/check-files.ts'
import type { Context } from './context.ts'
import { copiesHere } from './home/copies.ts'
import { placeOf, readInput } from './home/inputs.ts'
import { ROWS_LOG } from './home/rows.ts'
import { spoolFolder, spoolSplit, type Spooling } from './peers/spool.ts'

export interface WorkAndFiles {
  readonly work: Work
  readonly files: readonly TaskFile[]
}

/**
 * Rejects with SHARD_CHANGED when a shard is not there any more, with NO_NODE when one that lies elsewhere cannot be
 * read, and with a plain error when consumed files are not there. `consumes`: the digests of what it consumes, in order.
 */
export async function workFor(
  context: Context,
  job: JobState,
  task: PlannedTask,
  consumes: readonly Digest[],
  spooling: Spooling,
): Promise<WorkAndFiles> {
  const read = await readShards(context, job, task, spooling)
  const consumed = await readOutputs(context, job, task, consumes)
  const work = workOf(
    job.record,
    job.plan,
    task,
    { splits: read.splits, agreed: agreedOf(job, task) },
    consumed.map(({ files, ...output }) => ({ ...output, files: files.map(({ name }) => name) })),
  )
  return { work, files: [...read.files, ...consumed.flatMap(({ files }) => files)] }
}

async function readShards(
  context: Context,
  job: JobState,
  task: PlannedTask,
  spooling: Spooling,
): Promise<{ splits: SplitWork[]; files: TaskFile[] }> {
  const { spec, snapshot } = job.record
  const files = new Map<string, TaskFile>()
  const splits: SplitWork[] = []
  for (const [i, split] of task.splits.entries()) {
    const shard = shardOf(snapshot, split)
    const input = spec.inputs[split.input]!
    const copies = copiesHere(context, shard)
    const {
      path,
      near = false,
      ...facts
    } = copies.length > 0
      ? localFile(context, shard, copies)
      : await spooledFile(context, job, task, split, `${spoolFolder(job, spooling.attempt)}/${i}`, spooling)
    const size = copies.length > 0 ? { size: shard.size, near } : {}
    const file = files.get(path) ?? { name: `shard-${files.size}`, path, ...size }
    files.set(path, file)
    splits.push({
      file: file.name,
      alias: aliasOf(spec, task.step.stage, split.input),
      dataset: shard.dataset,
      path: shard.path,
      size: shard.size,
      start: split.start,
      end: split.end,
      headerBytes: headerBytesOf(shard.cuts),
      options: input.options,
      ...(shard.look === undefined ? {} : { look: shard.look }),
      rowGroups: shard.cuts.kind === 'row-groups',
      ...facts,
    })
  }
  return { splits, files: [...files.values()] }
}

interface ConsumedHere extends Omit<Consumed, 'files'> {
  readonly files: readonly TaskFile[]
}

/** The outputs that a task consumes, as they lie here. */
async function readOutputs(
  context: Context,
  job: JobState,
  task: PlannedTask,
  consumes: readonly Digest[],
): Promise<ConsumedHere[]> {
  const consumed: ConsumedHere[] = []
  let at = 0
  for (const index of producersOf(job.plan, task)) {
    const producer = job.plan.tasks[index]!
    const digest = consumes[at++]!
    const listing = await consumedListing(context, job, producer, digest, task)
    const files: TaskFile[] = []
    for (const file of filesOf(listing)) files.push(await consumedFile(context, job, producer, digest, file))
    consumed.push({ producer, digest, manifest: listing.manifest, rows: listing.rows, files })
  }
  return consumed
}

/** Once for all splits of an input: it may name thousands of columns. */
function agreedOf({ record }: JobState, task: PlannedTask): [string, Agreed][] {
  const inputs = [...new Set(task.splits.map(({ input }) => input))]
  return inputs.flatMap((i): [string, Agreed][] => {
    const { agreed: one } = record.snapshot.inputs[i]!
    return one === undefined ? [] : [[aliasOf(record.spec, task.step.stage, i), one]]
  })
}

/** What this node brings over because no node that has the shard can run the task. */
async function spooledFile(
  context: Context,
  job: JobState,
  task: PlannedTask,
  split: Split,
  name: string,
  spooling: Spooling,
): Promise<{ path: string; witness: string; near?: boolean; spool: Spool }> {
  const spool = await spoolSplit(context, job, task.index, split, name, spooling)
  return { path: context.disk.path(name), witness: '', spool }
}

function localFile(
  context: Context,
  shard: Shard,
  copies: readonly ShardCopy[],
): { path: string; witness: string; near?: boolean } {
  for (const copy of copies) {
    const path = context.catalog.resolve(copy.root, shard.path)
    const { dev, ino, mtimeNs, ctimeNs } = copy.witness
    if (path !== null)
      return { path, witness: `${dev}:${ino}:${mtimeNs}:${ctimeNs}`, near: context.catalog.isNear(copy) }
  }
  throw new ShoalError('SHARD_CHANGED', `${shard.dataset}/${shard.path} on ${context.name} is not there any more`, {
    why: 'its directory is offered no longer, or the file left it',
    try: ['bring the file back, then shoal job retry', 'submit again over what there is now'],
  })
}

/** What a task reads of an output. Rejects with DAMAGED where that is not here, and has struck it out by then. */
async function consumedListing(
  context: Context,
  job: JobState,
  producer: PlannedTask,
  digest: Digest,
  task: PlannedTask,
): Promise<TaskListing> {
  const found = await readInput(context, job, producer, digest, task)
  if (typeof found !== 'string') return found
  throw await lostArrival(context, job, producer, placeOf(job, producer, digest, found))
}

async function consumedFile(
  context: Context,
  job: JobState,
  producer: PlannedTask,
  digest: Digest,
  file: string,
): Promise<TaskFile> {
  const name = placeOf(job, producer, digest, file)
  if ((await context.disk.size(name)) === null) throw await lostArrival(context, job, producer, name)
  return { name: `${file}-of-${producer.index}`, path: context.disk.path(name) }
}

/**
 * After an attempt that found damage: what it consumed is read again, and what is damaged is struck out, so that it is
 * pulled again or made again. Never rejects with what it looks for.
 */
export async function loseDamaged(
  context: Context,
  job: JobState,
  task: PlannedTask,
  consumes: readonly Digest[],
): Promise<void> {
  let at = 0
  for (const index of producersOf(job.plan, task)) {
    const producer = job.plan.tasks[index]!
    const digest = consumes[at++]!
    const found = await readInput(context, job, producer, digest, task, false)
    const files = typeof found === 'string' ? [found] : filesOf(found)
    for (const file of files) {
      const name = placeOf(job, producer, digest, file)
      if (typeof found === 'string' || !(await isWhole(context, name, found, file)))
        await lostArrival(context, job, producer, name)
    }
  }
}

/** Tells the control plane that this input is not here any more, so that it is pulled again. */
async function lostArrival(context: Context, job: JobState, producer: PlannedTask, name: string): Promise<Error> {
  const { disk, damage, dispatch, dropped } = context
  const task = producer.index
  if (job.has.has(task)) await loseOutput(context, job, task, name.slice(name.lastIndexOf('/') + 1))
  else {
    damage.found(name, 'it is had again from the node that made it', job.record.id)
    const remove = (file: string): Promise<void> => disk.remove(file).catch((error: unknown) => dropped('lose', error))
    if (name.endsWith(ROWS_LOG)) await remove(name)
    // At last, and then it is struck out at once: what is booked has its manifest on disk.
    await remove(`${name.slice(0, name.lastIndexOf('/'))}/manifest.json`)
    dispatch({ type: 'lost', job: job.record.id, task, what: 'arrived' })
  }
  return new ShoalError('DAMAGED', `${disk.path(name)} is missing or damaged`, {
    why: 'it is brought here again, or made again',
  })
}
