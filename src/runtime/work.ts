/** Turns a planned task into what a task process is told: files by name, splits, runs with their ranks. */
import { ShoalError } from '../core/errors.ts'
import { rootOf } from '../core/hash.ts'
import { outputOf, type TaskManifest } from '../core/ledger/manifest.ts'
import { headerBytesOf } from '../core/plan/splits.ts'
import { rankSplits, shardOf, tasksOf, type PlannedTask } from '../core/plan/plan.ts'
import { upstreamOf } from '../core/outcome/receipt.ts'
import type { JobState } from '../core/state.ts'
import type { Agreed, BoundsManifest, Digest, MapManifest, Shard, ShardCopy, Split } from '../core/types.ts'
import type { MapWork, RunWork, Spool, SplitWork, TaskFile, Work } from '../ports.ts'
import { fitsTask } from '../wire/manifest.ts'
import { isWhole, loseOutput } from './home/check-files.ts'
import type { Context } from './context.ts'
import { copiesHere } from './home/copies.ts'
import { spoolFolder, spoolSplit, type Spooling } from './peers/spool.ts'
import { arrivalFile, outputFile } from './home/folder.ts'
import { filesOf } from './home/outputs.ts'

export interface WorkAndFiles {
  readonly work: Work
  readonly files: readonly TaskFile[]
}

/**
 * Rejects with SHARD_CHANGED when a shard is not there any more, with NO_NODE when one that lies elsewhere cannot be
 * read, and with a plain error when consumed files are not there.
 */
export async function workFor(
  context: Context,
  job: JobState,
  task: PlannedTask,
  consumes: readonly Digest[],
  spooling: Spooling,
): Promise<WorkAndFiles> {
  switch (task.kind) {
    case 'sample':
    case 'map':
      return mapWork(context, job, task, consumes, spooling)
    case 'bounds':
      return boundsWork(context, job, consumes)
    case 'reduce':
      return reduceWork(context, job, task, consumes)
  }
}

async function mapWork(
  context: Context,
  job: JobState,
  task: PlannedTask,
  consumes: readonly Digest[],
  spooling: Spooling,
): Promise<WorkAndFiles> {
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
      alias: input.alias,
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
  const { combine, onBadRecord } = spec
  const common = { splits, ...agreedOf(job, task), partitions: job.plan.partitions, combine, onBadRecord }
  const work: Work =
    task.kind === 'sample'
      ? { kind: 'sample', ...common }
      : { kind: 'map', ...common, bounds: await boundsFor(context, job, consumes) }
  return { work, files: [...files.values()] }
}

