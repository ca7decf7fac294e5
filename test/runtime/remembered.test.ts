/** What nodes remember of a key, put together: two memories that differ are named, and neither is given. */
import { expect, it } from 'vitest'
import { hashText } from '../../src/core/hash.ts'
import { keyedJobId } from '../../src/core/plan/keyed-id.ts'
import type { Digest, JobRecord } from '../../src/core/types.ts'
import { rememberedOf } from '../../src/runtime/api/remembered.ts'
import { serveCalls } from '../../src/runtime/peers/rpc.ts'
import { toBytes } from '../../src/wire/codec.ts'
import { makeJob } from '../core/fake-work.ts'
import { recordOf } from '../core/one-node.ts'
import { bench, type Bench } from './peer.ts'

async function remembering(
  mine: { round: number; result: Digest | null; maps?: number },
  theirs: { round: number; result: Digest | null; maps?: number },
): Promise<{ node: Bench; id: JobRecord['id'] }> {
  const node = await bench()
  const recordWith = (maps: number): JobRecord => {
    const plain = makeJob({ maps, reduces: 1, members: [node.self] })
    const source = hashText('source')
    return { ...plain, key: 'november', source, id: keyedJobId(plain.spec, 'november', source) }
  }
  const [here, there] = [recordWith(mine.maps ?? 2), recordWith(theirs.maps ?? 2)]
  await node.context.keys.put(here, mine)
  node.context.dispatch({
    type: 'message',
    from: node.peer,
    message: { type: 'records', records: [recordOf(node.peer)] },
  })
  node.peerServes = (stream) =>
    void serveCalls(stream, node.context.clock, async () =>
      toBytes({ record: JSON.stringify(there), round: theirs.round, result: theirs.result }),
    ).catch(() => undefined)
  return { node, id: here.id }
}

const [one, two] = [hashText('one'), hashText('two')]

it('is the latest round and the result that anyone remembers', async () => {
  const { node, id } = await remembering({ round: 1, result: null }, { round: 3, result: one })
  expect(await rememberedOf(node.context, id)).toMatchObject({ round: 3, result: one })
})

it('is KEY_CONFLICT where two results are remembered, or two snapshots', async () => {
  for (const [mine, theirs] of [
    [
      { round: 1, result: one },
      { round: 1, result: two },
    ],
    [
      { round: 1, result: one, maps: 2 },
      { round: 1, result: one, maps: 3 },
    ],
  ] as const) {
    const { node, id } = await remembering(mine, theirs)
    await expect(rememberedOf(node.context, id)).rejects.toMatchObject({ code: 'KEY_CONFLICT' })
  }
})

it('is RESULT_LOST where somebody knows that there was a job, and nobody over what', async () => {
  const lost = async (node: Bench, id: JobRecord['id']): Promise<void> => {
    await expect(rememberedOf(node.context, id)).rejects.toMatchObject({ code: 'RESULT_LOST', job: id })
  }
  const silent = (node: Bench, says: unknown): void => {
    node.context.idle.forget(node.peer)
    node.peerServes = (stream) =>
      void serveCalls(stream, node.context.clock, async () => toBytes(says)).catch(() => undefined)
  }
  // Its own record of the key is damaged, and the peer knows nothing; the other way round; a whole folder is gone.
  const mine = await remembering({ round: 1, result: one }, { round: 1, result: one })
  mine.node.disk.damage(`keys/${mine.id}/record.json`, (bytes) => bytes.fill(0, 60, 80))
  expect(await rememberedOf(mine.node.context, mine.id)).toMatchObject({ result: one })
  silent(mine.node, null)
  await lost(mine.node, mine.id)
  const theirs = await remembering({ round: 1, result: one }, { round: 1, result: one })
  await theirs.node.disk.remove(`keys/${theirs.id}`)
  silent(theirs.node, null)
  expect(await rememberedOf(theirs.node.context, theirs.id)).toBeNull()
  silent(theirs.node, 'lost')
  await lost(theirs.node, theirs.id)
  const gone = await remembering({ round: 1, result: one }, { round: 1, result: one })
  await gone.node.disk.remove(`keys/${gone.id}`)
  silent(gone.node, null)
  gone.node.context.dispatch({ type: 'remembered', job: gone.id, round: 1, result: null })
  await lost(gone.node, gone.id)
})
