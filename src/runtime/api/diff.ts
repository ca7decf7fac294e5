/** Why two jobs are not one: what differs in their code, settings, data and results. */
import type { DiffAnswer } from '../../control/api.ts'
import { canonicalJson } from '../../core/hash.ts'
import { agreed } from '../../core/ledger/ledger.ts'
import { outputTasks } from '../../core/plan/graph.ts'
import { SPEC } from '../../core/spec/spec.ts'
import type { JobState } from '../../core/state.ts'
import type { Shard } from '../../core/types.ts'
import { nameOf, type Context } from '../context.ts'
import { compareStages } from './diff-stages.ts'
import { hasStages, outputName, outputsOf } from '../stage-names.ts'

/** Shards named at most in each list; the counts are whole. */
const NAMED_MAX = 100
/** Those that make one job another. */
const FIELDS = (Object.keys(SPEC) as (keyof typeof SPEC)[]).filter((field) => SPEC[field].inId !== false)

/** Of two jobs of stages these are told stage by stage. */
const OF_STAGES: ReadonlySet<string> = new Set(['inputs', 'stages', 'outputs', 'partitions'])

export function diffJobs(context: Context, a: JobState, b: JobState): DiffAnswer {
  const fields: DiffAnswer['fields'][number][] = []
  const compare = (field: string, left: unknown, right: unknown): void => {
    const [x, y] = [canonicalJson(left ?? null), canonicalJson(right ?? null)]
    if (x !== y) fields.push({ field, a: x, b: y })
  }
  const [left, right] = [a.record, b.record]
  compare('key', left.key, right.key)
  const areStaged = hasStages(a) && hasStages(b)
  for (const field of FIELDS)
    if (!areStaged || !OF_STAGES.has(field)) compare(field, inEffect(a, field), inEffect(b, field))
  if (areStaged) compareStages(a, b, compare)
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
    ...partsThatDiffer(a, b),
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

function partsThatDiffer(a: JobState, b: JobState): Pick<DiffAnswer, 'parts' | 'outputs'> {
  if (resultText(a) === null || resultText(b) === null || a.plan.partitions !== b.plan.partitions) return { parts: [] }
  const [ofA, ofB] = [partsOf(a), partsOf(b)]
  const parts = [...ofA.keys()].filter((p) => ofA[p]!.part !== ofB[p]!.part)
  const [named, others] = [outputsOf(a), outputsOf(b)]
  if (named === null || canonicalJson(named) !== canonicalJson(others)) return { parts }
  const outputs = named.map(({ output }) => ({
    output,
    parts: parts.filter((p) => ofA[p]!.output === output).map((p) => ofA[p]!.at),
  }))
  return { parts, outputs: outputs.filter((one) => one.parts.length > 0) }
}

function partsOf(job: JobState): { output: string | null; at: number; part: string }[] {
  return outputTasks(job.plan).map(({ index, at, step }) => ({
    output: outputName(job, step),
    at,
    part: agreed(job.ledger.tasks[index])!.part,
  }))
}
