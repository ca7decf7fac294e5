import { readdirSync, realpathSync, statSync } from 'node:fs'
import { join, sep } from 'node:path'
import picomatch from 'picomatch'
import type { DataOption } from '../../control/node-options.ts'
import type { PreparedInput } from '../../control/api.ts'

/** What there is to deal out, and what is no data: relative, `/`-separated, in the order of their UTF-8 bytes. */
export interface Listed {
  readonly files: readonly string[]
  /** Names that begin with `_` or `.`, sockets, pipes and devices. */
  readonly leftOut: readonly string[]
}

/** As nodes have it: `_date=2026` is a partition. */
const HIDDEN = /^(?:\.|_(?![^=]+=))/

/**
 * All files below `dir`. Names that begin with `_` or `.` are left out unless `all`. A link that leads to nothing, or out
 * of `dir`, is listed as it is: the node that gets it says so.
 */
export function listFiles(dir: string, all = false): Listed {
  const found: string[] = []
  const leftOut: string[] = []
  const root = realpathSync(dir)
  const walk = (below: string, chain: readonly string[]): void => {
    for (const entry of readdirSync(join(dir, below), { withFileTypes: true })) {
      const path = below === '' ? entry.name : `${below}/${entry.name}`
      if (!all && HIDDEN.test(entry.name)) {
        leftOut.push(path)
        continue
      }
      const folder = entry.isFile() ? null : folderAt(join(dir, path))
      if (entry.isFile()) found.push(path)
      else if (folder === null || (folder !== root && !folder.startsWith(`${root}${sep}`))) {
        ;(entry.isSymbolicLink() ? found : leftOut).push(path)
      } else if (!chain.includes(folder)) walk(path, [...chain, folder])
    }
  }
  walk('', [root])
  const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))
  return { files: found.sort(byBytes), leftOut: leftOut.sort(byBytes) }
}

/** The folder that the path leads to, without links; null for anything else. */
function folderAt(path: string): string | null {
  try {
    return statSync(path).isDirectory() ? realpathSync(path) : null
  } catch {
    return null
  }
}

/** Whether a node that offers `hand` holds a file that one of the inputs reads. */
export function holdsInput(hand: readonly DataOption[], inputs: readonly PreparedInput[]): boolean {
  return inputs.some(({ data }) => {
    const [, dataset, glob] = /^([^/@]*)(?:\/(.*?))?(?:@[^@/]*)?$/s.exec(data) ?? []
    const matches = glob === undefined || glob === '' ? (): boolean => true : picomatch(glob)
    return hand.some(
      (offer) => offer.name === dataset && (offer.files ?? []).some((file) => file === glob || matches(file)),
    )
  })
}
