/**
 * Code of Shoal's own that runs elsewhere than in this process: the program of task processes, and `shoal/job` as it is
 * bundled into jobs. A package has both ready (`scripts/build.ts`); in a checkout they are made from the sources when
 * they are asked for.
 */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { BuildOptions } from 'esbuild'

/** One file, so that a task process needs to read nothing but its own slot folder. */
export async function taskProgram(): Promise<Uint8Array> {
  return await codeOf(fileURLToPath(import.meta.resolve('#task')), {
    minifySyntax: true,
    minifyWhitespace: true,
    format: 'cjs',
    platform: 'node',
    target: 'node26',
  })
}

/** One module without imports: a job has the same bytes, and so the same id, wherever Shoal lies. */
export async function jobModule(): Promise<string> {
  const code = await codeOf(fileURLToPath(import.meta.resolve('#job')), {
    format: 'esm',
    platform: 'neutral',
    target: 'es2024',
  })
  return Buffer.from(code).toString()
}

async function codeOf(file: string, options: BuildOptions): Promise<Uint8Array> {
  if (!file.endsWith('.ts')) return await readFile(file)
  const { buildSync } = await import('#esbuild')
  // The asynchronous form would leave a service process behind for as long as the node lives.
  const { outputFiles } = buildSync({
    ...options,
    entryPoints: [file],
    bundle: true,
    write: false,
    legalComments: 'none',
    tsconfigRaw: {},
    logLevel: 'silent',
  })
  return outputFiles?.[0]?.contents ?? new Uint8Array()
}
