/**
 * Requests and bytes for each URL of an access log.
 *
 *   npm run -s shoal -- run examples/url-frequency.ts --local --data logs=examples/data/logs --format csv
 *
 * Expected answer: expected/url-frequency.tsv, by awk (expected/how/url-frequency.sh).
 */
import { defineJob } from 'shoal/job'

type Traffic = {
  readonly requests: number
  readonly bytes: number
}

const add = (a: Traffic, b: Traffic): Traffic => ({ requests: a.requests + b.requests, bytes: a.bytes + b.bytes })

export default defineJob<string, string, Traffic>({
  input: 'logs/*.log',
  map(line, { emit, skip }) {
    const fields = line.trim().split(/[ \t]+/)
    const url = fields[6]
    if (url === undefined) return skip('no URL')
    emit(url, { requests: 1, bytes: Number.parseInt(fields[9] ?? '', 10) || 0 })
  },
  combine: add,
  reduce(url, parts, { emit }) {
    let total: Traffic = { requests: 0, bytes: 0 }
    for (const part of parts) total = add(total, part)
    emit(url, total)
  },
})
