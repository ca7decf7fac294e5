import { livePeers } from '../../core/members/liveness.ts'
import type { NodeId } from '../../core/types.ts'
import { checked } from '../../wire/codec.ts'
import { TOLD, type Call } from '../../wire/rpc.ts'
import type { Context } from '../context.ts'
import { callPeer } from './rpc.ts'

/** JSON answers of all live members that give one, in no order; who is silent or has nothing is left out. */
export async function askAll<T>(context: Context, call: Call): Promise<T[]> {
  const { state } = context
  const peers = livePeers(state)
  const answers = await Promise.all(peers.map((peer) => askOne<T>(context, peer, call)))
  return answers.filter((answer) => answer !== null)
}

/** One peer's JSON answer, or null where there is none, or none of the form that wire/rpc.ts gives it. */
export async function askOne<T>(context: Context, peer: NodeId, call: Call): Promise<T | null> {
  try {
    const { body } = await callPeer(context, peer, call)
    const told: unknown = JSON.parse(Buffer.from(body).toString())
    const shape = TOLD[call.call]
    return (shape === undefined ? told : checked(shape, told)) as T
  } catch (error) {
    context.dropped(call.call, error)
    return null
  }
}
