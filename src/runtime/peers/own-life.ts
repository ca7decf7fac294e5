import { LIMITS } from '../../core/limits.ts'
import { fromBytes, WireError } from '../../wire/codec.ts'
import { incarnation } from '../../wire/shapes.ts'
import type { Context } from '../context.ts'
import { callPeer } from './rpc.ts'

/**
 * Asks one connected peer after the other what it knows of this node itself, over a stream of this node's own: where a
 * copy of its home runs elsewhere, what peers send by themselves may all go there. So each copy hears of the other.
 */
export class OwnLife {
  readonly #context: Context
  #turn = 0

  constructor(context: Context) {
    this.#context = context
  }

  /** Never rejects. */
  async ask(): Promise<void> {
    const { state, dispatch, dropped } = this.#context
    const peers = [...state.members.values()].filter((member) => member.connected && member.node !== state.self.node)
    const peer = peers[this.#turn++ % Math.max(1, peers.length)]
    if (peer === undefined) return
    try {
      const { body } = await callPeer(this.#context, peer.node, { call: 'life' })
      if (body.length === 0) return
      const life = fromBytes(incarnation, body)
      // The answer is not signed: a count that no home can have reached must not raise this home's to its limit.
      if (life.count > state.self.incarnation.count + LIMITS.livesAheadMax)
        throw new WireError(`a life of this node that cannot have been: ${life.count}`)
      dispatch({ type: 'own-life', incarnation: life })
    } catch (error) {
      dropped('own-life', error)
    }
  }
}
