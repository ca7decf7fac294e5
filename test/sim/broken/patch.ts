/** Patches source files of the product while they are loaded, in this process alone. */
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'

/** In `file` (below src/), the text `find`, which is there exactly once, becomes `put`. */
export interface Patch {
  readonly file: string
  readonly find: string
  readonly put: string
}

const SRC = new URL('../../../src/', import.meta.url)

/** The file's text with its patches. @throws Error where a patch does not apply any more: the product has moved on. */
export function patched(file: string, patches: readonly Patch[]): string {
  let text = readFileSync(new URL(file, SRC), 'utf8')
  for (const { find, put } of patches) {
    const pieces = text.split(find)
    if (pieces.length !== 2)
      throw new Error(`${file} has ${pieces.length - 1} places like this, not one: ${find.slice(0, 100)}`)
    text = pieces.join(put)
  }
  return text
}

/** From now on modules are loaded with these patches. To be called before any of them is. */
export function patch(patches: readonly Patch[]): void {
  if (patches.length === 0) return
  const texts = new Map<string, string>()
  for (const file of new Set(patches.map((one) => one.file)))
    texts.set(
      new URL(file, SRC).href,
      patched(
        file,
        patches.filter((one) => one.file === file),
      ),
    )
  registerHooks({
    load(url, context, next) {
      const source = texts.get(url)
      return source === undefined ? next(url, context) : { format: 'module-typescript', source, shortCircuit: true }
    },
  })
}
