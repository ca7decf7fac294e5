/** Bodies of catalogs that a home kept in an earlier form, as the next form has them. */
import { LIMITS } from '../core/limits.ts'
import { CONTENTS } from '../core/look.ts'
import { list, tuple } from './codec-checks.ts'

/** Of plain text, encoded: what an offered entry has until whoever reads this describes it anew. */
const PLAIN_LOOK = [0, 0, 0, CONTENTS.indexOf('text')]

/** Without columns. */
export function fromForm2(body: unknown): unknown {
  const [version, datasets] = tuple(body, 2, 'a body')
  const newer = list(datasets, LIMITS.rootsMax, 'datasets').map((dataset) => {
    const [name, replicated, roots, entries] = tuple(dataset, 4, 'a dataset')
    const all = list(entries, LIMITS.shardsMax, 'entries')
    return [name, replicated, roots, all.map((entry) => [...tuple(entry, 11, 'an entry'), null]), []]
  })
  return [version, newer]
}

/** What a catalog had before files were looked at: fewer fields of directories, entries and cuts. */
export function fromForm1(body: unknown): unknown {
  const [version, datasets] = tuple(body, 2, 'a body')
  const newer = list(datasets, LIMITS.rootsMax, 'datasets').map((dataset) => {
    const [name, replicated, roots, entries] = tuple(dataset, 4, 'a dataset')
    return [
      name,
      replicated,
      list(roots, LIMITS.rootsMax, 'roots').map((root) => [...tuple(root, 3, 'a root'), [], [], '', []]),
      list(entries, LIMITS.shardsMax, 'entries').map((entry) => {
        const fields = [...tuple(entry, 9, 'an entry')]
        if (Array.isArray(fields[5]) && fields[5][0] === 'lines') fields[5] = ['lines', 0]
        // An offered one has a look; whoever reads this describes it anew.
        return [...fields, fields[6] === 0 ? PLAIN_LOOK : null, null]
      }),
    ]
  })
  return [version, newer]
}
