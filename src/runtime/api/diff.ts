/** Why two jobs are not one: what differs in their code, settings, data and results. */
import type { DiffAnswer } from '../../control/api.ts'
import { canonicalJson } from '../../core/hash.ts'
import { agreed } from '../../core/ledger/ledger.ts'
import { outputTasks } from '../../core/plan/graph.ts'
import { SPEC } from '../../core/spec/spec.ts'
import type { JobState } from '../../core/state.ts'
import type { Shard } from '../../core/types.ts'
import { nameOf, type Context } from '../context.ts'

/** Shards named at most in each list; the counts are whole. */
const NAMED_MAX = 100
/** Those that make one job another. */
const FIELDS = (Object.keys(SPEC) as (keyof typeof SPEC)[]).filter((field) => SPEC[field].inId !== false)

export function diffJobs(context: Context, a: JobState, b: JobState): DiffAnswer {
  const fields: DiffAnswer['fields'][number][] = []
  const compare = (field: string, left: unknown, right: unknown): void => {
    const [x, y] = [canonicalJson(left ?? null), canonicalJson(right ?? null)]
    if (x !== y) fields.push({ field, a: x, b: y })
  }
  const [left, right] = [a.record, b.record]
  compare('key', left.key, right.key)
  for (const field of FIELDS) compare(field, inEffect(a, field), inEffect(b, field))
  const [before, after] = [shardsOf(context, a), shardsOf(context, b)]
  const only = (from: Map<string, string>, other: Map<string, string>): string[] =>
    [...from.keys()].filter((k) => !other.has(k))
  const changed = [...before].filter(([k, facts]) => after.has(k) && after.get(k) !== facts).map(([k]) => k)
  const list = (names: string[]): { count: number; shards: string[] } => ({
    count: names.length,
    shards: names.slice(0, NAMED_MAX),
  })
  return {
    schema: 'shoal.diff/1',
    a: left.id,
    b: right.id,
    same: left.id === right.id,
    fields,
    onlyA: list(only(before, after)),
    onlyB: list(only(after, before)),
    changed: list(changed),
    result: { a: resultText(a), b: resultText(b), equal: resultText(a) !== null && resultText(a) === resultText(b) },
    parts: partsThatDiffer(a, b),
  }
}

/** Partitions that the plan has decided on are no less a job's than those that somebody asked for. */
function inEffect({ record, plan }: JobState, field: keyof typeof SPEC): unknown {
  return field === 'partitions' ? plan.partitions : (record.spec[field] ?? null)
}

/** By input, path and node; what tells one content from another is the hash, or size and witness. */
function shardsOf(context: Context, job: JobState): Map<string, string> {
  const shards = new Map<string, string>()
  for (const input of job.record.snapshot.inputs)
    for (const shard of input.shards)
      shards.set(nameOfShard(context, input.alias, shard), canonicalJson([shard.size, shard.hash ?? shard.copies]))
  return shards
}

function nameOfShard(context: Context, alias: string, shard: Shard): string {
  const where = shard.hash === undefined ? ` on ${nameOf(context, shard.copies[0]!.node)}` : ''
  return `${alias === '' ? '' : `${alias}: `}${shard.dataset}/${shard.path}${where}`
}

function resultText(job: JobState): string | null {
  return job.ledger.outcome.kind === 'sealed' ? `sha256:${job.ledger.outcome.result}` : null
}

function partsThatDiffer(a: JobState, b: JobState): number[] {
  if (resultText(a) === null || resultText(b) === null || a.plan.partitions !== b.plan.partitions) return []
  const parts = ({ plan, ledger }: JobState): string[] =>
    outputTasks(plan).map(({ index }) => agreed(ledger.tasks[index])!.part)
  const [ofA, ofB] = [parts(a), parts(b)]
  return [...ofA.keys()].filter((p) => ofA[p] !== ofB[p])
}
