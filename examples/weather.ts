/**
 * The One Billion Row group-by: lowest, mean and highest temperature of each station. Sums are whole tenths of a
 * degree, so nothing is rounded before the end; the mean is rounded half up.
 *
 *   npm run -s shoal -- run examples/weather.ts --local --data weather=examples/data/weather
 *
 * Expected answer: expected/weather.tsv, by awk (expected/how/weather.sh).
 */
import { defineJob } from 'shoal/job'

/** [lowest, highest, sum, count], in tenths of a degree. */
type Tenths = readonly [low: number, high: number, sum: number, count: number]

const join = (a: Tenths, b: Tenths): Tenths => [Math.min(a[0], b[0]), Math.max(a[1], b[1]), a[2] + b[2], a[3] + b[3]]

/** `-12.3` → -123, without a detour over binary fractions. */
function parseTenths(text: string): number {
  const negative = text.charCodeAt(0) === 45
  const point = text.length - 2
  const size = Number(text.slice(negative ? 1 : 0, point)) * 10 + Number(text.slice(point + 1))
  return negative ? -size : size
}

function degrees(tenths: number): string {
  const size = Math.abs(tenths)
  return `${tenths < 0 ? '-' : ''}${Math.floor(size / 10)}.${size % 10}`
}

export default defineJob<string, string, Tenths>({
  input: 'weather',
  map(line, { emit, skip }) {
    const semicolon = line.lastIndexOf(';')
    const tenths = parseTenths(line.slice(semicolon + 1))
    if (semicolon <= 0 || Number.isNaN(tenths)) return skip('not station;degrees')
    emit(line.slice(0, semicolon), [tenths, tenths, tenths, 1])
  },
  combine: join,
  reduce(station, parts, { emit }) {
    let all: Tenths = [Infinity, -Infinity, 0, 0]
    for (const part of parts) all = join(all, part)
    const [low, high, sum, count] = all
    // Half up, from exact tenths; the quotient is exact enough to floor for any count below 10^12.
    const mean = Math.floor((2 * sum + count) / (2 * count))
    emit(station, { min: degrees(low), mean: degrees(mean), max: degrees(high) })
  },
})
