/**
 * Sessions of each address in an access log: a gap of more than half an hour begins a new one.
 *
 *   npm run -s shoal -- run examples/sessions.ts --local --data logs=examples/data/logs --format csv
 *
 * Expected answer: expected/sessions.tsv, by Python (expected/how/sessions.py).
 */
import { defineJob } from 'shoal/job'

const GAP_SECONDS = 1800
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const TIME = /^(\S+) \S+ \S+ \[(\d\d)\/(\w\w\w)\/(\d{4}):(\d\d):(\d\d):(\d\d) /

export default defineJob<string, string, number>({
  input: 'logs/*.log',
  map(line, { emit, skip }) {
    const match = TIME.exec(line)
    if (match === null) return skip('no time')
    const [, ip = '', day, month = '', year, hour, minute, second] = match
    const at = Date.UTC(Number(year), MONTHS.indexOf(month), Number(day), Number(hour), Number(minute), Number(second))
    emit(ip, at / 1000)
  },
  reduce(ip, times, { emit }) {
    const seen = [...times].sort((a, b) => a - b)
    let sessions = 1
    for (const [i, at] of seen.entries()) if (i > 0 && at - (seen[i - 1] ?? at) > GAP_SECONDS) sessions++
    emit(ip, { sessions, requests: seen.length })
  },
})
