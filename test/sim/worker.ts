/** A worker process of the simulator: the code under test is patched before it is loaded, if a broken core is wanted. */
import { patch } from './broken/patch.ts'
import { patchesOf } from './broken/cores.ts'
import type { Answer, Order } from './crew.ts'
import type { Variant } from './variant.ts'

const variant = JSON.parse(process.argv[2]!) as Variant
patch(patchesOf(variant))
const { simulateSeeds } = await import('./seeds.ts')

process.on('message', (order: Order) => {
  void simulateSeeds(variant, order).then((answer: Answer) => process.send!(answer))
})
