/** What forbids to read the files that an input takes as they are offered. */
import type { Candidate, Offering, Placed } from './candidates.ts'
import { ambiguousGlob, isTable, wrongKind } from './refusals.ts'

/** Throws USAGE where a file is called as the glob is, and the glob takes others as well. */
export function checkGlob({ dataset, glob }: Placed, candidates: readonly Candidate[]): void {
  if (!candidates.some(({ entry }) => entry.path === glob)) return
  const other = candidates.find(({ entry }) => entry.path !== glob)
  if (other !== undefined) throw ambiguousGlob(dataset, glob, other.entry.path)
}

/** Throws FILE_KIND for what is not read at all, or not as it would be. */
export function checkKinds({ dataset, readings, freezing }: Placed, candidates: readonly Candidate[]): void {
  if (freezing === true) return
  const wrong = candidates.flatMap(({ entry: { path, look }, doubt }) => {
    const problem = readings.of(path, look).problem ?? doubt
    return problem === null ? [] : [{ name: `${dataset}/${path}`, problem }]
  })
  if (wrong.length > 0) throw wrongKind(wrong)
}

/** Throws TABLE_FORMAT where the input takes files of a folder whose log says which of them count. */
export function checkTables(
  { dataset }: Placed,
  offering: readonly Offering[],
  candidates: readonly Candidate[],
): void {
  for (const { source, dataset: offered } of offering)
    for (const root of offered.roots)
      for (const table of root.tables) {
        const holds = ({ node, entry }: Candidate): boolean =>
          node === source.node &&
          entry.root === root.root &&
          (table.path === '' || entry.path.startsWith(`${table.path}/`))
        if (candidates.some(holds)) throw isTable(dataset, source.node, table)
      }
}
