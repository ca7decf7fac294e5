/**
 * Names for the columns of a header. An empty name becomes `column_N` (N from 1, by position); a name that came before
 * gets `_2`, `_3` …, the first that is free among all names of the header. So every field has its own name, and a file
 * whose header is in order keeps it.
 */
export function columnNames(header: readonly string[]): string[] {
  const taken = new Set(header)
  const used = new Set<string>()
  return header.map((name, index) => {
    const wanted = name === '' ? `column_${index + 1}` : name
    let chosen = wanted
    for (let n = 2; used.has(chosen) || (chosen !== name && taken.has(chosen)); n++) chosen = `${wanted}_${n}`
    used.add(chosen)
    return chosen
  })
}
