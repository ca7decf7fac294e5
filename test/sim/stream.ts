/**
 * One simulated stream between two processes, with what was measured of real ones: a sender that is killed looks like a
 * clean end, a reset drops what was under way, a reader that is late holds the writer up.
 */
import type { Bytes, Millis, NodeId } from '../../src/core/types.ts'
import type { ByteStream } from '../../src/ports.ts'
import type { SimProcess } from './process.ts'

/** What goes wrong on one direction of a stream after so many bytes. */
export interface StreamFault {
  readonly after: Bytes
  /** `short`: it ends cleanly there. `reset`: it is reset there. */
  readonly how: 'short' | 'reset'
}

/** One life of a process: what is over when it dies. */
export interface Side {
  readonly process: SimProcess
  readonly life: number
}

/** What a connection does with what is under way between two processes. */
export interface Wire {
  /** Brings something over in order, later, or never. */
  carry(deliver: () => void): void
}

type Ending = { readonly kind: 'end' } | { readonly kind: 'reset'; readonly reason: string }

/** One direction: from the process that writes to the one that reads. */
export class Pipe {
  #ready: Uint8Array[] = []
  #unread: Bytes = 0
  #written: Bytes = 0
  #over = false
  /** The fault has come: the reader has its end, and what is still written goes nowhere, without a word. */
  #severed = false
  #ending: Ending | null = null
  #readers: (() => void)[] = []
  #writers: (() => void)[] = []
  readonly #writer: Side
  readonly #reader: Side
  readonly #wire: Wire
  readonly #window: Bytes
  readonly #fault: StreamFault | null

  constructor(writer: Side, reader: Side, wire: Wire, window: Bytes, fault: StreamFault | null) {
    this.#writer = writer
    this.#reader = reader
    this.#wire = wire
    this.#window = window
    this.#fault = fault
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#over || (this.#ending !== null && !this.#severed)) throw new Error('the stream is closed')
    if (bytes.length > 0 && !this.#severed) this.#send(bytes.slice())
    while (this.#unread > this.#window && !this.#severed && this.#ending === null) await this.#changed(this.#writers)
    if (this.#isReset()) throw new Error('the stream was reset')
  }

  #send(bytes: Uint8Array): void {
    const room = this.#fault === null ? Infinity : this.#fault.after - this.#written
    this.#written += bytes.length
    this.#unread += bytes.length
    if (bytes.length <= room) {
      this.#wire.carry(() => this.#arrive(bytes))
      return
    }
    this.#severed = true
    const rest = bytes.subarray(0, Math.max(0, room))
    if (rest.length > 0) this.#wire.carry(() => this.#arrive(rest))
    const { how } = this.#fault!
    this.#wire.carry(() => this.finish(how === 'short' ? { kind: 'end' } : { kind: 'reset', reason: 'by the network' }))
  }

  #arrive(bytes: Uint8Array): void {
    if (this.#ending !== null) return
    this.#ready.push(bytes)
    wake(this.#reader, this.#readers)
  }

  async read(): Promise<Uint8Array | null> {
    for (;;) {
      const chunk = this.#isReset() ? undefined : this.#ready.shift()
      if (chunk !== undefined) {
        this.#unread -= chunk.length
        wake(this.#writer, this.#writers)
        return chunk
      }
      if (this.#ending?.kind === 'reset') throw new Error(`the stream was reset: ${this.#ending.reason}`)
      if (this.#ending !== null) return null
      await this.#changed(this.#readers)
    }
  }

  /** The writer is done: the reader learns of it behind what is under way. */
  end(): void {
    if (this.#over) return
    this.#over = true
    if (this.#severed) return
    this.#wire.carry(() => this.finish({ kind: 'end' }))
  }

  /** It is over for the reader, now. */
  finish(ending: Ending): void {
    this.#over = true
    if (this.#ending?.kind === 'reset' || (this.#ending !== null && ending.kind === 'end')) return
    this.#ending = ending
    if (ending.kind === 'reset') this.#ready = []
    wake(this.#reader, this.#readers)
    wake(this.#writer, this.#writers)
  }

  get reader(): Side {
    return this.#reader
  }

  #isReset(): boolean {
    return this.#ending?.kind === 'reset'
  }

  #changed(list: (() => void)[]): Promise<void> {
    return new Promise((resolve) => {
      list.push(resolve)
    })
  }
}

/** Who is dead waits for ever. */
function wake({ process, life }: Side, list: (() => void)[]): void {
  if (process.life !== life) return
  for (const run of list.splice(0)) run()
}

/** The end of a stream that one process has. */
export function endOf(
  peer: NodeId,
  out: Pipe,
  inward: Pipe,
  self: SimProcess,
  toPeer: Wire,
  flush: Millis,
): ByteStream {
  return {
    peer,
    write: (bytes) => out.write(bytes),
    read: () => inward.read(),
    end: () => {
      out.end()
      return new Promise((resolve) => self.turn(flush, resolve))
    },
    abort: (reason) => {
      const ending = { kind: 'reset', reason } as const
      out.finish(ending)
      inward.finish(ending)
      toPeer.carry(() => {
        out.finish(ending)
        inward.finish(ending)
      })
    },
  }
}
