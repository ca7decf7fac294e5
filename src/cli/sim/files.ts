import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import picomatch from 'picomatch'
import type { DataOption } from '../../control/node-options.ts'
import type { PreparedInput } from '../../control/api.ts'

/** All files below `dir`, relative, `/`-separated, in the order of their UTF-8 bytes; what is hidden is left out. */
export function listFiles(dir: string): string[] {
  const found: string[] = []
  const walk = (below: string): void => {
    for (const entry of readdirSync(join(dir, below), { withFileTypes: true })) {
      if (entry.name.startsWith('.')) continue
      const path = below === '' ? entry.name : `${below}/${entry.name}`
      if (entry.isDirectory()) walk(path)
      else if (entry.isFile() || (entry.isSymbolicLink() && leadsToFile(join(dir, path)))) found.push(path)
    }
  }
  walk('')
  return found.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
}

function leadsToFile(path: string): boolean {
  try {
    return statSync(path).isFile()
  } catch {
    return false
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
