/** What a node finds on its disk when it starts: its next life, the members it knew, the jobs it had. */
import type { Incarnation, JobId, NodeId } from '../core/types.ts'
import type { Disk } from '../ports.ts'
import { fromBytes, WireError } from '../wire/codec.ts'
import { openJob } from '../wire/job.ts'
import { decodeMessage } from '../wire/messages.ts'
import { fitsTask } from '../wire/manifest.ts'
import { signed } from '../wire/shapes.ts'
import { openRecord } from '../wire/signed.ts'
import type { Context } from './context.ts'
import type { Times } from './times.ts'

const INCARNATION = 'incarnation'

/**
 * Raises the boot count above what the disk (and `above`, from peers) says; it is on disk before anyone hears of it.
 * `nonce` is drawn at random for this one boot.
 */
export async function nextIncarnation(disk: Disk, nonce: string, above: number = 0): Promise<Incarnation> {
  const kept = await disk.get(INCARNATION)
  const count = Math.max(kept === null ? 0 : Number(Buffer.from(kept).toString()), above) + 1
  await disk.put(INCARNATION, Buffer.from(String(count)))
  return { count, nonce }
}

/** Members met before, with their catalogs; their addresses are dialled again. */
export async function loadMembers(context: Context): Promise<NodeId[]> {
  const { disk, mesh, catalogs, dispatch, state } = context
  const known: NodeId[] = []
  for (const file of await disk.list('members')) {
    if (!file.endsWith('.record')) continue
    try {
      const bytes = await disk.get(`members/${file}`)
      if (bytes === null) continue
      const record = await openRecord(mesh, fromBytes(signed, bytes))
      if (record.node === state.self.node) continue
      // Damaged: the member is known all the same, and what it offers is fetched again, or missed.
      await catalogs.load(record.node).catch((error: unknown) => context.dropped('kept-catalog', error))
      dispatch({ type: 'message', from: state.self.node, message: { type: 'records', records: [record] } })
      mesh.keepDialling(record.node, record.addresses)
      known.push(record.node)
    } catch (error) {
      context.dropped('kept-record', error)
    }
  }
  return known
}

/**
 * Jobs that were here, with what the disk has of their ledgers, outputs and arrivals. A folder without a record is what
 * is left of a job that was being written or dropped, and goes; a job whose record is damaged comes again from peers.
 */
export async function loadJobs(context: Context, times: Times): Promise<void> {
  const { disk, store, state } = context
  for (const id of (await disk.list('dropped')) as JobId[]) {
    const round = await disk.get(`dropped/${id}`)
    if (round !== null) state.dropped.set(id, Number(Buffer.from(round).toString()))
  }
  for (const id of await store.jobs()) {
    try {
      if (!(await loadJob(context, times, id))) await store.drop(id)
    } catch (error) {
      context.dropped('kept-job', error)
    }
  }
}

/** False where there is no whole record. Throws WireError where it is damaged. */
async function loadJob(context: Context, times: Times, id: JobId): Promise<boolean> {
  const { store, state, dispatch } = context
  const body = await store.getJob(id)
  if (body === null) return false
  const record = openJob(body)
  if (record.id !== id) throw new WireError('a job in the folder of another')
  await times.load(id)
  const kept = await store.readDeltas(id, async (bytes) => {
    const message = await decodeMessage(context.mesh, state.self.node, bytes)
    if (message.type !== 'delta') throw new WireError('no delta')
    return message.delta
  })
  const holding = await store.holding(id)
  const held = new Set(holding.map((h) => h.task))
  const deaths = await store.deaths(id)
  dispatch({ type: 'job', record, kept, holding, deaths: deaths.filter((death) => !held.has(death.task)) })
  // Told once: the next start finds only what was open at its own death.
  for (const { task, attempt } of deaths)
    await store.journal(id, task, attempt, 'ended').catch((error: unknown) => context.dropped('journal', error))
  await loadArrivals(context, id)
  return true
}

async function loadArrivals({ store, state, dispatch }: Context, id: JobId): Promise<void> {
  const job = state.jobs.get(id)
  if (job === undefined || job.ledger.outcome.kind !== 'open') return

  for (const { task, digest, manifest, files } of await store.arrivals(id)) {
    const producer = job.plan.tasks[task]
    if (producer === undefined || !fitsTask(manifest, producer, job.plan)) continue
    const wanted = manifest.manifest.kind === 'map' ? manifest.manifest.runs.map((run) => run.partition) : []
    const consumers = job.plan.tasks
      .filter((t) => t.kind === 'reduce' && (!wanted.includes(t.partition) || files.includes(`run-${t.partition}`)))
      .map((t) => t.index)
    if (manifest.manifest.kind === 'sample' && files.includes('keys')) consumers.push(job.plan.first.bounds)
    dispatch({ type: 'arrived', job: id, task, digest, consumers })
  }
}
