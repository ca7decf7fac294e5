/** (h) Commands that ask a node, or nobody: from exec to their end. */
import { withMesh } from './mesh.ts'
import { median, within, type Measurement } from './report.ts'
import { CHECKOUT, installed, type Subject } from './subject.ts'
import type { Sizes } from './throughput.ts'
import { timedWell } from './timed.ts'

const AIM_MS = 100
const CHECKOUT_MAX = 1.5

export async function commands(sizes: Sizes): Promise<Measurement[]> {
  const subject = await installed()
  const settings = Array.from({ length: 3 }, () => ({ data: [], slots: 1, memory: '128MB' }))
  return await withMesh(
    sizes.cache,
    settings,
    async ([node]) => {
      if (node === undefined) return []
      const lines: readonly (readonly string[])[] = [
        ['members', '--home', node.home],
        ['status', '--home', node.home],
        ['version'],
        ['--help'],
      ]
      const found: Measurement[] = []
      const ratios: number[] = []
      const checkouts: number[] = []
      for (const line of lines) {
        const times: number[] = []
        const theirs: number[] = []
        for (let run = 0; run < sizes.tinyRuns; run++) {
          times.push(await once(subject, line))
          theirs.push(await once(CHECKOUT, line))
        }
        found.push(within(`shoal ${line[0]}: exec to end`, times, AIM_MS))
        ratios.push(median(theirs) / median(times))
        checkouts.push(median(theirs))
      }
      const ratio = Math.max(...ratios)
      found.push({
        ...within('the slowest of them by `npm run -s shoal`', [Math.max(...checkouts)], null),
        against: `npm --version ${await npmAlone(sizes)} ms`,
        ratio,
        aim: `≤ ${CHECKOUT_MAX}`,
        met: ratio <= CHECKOUT_MAX,
      })
      return found
    },
    subject,
  )
}

/** What npm takes before it runs anything: no command in a checkout can be quicker. */
async function npmAlone({ tinyRuns }: Sizes): Promise<string> {
  const times: number[] = []
  for (let run = 0; run < tinyRuns; run++) times.push((await timedWell('npm', ['--version'])).milliseconds)
  return median(times).toFixed(0)
}

async function once({ file, args }: Subject, line: readonly string[]): Promise<number> {
  return (await timedWell(file, [...args, ...line])).milliseconds
}
