import type { Stream, StreamCloseEvent, StreamMessageEvent } from '@libp2p/interface'
import { LIMITS } from '../../core/limits.ts'
import type { NodeId } from '../../core/types.ts'
import type { ByteStream } from '../../ports.ts'

/** Copying less than this costs less than handing it on by itself. */
const SMALL_BYTES = 8 * 1024
const RESUME_BELOW = LIMITS.streamReadBufferBytes / 4

/**
 * A libp2p stream as a `ByteStream`. To be called in the turn in which libp2p hands the stream out: a reader that comes
 * later can miss its end.
 *
 * libp2p's own iterator has no read back-pressure (yamux re-opens the window on receipt), so bytes are queued here, and
 * the stream is paused above a bound. Its `onDrain()` resolves at once from the second time on, so drains are awaited
 * by event. A peer that was killed, or a connection that was closed, shows as a clean end.
 */
export function toByteStream(stream: Stream, peer: NodeId): ByteStream {
  return new LibP2PStream(stream, peer)
}

class LibP2PStream implements ByteStream {
  readonly peer: NodeId
  readonly #stream: Stream
  #chunks: Uint8Array[] = []
  #bytes = 0
  #paused = false
  #ended = false
  #endedHere = false
  #failure: Error | null = null
  #wake: (() => void) | null = null

  constructor(stream: Stream, peer: NodeId) {
    this.peer = peer
    this.#stream = stream
    if (stream.status === 'aborted' || stream.status === 'reset') {
      this.#failure = new Error(`the stream was ${stream.status} before it was read`)
      return
    }
    stream.addEventListener('message', (event) => this.#onMessage(event))
    stream.addEventListener('end', () => this.#finish())
    stream.addEventListener('close', (event) => this.#onClose(event))
    // Microtasks run in order: what libp2p has buffered is dispatched to the new listener before this looks.
    if (stream.status === 'closed' || stream.readableEnded) queueMicrotask(() => this.#finish())
  }

  async read(): Promise<Uint8Array | null> {
    for (;;) {
      if (this.#failure !== null) throw this.#failure
      const chunk = this.#chunks.shift()
      if (chunk !== undefined) {
        this.#bytes -= chunk.length
        if (this.#paused && this.#bytes < RESUME_BELOW) this.#resume()
        return chunk
      }
      if (this.#ended) return null
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#refuseUnlessWritable()
    if (bytes.length === 0) return
    this.#stream.send(bytes)
    while (this.#stream.writableNeedsDrain && this.#stream.writeStatus === 'writable') await this.#drained()
    this.#refuseUnlessWritable()
  }

  async end(): Promise<void> {
    if (this.#endedHere) return
    this.#refuseUnlessWritable()
    this.#endedHere = true
    await this.#stream.close()
  }

  abort(reason: string): void {
    try {
      this.#stream.abort(new Error(`the stream was reset: ${reason}`))
    } catch {
      // it was over already
    }
  }

  #refuseUnlessWritable(): void {
    if (this.#failure !== null) throw this.#failure
    if (this.#stream.writeStatus !== 'writable') throw new Error('the stream is closed')
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#stream.removeEventListener('drain', done)
        this.#stream.removeEventListener('close', done)
        resolve()
      }
      this.#stream.addEventListener('drain', done)
      this.#stream.addEventListener('close', done)
    })
  }

  #onMessage(event: StreamMessageEvent): void {
    const { data } = event
    this.#chunks.push(...(data instanceof Uint8Array ? [data] : gather(data)))
    this.#bytes += data.byteLength
    if (this.#bytes > LIMITS.streamReadBufferBytes && !this.#paused) this.#pause()
    this.#notify()
  }

  #onClose(event: StreamCloseEvent): void {
    if (event.error !== undefined) this.#fail(event.error)
    else {
      // A paused stream still has bytes in libp2p's buffer; no event will bring them later.
      if (this.#paused) this.#resume()
      this.#finish()
    }
  }

  #finish(): void {
    this.#ended = true
    this.#notify()
  }

  #fail(error: Error): void {
    this.#failure = error
    this.#chunks = []
    this.#bytes = 0
    this.#notify()
  }

  #pause(): void {
    try {
      this.#stream.pause()
      this.#paused = true
    } catch {
      // its last bytes came with its end: there is nothing left to hold back
    }
  }

  #resume(): void {
    this.#paused = false
    try {
      this.#stream.resume()
    } catch {
      // closed meanwhile: its buffer has been dispatched before the window update failed
    }
  }

  #notify(): void {
    const wake = this.#wake
    this.#wake = null
    wake?.()
  }
}

/** The pieces in order, small ones copied together: a queue whose bytes are bounded then has a bounded length as well. */
function gather(pieces: Iterable<Uint8Array>): Uint8Array[] {
  const out: Uint8Array[] = []
  let small: Uint8Array[] = []
  const flush = (): void => {
    if (small.length > 0) out.push(small.length === 1 ? (small[0] as Uint8Array) : Buffer.concat(small))
    small = []
  }
  for (const piece of pieces) {
    if (piece.length < SMALL_BYTES) small.push(piece)
    else {
      flush()
      out.push(piece)
    }
  }
  flush()
  return out
}
