/** What a node finds on its disk when it starts: its next life, the members it knew, the jobs it had. */
import type { Incarnation, JobId, NodeId, TaskIndex } from '../core/types.ts'
import type { Disk } from '../ports.ts'
import { LIMITS } from '../core/limits.ts'
import { isWorkedOn } from '../core/outcome/remake.ts'
import { fromBytes, WireError } from '../wire/codec.ts'
import { openJobRecord } from '../wire/job.ts'
import { cutFor, filesOf, fitsTask, partitionsFor } from '../core/plan/files.ts'
import { consumersOf } from '../core/plan/graph.ts'
import { signed } from '../wire/shapes.ts'
import { decodeNodeRecord, openRecord } from '../wire/signed.ts'
import { RECEIVING } from './peers/batch.ts'
import type { Context } from './context.ts'
import { Damage } from './home/damage.ts'
import { getKept, isDamaged, putKept } from './home/kept.ts'
import { recall } from './home/recall.ts'
import type { Times } from './home/times.ts'
import { folderFile } from './home/folder.ts'
import { pause } from './pause.ts'

const INCARNATION = 'incarnation'

/**
 * Raises the boot count above what the disk (and `above`, from peers) says; it is on disk before anyone hears of it.
 * `nonce` is drawn at random for this one boot.
 */
export async function nextIncarnation(
  disk: Disk,
  nonce: string,
  above: number = 0,
  damage: Damage = new Damage(),
): Promise<Incarnation> {
  const count = Math.max(await lastLife(disk, damage), above) + 1
  await putKept(disk, INCARNATION, Buffer.from(String(count)))
  return { count, nonce }
}

/**
 * How often this home was started. The count must never go backwards, since peers take claims of a lower life for void.
 * Where the file is damaged, the count goes on far above the highest that is known: that of the node's own record among
 * the members', which is from its last life or shortly before.
 */
async function lastLife(disk: Disk, damage: Damage): Promise<number> {
  try {
    const kept = await getKept(disk, INCARNATION)
    return kept === null ? 0 : Number(Buffer.from(kept).toString())
  } catch (error) {
    if (!isDamaged(error)) throw error
  }
  let last = 0
  for (const file of await disk.list('members')) {
    const bytes = file.endsWith('.record') ? await getKept(disk, `members/${file}`).catch(() => null) : null
    if (bytes !== null) last = Math.max(last, countOf(bytes))
  }
  const safe = last + LIMITS.livesSkipped
  damage.found(INCARNATION, `this node counts its lives from ${safe} on`)
  return safe
}

function countOf(bytes: Uint8Array): number {
  try {
    return decodeNodeRecord(fromBytes(signed, bytes)).incarnation.count
  } catch {
    return 0
  }
}

/** Members met before, with their catalogs; their addresses are dialled again. */
export async function loadMembers(context: Context): Promise<NodeId[]> {
  const { disk, catalogs, damage, state } = context
  const known: NodeId[] = []
  // Where one of a member's two files is gone, the other says that there is such a member.
  const files = await disk.list('members')
  const nodes = new Set(files.flatMap((file) => /^(.+)\.(?:record|catalog)$/.exec(file)?.[1] ?? []) as NodeId[])
  for (const node of nodes) {
    if (node === state.self.node) continue
    await loadCatalog(context, node)
    if (await loadMember(context, node)) known.push(node)
    else {
      // It counts as away, whether or not it is known what it offers: a job over its data is refused, instead of
      // leaving them out without a word.
      damage.found(
        `members/${node}.record`,
        'this member counts as away until it is met again, or `shoal members forget` it',
      )
      catalogs.lose(node)
    }
  }
  return known
}

/** False where there is no whole record of it. */
async function loadMember({ disk, mesh, dispatch, dropped, state }: Context, node: NodeId): Promise<boolean> {
  try {
    const bytes = await getKept(disk, `members/${node}.record`)
    if (bytes === null) return false
    const record = await openRecord(mesh, fromBytes(signed, bytes))
    if (record.node !== node) throw new WireError('the record of another node')
    dispatch({ type: 'message', from: state.self.node, message: { type: 'records', records: [record] } })
    mesh.keepDialling(node, record.addresses)
    return true
  } catch (error) {
    if (!isDamaged(error)) dropped('kept-record', error)
    return false
  }
}

/**
 * A file that names the node whose own record this home has kept. Only with it can a record that is gone be told from
 * one that was never written, as that happens some time after the first start.
 */
const OWN_MARK = 'member'

