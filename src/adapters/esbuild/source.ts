import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { dirname, relative, resolve } from 'node:path'
import type { Metafile } from 'esbuild'
import type { Source } from '../../control/api.ts'
import { contentId } from '../../core/hash.ts'
import type { Digest } from '../../core/types.ts'

/** Where Shoal's own code is bundled from: it grows from version to version, and is no part of a job. */
export const OWN = 'shoal'

type Input = Metafile['inputs'][string]

/**
 * What a job was bundled of. Form 1, frozen (`test/adapters/source.test.ts`): a list of files, the job file first, each
 * followed in turn by what it imports, in the order of the names by which it does so; of each the SHA-256 of its bytes,
 * and these names, each with the place in the list of what it means. So no path enters it, no order or choice of the
 * bundler's, and nothing of Shoal. A name that means no file of the job's is there with null.
 */
export async function sourceOf({ inputs }: Pick<Metafile, 'inputs'>, entry: string): Promise<Source> {
  const folder = dirname(entry)
  const names = Object.keys(inputs).filter(isFile)
  const digests = new Map(await Promise.all(names.map(async (name) => [name, await digestOf(folder, name)] as const)))
  const order = [relative(folder, entry)]
  const places = new Map(order.map((name, place) => [name, place]))
  const placeOf = (name: string): number | null => {
    if (!digests.has(name)) return null
    const place = places.get(name) ?? order.push(name) - 1
    places.set(name, place)
    return place
  }
  const files: unknown[] = []
  for (const name of order) {
    const imports = namesIn(inputs[name]!, digests).map(([said, path]) => [said, placeOf(path)])
    files.push([digests.get(name)!, imports])
  }
  return { digest: contentId('source/1', files), files: [...new Set(digests.values())].sort() }
}

/** Other inputs are Shoal's, texts in an import itself, and what a package says is nothing. */
function isFile(name: string): boolean {
  return !name.startsWith(`${OWN}:`) && !name.startsWith('<') && !name.startsWith('(disabled):')
}

/** Each name once for each thing that it means: a package may have one for `import` and one for `require`. */
function namesIn({ imports }: Input, digests: ReadonlyMap<string, Digest>): (readonly [said: string, path: string])[] {
  const found = new Map<string, readonly [string, string]>()
  for (const { original, path } of imports)
    if (!path.startsWith('<'))
      found.set(JSON.stringify([original ?? '', digests.get(path) ?? '']), [original ?? '', path])
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, name]) => name)
}

async function digestOf(folder: string, name: string): Promise<Digest> {
  const file = resolve(folder, name)
  // `./x.txt?y` is a file x.txt.
  const bytes = await readFile(file).catch(() => readFile(file.replace(/[?#][^/]*$/, '')))
  return createHash('sha256').update(bytes).digest('hex') as Digest
}
