import type { RowsRead, StepRead } from '../../control/api.ts'
import { bytesText, plural } from '../units.ts'

type Read = RowsRead | StepRead

/** `purchases/*.ndjson`; of what a step of the same stage gives its word, of another stage that one's name. */
export function sourceText(read: Read, stage: string): string {
  if (read.how === 'rows') return `${read.dataset}${read.glob === '' ? '' : `/${read.glob}`}`
  return read.stage === stage ? read.step : `${read.stage} ${read.step}`.replace(/ reduce$/, '')
}

/** `purchases (rows: 4 shards, 91.6 kB)`, `map (hash)`. */
export function readText(read: Read, stage: string): string {
  const source = sourceText(read, stage)
  if (read.how !== 'rows') return `${source} (${read.how})`
  return `${source} (rows: ${plural(read.shards, 'shard')}, ${bytesText(read.bytes)})`
}

/** `output daily`, of the only one `the result`. */
export function outputText(output: string): string {
  return output === '' ? 'the result' : `output ${output}`
}
