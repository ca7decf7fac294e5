/** Reads a task's files again, block by block: what is damaged on this disk is found by its hash, and never served. */
import { ShoalError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import { contentOf, type Content, type Listing } from '../../core/plan/files.ts'
import type { JobState } from '../../core/state.ts'
import type { Bytes, Millis, TaskIndex } from '../../core/types.ts'
import { BlockReader } from '../../data/blocks.ts'
import { PART_MAGIC } from '../../data/part.ts'
import { RUN_MAGIC } from '../../data/run.ts'
import { SAMPLE_MAGIC } from '../../data/sample.ts'
import type { Clock, Disk, OpenFile } from '../../ports.ts'
import type { Context } from '../context.ts'
import { pause } from '../pause.ts'
import { outputFile } from './folder.ts'

const MAGICS: Readonly<Record<Content['form'], string>> = { run: RUN_MAGIC, part: PART_MAGIC, keys: SAMPLE_MAGIC }

/** Blocks read in one turn: about a millisecond of work. */
const BLOCKS_A_TURN = 8

/** A node's files, and the clock by which other work has its turn while they are read. */
interface Files {
  readonly disk: Disk
  readonly clock: Clock
}

/** Whether the file of a task's output has the content that its listing names; false where it is not there. */
export async function isWhole(
  files: Files,
  name: string,
  listing: Listing,
  file: string,
  pauseMs: Millis = 0,
): Promise<boolean> {
  const expected = contentOf(listing, file)
  return (
    expected !== null &&
    (await hasContent(files, name, { magic: MAGICS[expected.form], digest: expected.digest }, pauseMs))
  )
}

/**
 * An output that this node said it has is damaged or missing: it is said, struck out, and not claimed again by the next
 * start. Others are asked for it, or it is made again.
 */
export async function loseOutput(context: Context, job: JobState, task: TaskIndex, file: string): Promise<void> {
  const { disk, damage, dispatch, dropped } = context
  const { id } = job.record
  // Released or struck out meanwhile, or forgotten with the job.
  if (!job.has.has(task) || context.state.jobs.get(id) !== job) return
  damage.found(outputFile(id, task, file), 'it is had again from another node, or made again', id)
  await disk.remove(outputFile(id, task, 'manifest.json')).catch((error: unknown) => dropped('lose', error))
  dispatch({ type: 'lost', job: id, task, what: 'output' })
}

/** Whether the file is the part of this hash. */
export function isPart(files: Files, name: string, digest: string): Promise<boolean> {
  return hasContent(files, name, { magic: PART_MAGIC, digest })
}

/**
 * The most that a file of so many raw bytes takes: blocks that do not compress are stored raw, headers add under 1/16.
 */
export function storedBytesMax(raw: Bytes): Bytes {
  return raw + raw / 16 + LIMITS.runBlockBytes
}

async function hasContent(
  { disk, clock }: Files,
  name: string,
  expected: { readonly magic: string; readonly digest: string },
  pauseMs: Millis = 0,
): Promise<boolean> {
  let open: OpenFile | null = null
  try {
    open = disk.open(name)
    const blocks = new BlockReader(open.read, 0, { magic: expected.magic, name, digest: true })
    for (let i = 0; blocks.next() !== null; i++) if (i % BLOCKS_A_TURN === 0) await pause(clock, pauseMs)
    return blocks.totals?.digest === expected.digest
  } catch (error) {
    if (error instanceof ShoalError || (error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  } finally {
    open?.close()
  }
}
