/** Waits for the work, at most until the signal fires: true if the work came first. Its failure is the caller's. */
export async function finishes(work: Promise<unknown>, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return false
  const fired = Promise.withResolvers<false>()
  const fire = (): void => fired.resolve(false)
  signal.addEventListener('abort', fire, { once: true })
  try {
    return await Promise.race([work.then(() => true), fired.promise])
  } finally {
    signal.removeEventListener('abort', fire)
    work.catch(() => undefined)
  }
}
