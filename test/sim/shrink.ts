/** Delta debugging (Zeller, Hildebrandt: Simplifying and Isolating Failure-Inducing Input, IEEE TSE 2002, ddmin). */

/** How many runs, and how much time, a shrinking may cost. */
const RUNS_MAX = 40
const MS_MAX = 8_000

/** The least part of `items`, in their order, of which `shows` still holds: nothing of it can be left out, or time is over. */
export async function shrink<T>(
  items: readonly T[],
  shows: (kept: readonly T[]) => Promise<boolean>,
): Promise<readonly T[]> {
  let kept = items
  let runs = 0
  const end = performance.now() + MS_MAX
  const holds = async (candidate: readonly T[]): Promise<boolean> =>
    runs++ < RUNS_MAX && performance.now() < end && (await shows(candidate))
  if (kept.length > 0 && (await holds([]))) return []
  let pieces = 2
  while (kept.length > 1 && pieces <= kept.length && runs < RUNS_MAX && performance.now() < end) {
    const size = Math.ceil(kept.length / pieces)
    let smaller: readonly T[] | null = null
    for (let at = 0; at < kept.length && smaller === null; at += size) {
      const without = [...kept.slice(0, at), ...kept.slice(at + size)]
      if (await holds(without)) smaller = without
    }
    if (smaller === null) pieces = size === 1 ? Infinity : Math.min(kept.length, pieces * 2)
    else {
      kept = smaller
      pieces = Math.max(2, pieces - 1)
    }
  }
  return kept
}
