import { globSync, readFileSync, rmSync } from 'node:fs'
import { posix } from 'node:path'

const IMPORTED = /(?:from|import\()\s*['"](\.[^'"]+)\.[jt]s['"]/g

/** Removes the declarations below `folder` that none of `entries` reaches: nobody can import them. */
export function keepReached(folder: string, entries: readonly string[]): void {
  const reached = new Set(entries)
  for (const file of reached) {
    const text = readFileSync(posix.join(folder, file), 'utf8')
    for (const [, target = ''] of text.matchAll(IMPORTED))
      reached.add(`${posix.join(posix.dirname(file), target)}.d.ts`)
  }
  for (const file of globSync('**/*.d.ts', { cwd: folder })) {
    if (!reached.has(file)) rmSync(posix.join(folder, file))
  }
}
