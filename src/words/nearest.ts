/** How many candidates are compared at most: a typo shows among the first thousands, or the list is the better hint. */
const COMPARED_MAX = 10_000

/**
 * The candidates nearest to what was typed, best first, at most `max`: a third of its letters may be wrong.
 * Distance is that of Levenshtein with swaps of neighbours (optimal string alignment), capitals being equal.
 */
export function nearest(typed: string, candidates: Iterable<string>, max = 3): string[] {
  const wanted = typed.toLowerCase()
  const allowed = Math.max(1, Math.floor(typed.length / 3))
  const close: { name: string; distance: number }[] = []
  let compared = 0
  for (const name of candidates) {
    if (++compared > COMPARED_MAX) break
    if (Math.abs(name.length - typed.length) > allowed) continue
    const distance = editDistance(wanted, name.toLowerCase())
    if (distance <= allowed) close.push({ name, distance })
  }
  close.sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
  return close.slice(0, max).map(({ name }) => name)
}

/** The nearest candidate, or null. */
export function nearestOne(typed: string, candidates: Iterable<string>): string | null {
  return nearest(typed, candidates, 1)[0] ?? null
}

/** Insertions, deletions, replacements and swaps of neighbours that lead from `a` to `b`. */
export function editDistance(a: string, b: string): number {
  let before: number[] = []
  let above = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1
      let best = Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + change)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, before[j - 2]! + 1)
      row.push(best)
    }
    before = above
    above = row
  }
  return above[b.length]!
}
