import { LIMITS } from '../../core/limits.ts'
import type { NodeId } from '../../core/types.ts'
import type { ByteStream } from '../../ports.ts'

/** How a direction of a stream stands; `reset` carries the reason. */
type Ending = { readonly kind: 'end' } | { readonly kind: 'reset'; readonly reason: string }

/** One direction of a stream: a bounded queue between one writer and one reader. */
class Pipe {
  #chunks: Uint8Array[] = []
  #bytes = 0
  #ending: Ending | null = null
  #wake: (() => void)[] = []

  async write(bytes: Uint8Array): Promise<void> {
    this.#refuseIfOver()
    if (bytes.length > 0) {
      this.#chunks.push(bytes.slice())
      this.#bytes += bytes.length
      this.#notify()
    }
    while (this.#bytes > LIMITS.streamReadBufferBytes && this.#ending === null) await this.#changed()
    if (this.#ending?.kind === 'reset') throw new Error(this.#ending.reason)
  }

  async read(): Promise<Uint8Array | null> {
    for (;;) {
      if (this.#ending?.kind === 'reset') throw new Error(this.#ending.reason)
      const chunk = this.#chunks.shift()
      if (chunk !== undefined) {
        this.#bytes -= chunk.length
        this.#notify()
        return chunk
      }
      if (this.#ending !== null) return null
      await this.#changed()
    }
  }

  end(): void {
    this.#ending ??= { kind: 'end' }
    this.#notify()
  }

  reset(reason: string): void {
    if (this.#ending?.kind === 'reset') return
    this.#ending = { kind: 'reset', reason }
    this.#chunks = []
    this.#bytes = 0
    this.#notify()
  }

  #refuseIfOver(): void {
    if (this.#ending?.kind === 'reset') throw new Error(this.#ending.reason)
    if (this.#ending !== null) throw new Error('the stream is closed')
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake.push(resolve)
    })
  }

  #notify(): void {
    for (const wake of this.#wake.splice(0)) wake()
  }
}

/** One end of a stream, and what its connection does to it. */
export interface MemoryStream extends ByteStream {
  /** What a killed process does to its streams: they look cleanly ended, wherever they were. */
  sever(): void
}

/** The two ends of a new stream: the first as `from` has it, the second as `to` has it. */
export function createStreamPair(from: NodeId, to: NodeId): [MemoryStream, MemoryStream] {
  const there = new Pipe()
  const back = new Pipe()
  return [createEnd(to, there, back), createEnd(from, back, there)]
}

function createEnd(peer: NodeId, out: Pipe, inward: Pipe): MemoryStream {
  return {
    peer,
    write: (bytes) => out.write(bytes),
    read: () => inward.read(),
    end: () => {
      out.end()
      return Promise.resolve()
    },
    abort: (reason) => {
      out.reset(`the stream was reset: ${reason}`)
      inward.reset(`the stream was reset: ${reason}`)
    },
    sever: () => {
      out.end()
      inward.end()
    },
  }
}
