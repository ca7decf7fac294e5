import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'

/**
 * The task process's program as one file, so that the process needs to read nothing but its own slot folder. It is kept
 * under `folder`, named by its content; files of other versions are removed. One that is damaged is written anew, and
 * `damaged` is told its name: what it does would be in every result.
 * @returns the file's absolute path
 */
export async function bundleRunner(folder: string, damaged?: (file: string) => void): Promise<string> {
  // The asynchronous form would leave a service process behind for as long as the node lives.
  const result = buildSync({
    entryPoints: [fileURLToPath(import.meta.resolve('#task'))],
    bundle: true,
    write: false,
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    tsconfigRaw: {},
    format: 'cjs',
    platform: 'node',
    target: 'node26',
    logLevel: 'silent',
  })
  const text = result.outputFiles[0]?.contents ?? new Uint8Array()
  const name = `runner-${createHash('sha256').update(text).digest('hex').slice(0, 16)}.cjs`
  const path = join(folder, name)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const there = await readFile(path).catch(() => null)
  if (there?.equals(text) === true) return path
  if (there !== null) damaged?.(name)
  for (const old of await readdir(folder)) {
    if (/^runner-[0-9a-f]{16}\.cjs(\.\d+)?$/.test(old)) await rm(join(folder, old), { force: true })
  }
  await writeFile(`${path}.${process.pid}`, text)
  await rename(`${path}.${process.pid}`, path)
  return path
}
