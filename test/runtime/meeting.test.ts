/** Which of two nodes that hear of each other dials, and when. */
import { expect, it } from 'vitest'
import type { NodeId } from '../../src/core/types.ts'
import type { Context } from '../../src/runtime/context.ts'
import { keepMembers, meetMember } from '../../src/runtime/peers/keep-members.ts'
import { recordOf } from '../core/one-node.ts'
import { bench } from './peer.ts'

const [low, high] = ['0'.repeat(50), 'z'.repeat(50)] as [NodeId, NodeId]

/** A node that has just heard of a member; what it dials is noted. */
async function hearing(of: NodeId): Promise<{ context: Context; dialled: NodeId[] }> {
  const node = await bench()
  const dialled: NodeId[] = []
  const mesh = { ...node.context.mesh, keepDialling: (peer: NodeId | null) => void dialled.push(peer!) }
  const context = { ...node.context, mesh } as Context
  const member = { ...recordOf(of), addresses: ['/memory'] }
  context.dispatch({ type: 'message', from: node.peer, message: { type: 'records', records: [member] } })
  meetMember(context, of)
  return { context, dialled }
}

it('the one with the lesser id dials at once', async () => {
  const { dialled } = await hearing(high)
  expect(dialled).toEqual([high])
})

it('the other one waits for that, and dials at its second look, in case that nothing comes', async () => {
  const { context, dialled } = await hearing(low)
  keepMembers(context)
  expect(dialled).toEqual([])
  keepMembers(context)
  expect(dialled).toEqual([low])
})

it('it waits longer as long as connections come, since dials take their time where many nodes start at once', async () => {
  const { context, dialled } = await hearing(low)
  for (const peer of ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(50) as NodeId)) {
    context.dispatch({ type: 'peer', peer, connected: true })
    keepMembers(context)
    expect(dialled).toEqual([])
  }
  context.dispatch({ type: 'peer', peer: 'e'.repeat(50) as NodeId, connected: true })
  keepMembers(context)
  expect(dialled).toEqual([low])
})
