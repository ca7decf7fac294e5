import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Keeps the task process's program in `folder`, named by its content; files of other versions are removed. One that is
 * damaged is written anew, and `damaged` is told its name: what it does would be in every result.
 * @returns the file's absolute path
 */
export async function installProgram(
  folder: string,
  program: Uint8Array,
  damaged?: (file: string) => void,
): Promise<string> {
  const name = `runner-${createHash('sha256').update(program).digest('hex').slice(0, 16)}.cjs`
  const path = join(folder, name)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const there = await readFile(path).catch(() => null)
  if (there?.equals(program) === true) return path
  if (there !== null) damaged?.(name)
  for (const old of await readdir(folder)) {
    if (/^runner-[0-9a-f]{16}\.cjs(\.\d+)?$/.test(old)) await rm(join(folder, old), { force: true })
  }
  await writeFile(`${path}.${process.pid}`, program)
  await rename(`${path}.${process.pid}`, path)
  return path
}
