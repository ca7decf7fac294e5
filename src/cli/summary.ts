import type { Coverage, JobSummary, Receipt } from '../control/api.ts'
import { bytesText, countText, elapsedText, plural, shortId } from './units.ts'

const OMITTED_SHOWN = 10

/** The last line of a run: `142/142 shards  18.4 GB  61,204,113 records  5 nodes  41.8 s  result sha256:51c0…`. */
export function summaryLine(summary: JobSummary): string {
  return [
    ...coverageParts(summary.coverage),
    elapsedText(summary.elapsedMs),
    `result ${summary.result ?? 'none'}`,
  ].join('  ')
}

export function coverageParts(coverage: Coverage): string[] {
  return [
    `${countText(coverage.shards)}/${countText(coverage.of)} shards`,
    bytesText(coverage.bytes),
    plural(coverage.records, 'record'),
    coverage.thisMachineOnly ? 'this machine only' : plural(coverage.nodes, 'node'),
  ]
}

/** What stays on the terminal above that line: what was left out or skipped. `passing`: there is no node to ask later. */
export function summaryNotes(summary: JobSummary, receipt: Receipt | null, passing: boolean = false): string[] {
  const { omitted } = summary.coverage
  const notes = omitted
    .slice(0, OMITTED_SHOWN)
    .map((one) => `left out  ${one.dataset}/${one.path} on ${one.node}: ${one.why}`)
  if (omitted.length > OMITTED_SHOWN)
    notes.push(`left out  and ${plural(omitted.length - OMITTED_SHOWN, 'shard')} more`)
  if (receipt !== null && receipt.skipped.count > 0) {
    const samples = passing
      ? 'receipt.json in -o DIR/ has samples'
      : `shoal job receipt ${shortId(summary.id)} shows samples`
    const [first] = receipt.skipped.samples
    const example = first === undefined ? '' : `, the first ${first.place} (${first.reason})`
    notes.push(`skipped   ${plural(receipt.skipped.count, 'record')}${example}: ${samples}`)
  }
  return notes
}
