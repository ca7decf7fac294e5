import { FrameDecoder, frame } from '../../data/frame.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Bytes, Millis, NodeId } from '../../core/types.ts'
import type { ByteStream, Clock } from '../../ports.ts'
import { fromBytes, toBytes, WireError } from '../../wire/codec.ts'
import type { z } from 'zod/mini'
import { within } from '../pause.ts'

/** What is sent together is one write up to so much. */
const TOGETHER_BYTES = 64 * 1024

/**
 * A peer's stream as a sequence of checked frames. The end of the stream means nothing; only frames do. A peer that
 * stands still (takes nothing, or sends nothing where something is due) for LIMITS.streamStillMs has its stream reset.
 */
export class FramedStream {
  readonly peer: NodeId
  readonly #stream: ByteStream
  readonly #clock: Clock
  readonly #decoder: FrameDecoder
  readonly #ready: Uint8Array[] = []
  #held: Uint8Array[] = []
  #heldBytes = 0
  #heard = 0

  constructor(stream: ByteStream, clock: Clock) {
    this.#stream = stream
    this.#clock = clock
    this.peer = stream.peer
    this.#decoder = new FrameDecoder(LIMITS.rpcFrameBytesMax)
  }

  /** How many frames have come. */
  get heard(): number {
    return this.#heard
  }

  /** Resolves when the stream takes more. */
  send(payload: Uint8Array): Promise<void> {
    const framed = frame(payload)
    if (this.#held.length === 0) return this.#moving(this.#stream.write(framed))
    const together = Buffer.concat([...this.#held, framed])
    this.#held = []
    this.#heldBytes = 0
    return this.#moving(this.#stream.write(together))
  }

  /** As `send`, where more follows at once: what is small goes with that. */
  async sendMore(payload: Uint8Array): Promise<void> {
    if (this.#heldBytes + payload.length > TOGETHER_BYTES) return this.send(payload)
    this.#held.push(frame(payload))
    this.#heldBytes += payload.length
  }

  sendValue(value: unknown): Promise<void> {
    return this.send(toBytes(value))
  }

  /** The next frame, or null when the stream has ended between frames. Rejects when it ended inside one, or was reset. */
  receive(stillMs: Millis = LIMITS.streamStillMs): Promise<Uint8Array | null> {
    return this.#receive(stillMs)
  }

  /** As `receive`, where none is due: the peer may be silent for ever before the frame begins. */
  receiveNext(): Promise<Uint8Array | null> {
    return this.#receive(null)
  }

  /** `stillMs` null: for ever, before the frame begins. */
  async #receive(stillMs: Millis | null): Promise<Uint8Array | null> {
    while (this.#ready.length === 0) {
      const read = this.#stream.read()
      const chunk = await (stillMs === null && this.#decoder.pending === 0
        ? read
        : this.#moving(read, stillMs ?? undefined))
      if (chunk === null) {
        if (this.#decoder.pending > 0) throw new WireError('the stream ended inside a frame')
        return null
      }
      const payloads = this.#decoder.push(chunk)
      this.#heard += payloads.length
      this.#ready.push(...payloads)
    }
    return this.#ready.shift()!
  }

  /** The next frame as a value of this shape; a stream that ends instead is a failure, however clean it looks. */
  async receiveValue<T>(schema: z.ZodMiniType<T>, stillMs?: Millis): Promise<T> {
    const payload = await this.receive(stillMs)
    if (payload === null) throw new WireError('the stream ended before its END')
    return fromBytes(schema, payload)
  }

  end(): Promise<void> {
    return this.#moving(this.#stream.end())
  }

  abort(why: string): void {
    this.#stream.abort(why)
  }

  #moving<T>(work: Promise<T>, stillMs: Millis = LIMITS.streamStillMs): Promise<T> {
    return within(this.#clock, stillMs, work, () => this.abort('it stood still'), `${this.peer} stood still`)
  }
}

/** How long who asks for an output waits for its first byte, which would take `otherwise`: its holder reads all of it before. */
export function readingMs(bytes: Bytes, otherwise: Millis): Millis {
  return otherwise + bytes / LIMITS.readBytesPerMs
}
