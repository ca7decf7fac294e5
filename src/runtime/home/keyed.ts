/** Jobs with a key that this node knows, also those that are forgotten, by their key instead of their id. */
import { meaningOf } from '../../core/plan/keyed-id.ts'
import type { Digest, JobRecord } from '../../core/types.ts'
import { JOBS_OF_KEY_MAX, openJobRecord, type KeyedJob } from '../../wire/job.ts'
import type { Context } from '../context.ts'
import { filesOf } from './mapped-files.ts'

/** One that failed, was cancelled or was forgotten without a result gave its key nothing, and is not told of. */
export async function keyedHere({ keys, state, store }: Context, key: string, meaning: Digest): Promise<KeyedJob[]> {
  const found: KeyedJob[] = []
  const add = async (record: JobRecord, result: Digest | null, files: readonly Digest[] | null): Promise<void> => {
    const { id, source, spec } = record
    if (source !== undefined) found.push({ id, code: spec.code, source, files: null, result })
    else found.push({ id, code: spec.code, source: null, files: files ?? (await filesOf(store.codes, record)), result })
  }
  for (const { record, ledger } of state.jobs.values()) {
    const { outcome } = ledger
    if (record.key !== key || outcome.kind === 'failed' || outcome.kind === 'cancelled') continue
    if (meaningOf(record.spec) !== meaning) continue
    await add(record, outcome.kind === 'sealed' ? outcome.result : null, null)
  }
  for (const { record: kept, facts } of await keys.under(key)) {
    const record = opened(kept)
    if (record === null || state.jobs.has(record.id) || meaningOf(record.spec) !== meaning) continue
    // Where its facts are damaged, it may have given one.
    if (facts === null || facts.result !== null) await add(record, facts?.result ?? null, facts?.files ?? null)
  }
  return found.slice(0, JOBS_OF_KEY_MAX)
}

function opened(record: JobRecord): JobRecord | null {
  try {
    return openJobRecord(JSON.stringify(record))
  } catch {
    return null
  }
}
