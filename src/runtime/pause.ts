/** Waiting, by the node's own clock: there is no other way to wait in the runtime. */
import type { Millis } from '../core/types.ts'
import type { Clock } from '../ports.ts'
import { WireError } from '../wire/codec.ts'

/** Resolves after so much time; with 0, as soon as other work had its turn. */
export function pause(clock: Clock, delay: Millis): Promise<void> {
  return new Promise((resolve) => {
    clock.after(delay, resolve)
  })
}

/** Rejects with a WireError of this message when the work takes longer; `stop` is then called to end it. */
export async function within<T>(
  clock: Clock,
  delay: Millis,
  work: Promise<T>,
  stop: () => void,
  message: string,
): Promise<T> {
  let cancel = (): void => undefined
  const late = new Promise<never>((_, reject) => {
    cancel = clock.after(delay, () => {
      stop()
      reject(new WireError(message))
    })
  })
  try {
    return await Promise.race([work, late])
  } finally {
    cancel()
  }
}

/** Does work that ends early when a signal fires, and fires it after so much time. */
export async function signalledWithin<T>(
  clock: Clock,
  delay: Millis,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController()
  const cancel = clock.after(delay, () => late.abort(new WireError('no time is left')))
  try {
    return await work(late.signal)
  } finally {
    cancel()
  }
}
