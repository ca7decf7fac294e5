/** (j) `npm run demo`, as README begins: from exec to its end. */
import { within, type Measurement } from './report.ts'
import type { Sizes } from './throughput.ts'
import { timedWell } from './timed.ts'

export async function demo(sizes: Sizes): Promise<Measurement[]> {
  const times: number[] = []
  for (let run = 0; run < Math.min(3, sizes.runs); run++)
    times.push((await timedWell('npm', ['run', '-s', 'demo'])).milliseconds)
  return [within('npm run demo', times, 8_000)]
}
