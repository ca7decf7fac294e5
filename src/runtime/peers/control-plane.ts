/** The control plane's messages on the wire: gossip, and one stream to each peer that is opened when needed. */
import { LIMITS } from '../../core/limits.ts'
import type { Message } from '../../core/messages.ts'
import type { NodeId } from '../../core/types.ts'
import type { ByteStream } from '../../ports.ts'
import { decodeMessage, encodeMessage } from '../../wire/messages.ts'
import type { Context } from '../context.ts'
import { PROTOCOLS } from './protocols.ts'
import { FramedStream } from './framed.ts'
import { openFramed } from './reach.ts'
import { within } from '../pause.ts'

export class ControlPlane {
  readonly #context: Context
  readonly #lines = new Map<NodeId, Line>()
  /** What was sent last: the same message often goes to all peers. */
  #last: { readonly message: Message; readonly bytes: Uint8Array } | null = null

  constructor(context: Context) {
    this.#context = context
  }

  gossip(message: Message): void {
    const bytes = encodeMessage(message)
    // What is too large for gossip goes round by anti-entropy.
    if (bytes.length <= LIMITS.gossipBytesMax) void this.#context.mesh.publish(bytes)
  }

  /** Sends in order; what cannot be sent is dropped, and anti-entropy says it again. */
  send(to: NodeId, message: Message): void {
    const line = this.#lines.get(to) ?? { stream: null, last: Promise.resolve(), waiting: 0 }
    this.#lines.set(to, line)
    if (line.waiting >= LIMITS.controlQueueMax) return
    line.waiting++
    line.last = line.last
      .then(() => this.#write(to, line, message))
      .finally(() => {
        line.waiting--
      })
  }

  async #write(to: NodeId, line: Line, message: Message): Promise<void> {
    // The connection is gone: a message that waited until now would open a stream to a peer whose end nobody tells.
    if (this.#lines.get(to) !== line) return
    try {
      line.stream ??= await openFramed(this.#context, to, PROTOCOLS.control)
      const { stream } = line
      await within(
        this.#context.clock,
        LIMITS.rpcTimeoutMs,
        stream.send(this.#encoded(message)),
        () => stream.abort('stuck'),
        'a peer that does not read',
      )
    } catch (error) {
      line.stream?.abort(String(error))
      line.stream = null
      this.#context.dropped('send', error)
    }
  }

  #encoded(message: Message): Uint8Array {
    if (this.#last?.message !== message) this.#last = { message, bytes: encodeMessage(message) }
    return this.#last.bytes
  }

  /** The connection is gone: the next message opens a new stream. */
  forget(peer: NodeId): void {
    this.#lines.get(peer)?.stream?.abort('disconnected')
    this.#lines.delete(peer)
  }

  /** Bytes of gossip or of a control stream; rubbish is counted and dropped. */
  async receive(from: NodeId, bytes: Uint8Array): Promise<void> {
    try {
      const message = await decodeMessage(this.#context.mesh, from, bytes)
      this.#context.dispatch({ type: 'message', from, message })
    } catch (error) {
      this.#context.dropped('message', error)
    }
  }

  async serve(stream: ByteStream): Promise<void> {
    const framed = new FramedStream(stream, this.#context.clock)
    try {
      for (let frame = await framed.receiveNext(); frame !== null; frame = await framed.receiveNext())
        await this.receive(stream.peer, frame)
      await framed.end()
    } catch (error) {
      framed.abort(String(error))
      this.#context.dropped('control-stream', error)
    }
  }
}

interface Line {
  stream: FramedStream | null
  last: Promise<void>
  waiting: number
}
