import type { Io, StopSignal } from './io.ts'

/** npm, and `timeout` around it, deliver one signal twice within milliseconds: that is no second wish. */
export const SECOND_SIGNAL_MS = 500

/** The person has left a command that was waiting for something. */
export class Interrupted extends Error {
  override readonly name: string = 'Interrupted'
  readonly exit: number

  constructor(signal: StopSignal) {
    super(`interrupted by ${signal}`)
    this.exit = signal === 'SIGINT' ? 130 : 143
  }
}

export interface Interrupts {
  /** Aborted, with an Interrupted, at the first Ctrl-C. */
  readonly signal: AbortSignal
  dispose(): void
}

/** The first INT or TERM aborts `signal`; a second one, half a second later or more, ends the process now. */
export function watchInterrupts(io: Io): Interrupts {
  const controller = new AbortController()
  let first: number | null = null
  const dispose = io.onStop((signal) => {
    const at = io.now()
    const interrupted = new Interrupted(signal)
    if (first === null) {
      first = at
      controller.abort(interrupted)
    } else if (at - first >= SECOND_SIGNAL_MS) {
      io.exit(interrupted.exit)
    }
  })
  return { signal: controller.signal, dispose }
}

/** `work`, or Interrupted at the first Ctrl-C. */
export async function orInterrupted<T>(io: Io, work: Promise<T>): Promise<T> {
  const interrupts = watchInterrupts(io)
  try {
    return await orAborted(work, interrupts.signal)
  } finally {
    interrupts.dispose()
  }
}

/** `work`, or the signal's reason as soon as it fires. */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  // What is not waited for any more must not end the process when it fails.
  work.catch(() => {})
  signal.throwIfAborted()
  const { promise, reject } = Promise.withResolvers<never>()
  const abort = (): void => reject(signal.reason as Error)
  signal.addEventListener('abort', abort)
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/** The items of `items` until the signal fires; then its reason is thrown, however long the next item takes. */
export async function* untilAborted<T>(items: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]()
  for (;;) {
    const next = await orAborted(iterator.next(), signal)
    if (next.done === true) break
    yield next.value
  }
  signal.throwIfAborted()
}
