/**
 * Names for the columns of a header. An empty name becomes `column_N` (N from 1, by position); a name that came before
 * gets `_2`, `_3` …, the first that is free among all names of the header. So every field has its own name, and a file
 * whose header is in order keeps it.
 */
export function columnNames(header: readonly string[]): string[] {
  const taken = new Set(header)
  const used = new Set<string>()
  /** Where the search for a free number goes on: from 2 again, a header of one name would take for ever. */
  const next = new Map<string, number>()
  return header.map((name, index) => {
    const wanted = name === '' ? `column_${index + 1}` : name
    let chosen = wanted
    let n = next.get(wanted) ?? 2
    for (; used.has(chosen) || (chosen !== name && taken.has(chosen)); n++) chosen = `${wanted}_${n}`
    next.set(wanted, n)
    used.add(chosen)
    return chosen
  })
}
