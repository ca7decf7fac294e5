/** Checks a sealed result again, from the bytes up: what the receipt says must follow from what is there. */
import type { Receipt, VerifyAnswer } from '../../control/api.ts'
import { reasonOf } from '../../words/reason.ts'
import { agreed } from '../../core/ledger/ledger.ts'
import { producersOf, tasksOf } from '../../core/plan/graph.ts'
import { expectedConsumed, resultDigest, sealedResult } from '../../core/outcome/seal.ts'
import type { JobState } from '../../core/state.ts'
import type { Context } from '../context.ts'
import { outputManifests, receiptOf, type OutputPart } from './receipts.ts'
import { resultOf } from './results.ts'
import { hasStages } from '../stage-names.ts'

type Check = VerifyAnswer['checks'][number]

/** Reads every part whole. Throws as `receiptOf` does when there is nothing to verify. */
export async function verify(context: Context, job: JobState, signal: AbortSignal): Promise<VerifyAnswer> {
  const receipt = await receiptOf(context, job)
  const outputs = await outputManifests(context, job)
  const checks: Check[] = [
    await parts(context, job, outputs.length, signal),
    {
      name: 'result hash',
      ok: `sha256:${sealedResult(job.plan, job.ledger)}` === receipt.result,
      detail: `${receipt.result} is the hash of ${hashedText(receipt, outputs.length)}`,
    },
    ...outputHashes(job, receipt),
    {
      name: 'manifests',
      ok: outputs.every((output) => fits(job, output)),
      detail: 'each part’s manifest has the digest that the ledger agreed on',
    },
    {
      name: 'consumed',
      ok: outputs.every(({ task, manifest }) => manifest.consumed === expectedConsumed(job.plan, job.ledger, task)),
      detail: consumedText(job, outputs),
    },
    ...balances(job, receipt),
  ]
  return { schema: 'shoal.verify/1', job: job.record.id, result: receipt.result, ok: checks.every((c) => c.ok), checks }
}

function hashedText({ outputs }: Receipt, parts: number): string {
  return outputs === undefined ? `${parts} part hashes in order` : `the hashes of ${outputs.length} outputs by name`
}

/** Of several outputs: the hash of each, from the parts that the ledger names. */
function outputHashes({ plan, ledger }: JobState, { outputs = [] }: Receipt): Check[] {
  return plan.outputs.flatMap(({ name, step }): Check[] => {
    const told = outputs.find(({ output }) => output === name)
    if (told === undefined) return []
    const digests = tasksOf(plan, plan.steps[step]!).map(({ index }) => agreed(ledger.tasks[index])!.part)
    const ok = `sha256:${resultDigest(digests)}` === told.result
    return [
      { name: `output ${name}`, ok, detail: `${told.result} is the hash of ${digests.length} part hashes in order` },
    ]
  })
}

function consumedText(job: JobState, outputs: readonly OutputPart[]): string {
  const [{ task }] = outputs as readonly [OutputPart]
  if (hasStages(job)) return 'each part was made of what the ledger holds of the tasks that feed it'
  const root = expectedConsumed(job.plan, job.ledger, task)
  return `every part was reduced from the same ${[...producersOf(job.plan, task)].length} map outputs, root ${root}`
}

/** Records balance: of a job of several stages, in each step that reads what others gave. */
function balances(job: JobState, { records: { read, emitted, reduced, out }, stages }: Receipt): Check[] {
  if (stages === undefined) {
    const detail = `${read} records read, ${emitted} emitted, ${reduced} reduced, ${out} out`
    return [{ name: 'balance', ok: emitted === reduced, detail }]
  }
  const told = new Map(stages.map((facts) => [`${facts.stage} ${facts.step}`, facts]))
  return job.plan.steps.flatMap(({ name, inputs, sides, count, readsShards }): Check[] => {
    const facts = told.get(name)
    if (facts === undefined) return []
    const due = inputs.slice(0, inputs.length - sides).reduce((sum, { from, how }) => {
      const gave = told.get(job.plan.steps[from]!.name)?.gave ?? 0
      return sum + (how === 'broadcast' ? gave * count : gave)
    }, 0)
    const detail = `${name}: ${facts.records} records in, ${facts.gave} out`
    return [{ name: 'balance', ok: readsShards || due === facts.records, detail }]
  })
}

function fits(job: JobState, { task, digest }: OutputPart): boolean {
  return digest === agreed(job.ledger.tasks[task.index])?.digest
}

/** Reading a part checks its blocks, its trailer and its hash; what does not fit throws. */
async function parts(context: Context, job: JobState, count: number, signal: AbortSignal): Promise<Check> {
  let bytes = 0
  try {
    for await (const chunk of resultOf(context, job, signal)) bytes += chunk.bytes.length
  } catch (error) {
    return { name: 'parts', ok: false, detail: reasonOf(error, 'a part cannot be read') }
  }
  return { name: 'parts', ok: !signal.aborted, detail: `${count} parts, ${bytes} bytes of records, read and hashed` }
}