/** Once for all splits of an input: it may name thousands of columns. */
function agreedOf({ record }: JobState, task: PlannedTask): Pick<MapWork, 'agreed'> {
  const inputs = [...new Set(task.splits.map(({ input }) => input))]
  const agreed = inputs.flatMap((i): [string, Agreed][] => {
    const { alias, agreed: one } = record.snapshot.inputs[i]!
    return one === undefined ? [] : [[alias, one]]
  })
  return agreed.length === 0 ? {} : { agreed }
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

async function boundsFor(context: Context, job: JobState, consumes: readonly Digest[]): Promise<MapWork['bounds']> {
  if (job.plan.count.bounds === 0) return null
  const bounds = job.plan.tasks[job.plan.first.bounds]!
  const { manifest } = await consumedManifest(context, job, bounds, consumes[0]!)
  return (manifest as BoundsManifest).bounds
}

async function boundsWork(context: Context, job: JobState, consumes: readonly Digest[]): Promise<WorkAndFiles> {
  const files: TaskFile[] = []
  for (const [i, task] of tasksOf(job.plan, 'sample').entries())
    files.push(await consumedFile(context, job, task, consumes[i]!, 'keys'))
  return {
    work: {
      kind: 'bounds',
      partitions: job.plan.partitions,
      samples: files.map((f) => f.name),
      consumed: rootOf(consumes),
    },
    files,
  }
}

async function reduceWork(
  context: Context,
  job: JobState,
  task: PlannedTask,
  consumes: readonly Digest[],
): Promise<WorkAndFiles> {
  const { spec, snapshot } = job.record
  const maps = tasksOf(job.plan, 'map')
  const manifests: MapManifest[] = []
  for (const [t, map] of maps.entries()) {
    const { manifest } = await consumedManifest(context, job, map, consumes[t]!)
    // Of its runs one is read here: all of them, of thousands of maps, are hundreds of megabytes.
    const { runs: all, ...facts } = manifest as MapManifest
    manifests.push({ ...facts, runs: all.filter((run) => run.partition === task.partition) })
  }
  const ranks = rankSplits(snapshot, maps, (t, s) => manifests[t]!.splits[s]!.input)
  const files: TaskFile[] = []
  const runs: RunWork[] = []
  for (const [t, map] of maps.entries()) {
    const [run] = manifests[t]!.runs
    if (run === undefined) continue
    const file = await consumedFile(context, job, map, consumes[t]!, `run-${task.partition}`)
    files.push(file)
    const aliases = map.splits.map((split: Split) => split.input)
    runs.push({ file: file.name, ranks: ranks[t]!, aliases, digest: run.digest, bytes: run.bytes })
  }
  const aliases = spec.inputs.map((input) => input.alias)
  const upstream = upstreamOf(job.plan, snapshot, manifests)
  const work: Work = {
    kind: 'reduce',
    partition: task.partition,
    runs,
    aliases,
    reduce: spec.reduce,
    consumed: rootOf(consumes),
    upstream,
  }
  return { work, files }
}

/** Where a consumed file lies here: among this node's own outputs where it has the task's, else by digest in what arrived. */
function placeOf(job: JobState, producer: PlannedTask, digest: Digest, file: string): string {
  return job.has.has(producer.index)
    ? outputFile(job.record.id, producer.index, file)
    : arrivalFile(job.record.id, producer.index, digest, file)
}

/** The manifest, checked against its digest: an attempt must read exactly what it later says that it consumed. */
async function consumedManifest(
  context: Context,
  job: JobState,
  producer: PlannedTask,
  digest: Digest,
): Promise<TaskManifest> {
  const name = placeOf(job, producer, digest, 'manifest.json')
  const seen = checked.get(job) ?? new Set()
  checked.set(job, seen)
  if (seen.has(name + digest)) {
    const again = await context.store.outputs.checkedManifest(name)
    if (again !== null) return again
  }
  const found = await context.store.outputs.manifest(name)
  if (found === null || !fitsTask(found, producer, job.plan) || outputOf(found).digest !== digest)
    throw await lostArrival(context, job, producer, name)
  seen.add(name + digest)
  return found
}

/** Manifests that had their digest when they were read first, by job: hashing them for each reduce would take long. */
const checked = new WeakMap<JobState, Set<string>>()

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
  const file = task.kind === 'reduce' ? `run-${task.partition}` : 'keys'
  if (task.kind !== 'reduce' && task.kind !== 'bounds') return
  for (const [i, producer] of tasksOf(job.plan, task.kind === 'reduce' ? 'map' : 'sample').entries()) {
    const digest = consumes[i]!
    const found = await context.store.outputs.manifest(placeOf(job, producer, digest, 'manifest.json'))
    const name = placeOf(job, producer, digest, file)
    if (found !== null && !filesOf(found).includes(file)) continue
    if (found === null || !(await isWhole(context, name, found, file))) await lostArrival(context, job, producer, name)
  }
}

/** Tells the control plane that this input is not here any more, so that it is pulled again. */
async function lostArrival(context: Context, job: JobState, producer: PlannedTask, name: string): Promise<Error> {
  const { disk, damage, dispatch, dropped } = context
  const task = producer.index
  if (job.has.has(task)) await loseOutput(context, job, task, name.slice(name.lastIndexOf('/') + 1))
  else {
    damage.found(name, 'it is had again from the node that made it', job.record.id)
    const manifest = `${name.slice(0, name.lastIndexOf('/'))}/manifest.json`
    await disk.remove(manifest).catch((error: unknown) => dropped('lose', error))
    dispatch({ type: 'lost', job: job.record.id, task, what: 'arrived' })
  }
  return new ShoalError('DAMAGED', `${disk.path(name)} is missing or damaged`, {
    why: 'it is brought here again, or made again',
  })
}