export async function markOwnRecord(disk: Disk, node: NodeId): Promise<void> {
  const mark = await getKept(disk, OWN_MARK).catch(() => null)
  if (mark === null || Buffer.from(mark).toString() !== node) await putKept(disk, OWN_MARK, Buffer.from(node))
}

/**
 * Looks for damage in this node's own record and catalog before this start writes them anew. If its own record is gone,
 * records of other members may be gone too, and nothing else would tell: so `members` as a whole counts as damaged.
 */
export async function lookAtOwnRecord({ disk, mesh, damage }: Context): Promise<void> {
  const own = `members/${mesh.self}`
  const mark = await getKept(disk, OWN_MARK).catch((error: unknown) => {
    if (!isDamaged(error)) throw error
    damage.found(OWN_MARK, 'it is written anew')
    return null
  })
  const had = mark !== null && Buffer.from(mark).toString() === mesh.self
  if (had && (await disk.size(`${own}.record`)) === null)
    damage.found('members', 'members that are gone from it are not missed until they are met again')
  for (const file of ['record', 'catalog']) {
    const name = `${own}.${file}`
    await getKept(disk, name).catch((error: unknown) => {
      if (!isDamaged(error)) throw error
      damage.found(name, 'it is written anew')
    })
  }
}

/** Where the catalog is damaged the member is known all the same; what it offers is fetched again when it is met. */
async function loadCatalog({ catalogs, damage, dropped }: Context, node: NodeId): Promise<void> {
  try {
    await catalogs.load(node)
  } catch (error) {
    if (!isDamaged(error)) return dropped('kept-catalog', error)
    damage.found(`members/${node}.catalog`, 'what this member offers is had again from it')
  }
}

/**
 * Jobs that were here, with what the disk has of their ledgers, outputs and arrivals. What is left of a put or a
 * removal that was cut off goes; a job whose record is damaged or missing comes again from peers.
 */
export async function loadJobs(context: Context, times: Times): Promise<void> {
  const { disk, store } = context
  // Parts that were fetched for a reader whom a crash has cut off, and batches without an END.
  await disk.remove('fetched')
  await disk.remove(RECEIVING)
  for (const id of await store.records.ids()) {
    try {
      if (!(await loadJob(context, times, id))) await context.removal.finish(id)
    } catch (error) {
      context.dropped('kept-job', error)
    }
  }
}

/** False where there is no whole record. Throws WireError where it is none that this version takes. */
async function loadJob(context: Context, times: Times, id: JobId): Promise<boolean> {
  const { store, dispatch, story } = context
  const text = await store.records.get(id)
  if (text === null) return false
  const record = openJobRecord(text)
  if (record.id !== id) throw new WireError('a job in the folder of another')
  await store.codes.get(id, record.spec.code)
  await context.disk.remove(folderFile(id, 'spool'))
  await times.load(id, story)
  const remembered = await recall(context, id)
  dispatch({ type: 'job', record, ...remembered })
  if (remembered.deaths.length > 0) void closeToldDeaths(context, id, remembered.deaths)
  await loadArrivals(context, id)
  return true
}

/**
 * These deaths are told now. Once the report that tells them is surely on this disk they are closed in the journal, so that
 * the next round does not hear of them again; a start that comes sooner tells them again, and they count once.
 */
async function closeToldDeaths(
  context: Context,
  id: JobId,
  deaths: readonly { readonly task: TaskIndex; readonly attempt: string }[],
): Promise<void> {
  await pause(context.clock, LIMITS.reportKeptMs)
  for (const { task, attempt } of deaths)
    await context.store.attempts
      .add(id, task, attempt, 'ended')
      .catch((error: unknown) => context.dropped('journal', error))
}

async function loadArrivals({ store, state, dispatch }: Context, id: JobId): Promise<void> {
  const job = state.jobs.get(id)
  if (job === undefined || !isWorkedOn(job)) return

  for (const { task, digest, listing, files } of await store.outputs.arrivals(id)) {
    const producer = job.plan.tasks[task]
    if (producer === undefined || !fitsTask(listing.manifest, producer)) continue
    const here = new Set(files)
    const consumers = [...consumersOf(job.plan, producer)].map(({ consumer }) => consumer.index)
    const isWholeFor = (consumer: TaskIndex): boolean => {
      const cut = cutFor(listing, partitionsFor(job.plan, producer, [consumer]))
      return cut !== null && filesOf(cut).every((file) => here.has(file))
    }
    const whole = consumers.filter(isWholeFor)
    if (whole.length > 0) dispatch({ type: 'arrived', job: id, task, digest, consumers: whole })
  }
}
