/** (d) Memory of all processes of a node, one slot, that reduces far more than it may hold. */
import { join } from 'node:path'
import { input, type InputKind } from './generate.ts'
import { withMesh } from './mesh.ts'
import { watchMemory } from './process-memory.ts'
import { mebibytes, rate, seconds, type Measurement } from './report.ts'
import { runJob, type Sizes } from './throughput.ts'

const AIM_BYTES = 512 * 2 ** 20

const SHAPES: readonly (readonly [what: string, kind: InputKind])[] = [
  ['distinct keys', 'distinct'],
  ['one key', 'one-key'],
]

export async function memory(sizes: Sizes): Promise<Measurement[]> {
  const found: Measurement[] = []
  for (const [what, kind] of SHAPES) {
    const folder = input(sizes.cache, kind, sizes.wideBytes, 8)
    await withMesh(sizes.cache, [{ data: [`wide=${folder}`], slots: 1, memory: '256MB' }], async ([node]) => {
      if (node === undefined) return
      const watch = watchMemory(node.pid)
      const milliseconds = await runJob(node, 'wide', join(sizes.cache, 'out/'))
      watch.stop()
      found.push({
        what: `memory, ${mebibytes(sizes.wideBytes)}, ${what}`,
        measured: mebibytes(watch.peak()),
        against: `${seconds(milliseconds)}, ${rate(sizes.wideBytes, milliseconds)}`,
        ratio: watch.peak() / AIM_BYTES,
        aim: `< ${mebibytes(AIM_BYTES)}`,
        met: watch.peak() < AIM_BYTES,
      })
    })
  }
  return found
}
