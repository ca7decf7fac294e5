import { createHash } from 'node:crypto'
import { TopicValidatorResult, type GossipSub, type Message } from '@libp2p/gossipsub'
import { LIMITS } from '../../core/limits.ts'
import type { NodeId } from '../../core/types.ts'
import { DeafWatch } from './deaf-watch.ts'

/** The fields of a gossipsub message as it is on the wire. */
interface RawMessage {
  readonly from?: Uint8Array
  readonly data?: Uint8Array
  readonly seqno?: Uint8Array
  readonly topic: string
  readonly signature?: Uint8Array
  readonly key?: Uint8Array
}

/** A hash over every field, with its length: two messages are one only if all their bytes are equal. */
export function hashWhole(message: RawMessage): string {
  const hash = createHash('sha256')
  const length = Buffer.alloc(4)
  for (const field of [message.from, message.data, message.seqno, message.signature, message.key]) {
    length.writeUInt32LE(field?.length ?? 0)
    hash.update(length)
    if (field !== undefined) hash.update(field)
  }
  return hash.update(message.topic).digest('base64')
}

export interface Gossip {
  /** Subscribes; only once the host has started. */
  start(): void
  publish(bytes: Uint8Array): Promise<number>
  /** To be called every second. Gives peers to connect anew: see `DeafWatch.tick`. */
  tick(connected: readonly NodeId[], now: number): NodeId[]
  /** Messages dropped because they were too large or unsigned. */
  dropped(): number
  stop(): void
}

/** Gossip on the mesh's only topic: gossipsub ignores topics beyond about a thousand without a word. */
export function createGossip(
  pubsub: GossipSub,
  topic: string,
  heard: (from: NodeId, bytes: Uint8Array) => void,
): Gossip {
  let dropped = 0
  let running = false
  const watch = new DeafWatch()
  // Public in the class, and not in the interface that is exported.
  const maintained = pubsub as GossipSub & { heartbeat(): Promise<void> }
  let spokenAt = -Infinity
  const spoken = (): void => {
    spokenAt = performance.now()
  }

  const onMessage = (event: CustomEvent<Message>): void => {
    const message = event.detail
    spoken()
    if (message.type === 'signed' && message.topic === topic) heard(message.from.toString() as NodeId, message.data)
  }
  // Ignored messages are not forwarded either; gossipsub's own size limit would end the stream, and with it the peer.
  pubsub.topicValidators.set(topic, (_peer, message) => {
    if (message.type === 'signed' && message.data.length <= LIMITS.gossipBytesMax) return TopicValidatorResult.Accept
    dropped++
    return TopicValidatorResult.Ignore
  })
  const subscribers = (): Set<NodeId> => new Set(pubsub.getSubscribers(topic).map((peer) => peer.toString() as NodeId))

  return {
    start: () => {
      running = true
      pubsub.addEventListener('message', onMessage)
      pubsub.addEventListener('subscription-change', spoken)
      pubsub.subscribe(topic)
    },
    publish: async (bytes) => {
      if (!running || bytes.length > LIMITS.gossipBytesMax) return 0
      spoken()
      try {
        const { recipients } = await pubsub.publish(topic, bytes)
        const passedBy = subscribers()
        for (const peer of recipients) passedBy.delete(peer.toString() as NodeId)
        watch.published(passedBy)
        return recipients.length
      } catch {
        return 0
      }
    },
    tick: (connected, now) => {
      // Its own timer does so at the pace of a mesh that is quiet; what fails here it tries again.
      if (running && now - spokenAt < LIMITS.quietAfterMs) maintained.heartbeat().catch(() => {})
      return watch.tick(connected, subscribers(), now)
    },
    dropped: () => dropped,
    stop: () => {
      running = false
      pubsub.removeEventListener('message', onMessage)
      pubsub.removeEventListener('subscription-change', spoken)
    },
  }
}
