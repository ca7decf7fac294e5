import type { RowsRead, StageGraph, StepRead } from '../../control/api.ts'
import { bytesText, plural } from '../units.ts'

type Read = RowsRead | StepRead

/** `purchases/*.ndjson`; of a step that lies in the same stage its word, of another stage that one's name. */
export function sourceText(read: Read, stages: readonly StageGraph[], stage: string): string {
  if (read.how === 'rows') return `${read.dataset}${read.glob === '' ? '' : `/${read.glob}`}`
  if (read.stage === stage) return read.step
  const last = stages.find((one) => one.stage === read.stage)?.steps.at(-1)
  return last?.step === read.step ? read.stage : `${read.stage} ${read.step}`
}

/** `purchases (rows: 4 shards, 91.6 kB)`, `map (hash)`. */
export function readText(read: Read, stages: readonly StageGraph[], stage: string): string {
  const source = sourceText(read, stages, stage)
  if (read.how !== 'rows') return `${source} (${read.how})`
  return `${source} (rows: ${plural(read.shards, 'shard')}, ${bytesText(read.bytes)})`
}

/** `output daily`, of the only one `the result`. */
export function outputText(output: string): string {
  return output === '' ? 'the result' : `output ${output}`
}
