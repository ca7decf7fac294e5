import { readdirSync, realpathSync, statSync } from 'node:fs'
import { join, sep } from 'node:path'
import picomatch from 'picomatch'
import type { DataOption } from '../../control/node-options.ts'
import type { PreparedInput } from '../../control/api.ts'

/**
 * All files below `dir`, relative, `/`-separated, in the order of their UTF-8 bytes. Names that begin with `_` or `.` are
 * left out unless `all`. A link that leads to nothing, or out of `dir`, is listed as it is: the node that gets it says so.
 */
export function listFiles(dir: string, all = false): string[] {
  const found: string[] = []
  const root = realpathSync(dir)
  const walk = (below: string, chain: readonly string[]): void => {
    for (const entry of readdirSync(join(dir, below), { withFileTypes: true })) {
      if (!all && (entry.name.startsWith('.') || entry.name.startsWith('_'))) continue
      const path = below === '' ? entry.name : `${below}/${entry.name}`
      const folder = entry.isFile() ? null : folderAt(join(dir, path))
      if (entry.isFile()) found.push(path)
      else if (folder === null || (folder !== root && !folder.startsWith(`${root}${sep}`))) {
        if (entry.isSymbolicLink()) found.push(path)
      } else if (!chain.includes(folder)) walk(path, [...chain, folder])
    }
  }
  walk('', [root])
  return found.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
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
