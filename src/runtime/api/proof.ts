/** Checks a sealed result again, from the bytes up: what the receipt says must follow from what is there. */
import type { VerifyAnswer } from '../../control/api.ts'
import { reasonOf } from '../../words/reason.ts'
import { agreed } from '../../core/ledger/ledger.ts'
import { producersOf } from '../../core/plan/graph.ts'
import { expectedConsumed, sealedResult } from '../../core/outcome/seal.ts'
import type { JobState } from '../../core/state.ts'
import type { Context } from '../context.ts'
import { outputManifests, receiptOf, type OutputPart } from './receipts.ts'
import { resultOf } from './results.ts'

type Check = VerifyAnswer['checks'][number]

/** Reads every part whole. Throws as `receiptOf` does when there is nothing to verify. */
export async function verify(context: Context, job: JobState, signal: AbortSignal): Promise<VerifyAnswer> {
  const receipt = await receiptOf(context, job)
  const outputs = await outputManifests(context, job)
  const { read, emitted, reduced, out } = receipt.records
  const [first] = outputs
  const root = expectedConsumed(job.plan, job.ledger, first!.task)
  const producers = [...producersOf(job.plan, first!.task)].length
  const checks: Check[] = [
    await parts(context, job, outputs.length, signal),
    {
      name: 'result hash',
      ok: `sha256:${sealedResult(job.plan, job.ledger)}` === receipt.result,
      detail: `${receipt.result} is the hash of ${outputs.length} part hashes in order`,
    },
    {
      name: 'manifests',
      ok: outputs.every((output) => fits(job, output)),
      detail: 'each part’s manifest has the digest that the ledger agreed on',
    },
    {
      name: 'consumed',
      ok: outputs.every(({ task, manifest }) => manifest.consumed === expectedConsumed(job.plan, job.ledger, task)),
      detail: `every part was reduced from the same ${producers} map outputs, root ${root}`,
    },
    {
      name: 'balance',
      ok: emitted === reduced,
      detail: `${read} records read, ${emitted} emitted, ${reduced} reduced, ${out} out`,
    },
  ]
  return { schema: 'shoal.verify/1', job: job.record.id, result: receipt.result, ok: checks.every((c) => c.ok), checks }
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
