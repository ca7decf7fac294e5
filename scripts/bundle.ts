/**
 * What a package runs, as few files: entries that load at once, and chunks that are loaded by whom they serve (libp2p by a
 * node in a mesh, esbuild by a command that has a job file). Binaries and WebAssembly stay packages of their own.
 */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { jobModule, taskProgram } from '../src/adapters/esbuild/own-code.ts'
import { editorTypes } from '../src/cli/editor-types.ts'
import { notices, packagesIn } from './notices.ts'

export const ROOT: string = join(import.meta.dirname, '..')
const source = (path: string): string => join(ROOT, 'src', path)

const QUIET = {
  absWorkingDir: ROOT,
  bundle: true,
  metafile: true,
  platform: 'node',
  target: 'node26',
  legalComments: 'none',
  logLevel: 'error',
} as const

/** Beside the program itself: what is read as text or run elsewhere. */
const ESBUILD_FILES = ['lib/main.js', 'package.json', 'LICENSE.md']

/** Writes `dist/` into `folder`, over what is there. Needs `--conditions=development`. */
export async function bundle(folder: string): Promise<void> {
  const dist = join(folder, 'dist')
  const { metafile } = await build({
    ...QUIET,
    entryPoints: { 'cli/main': source('cli/main.ts'), index: source('index.ts'), testing: source('testing.ts') },
    outdir: dist,
    chunkNames: 'chunks/[name]-[hash]',
    splitting: true,
    format: 'esm',
    conditions: ['development'],
    external: ['#esbuild', 'parquet-wasm'],
    // Packages in CommonJS that are in the bundle call it for Node's own modules.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  })
  writeFileSync(join(dist, 'task.cjs'), await taskProgram())
  writeFileSync(join(dist, 'job.js'), await jobModule())
  writeFileSync(join(dist, 'job-types.d.ts'), await editorTypes())
  copyEsbuild(dist)
  const task = await build({ ...QUIET, entryPoints: [source('task/main.ts')], format: 'cjs', write: false })
  const packages = packagesIn(metafile, task.metafile)
  writeFileSync(join(dist, 'THIRD-PARTY.txt'), notices(ROOT, [...packages, 'node_modules/esbuild']))
}

/**
 * esbuild's JavaScript half without its package, whose install script npm asks people to approve. The script makes its
 * command start faster, which nobody calls here; the binary is a package without a script.
 */
function copyEsbuild(dist: string): void {
  for (const file of ESBUILD_FILES) {
    const to = join(dist, 'esbuild', file)
    mkdirSync(join(to, '..'), { recursive: true })
    copyFileSync(join(ROOT, 'node_modules/esbuild', file), to)
  }
}

// Called by `fresh-build.ts`, with a folder that becomes a package of its own: what it runs finds itself in its package.json.
if (import.meta.main) {
  const folder = process.argv[2]
  if (folder === undefined) throw new Error('bundle.ts FOLDER')
  mkdirSync(folder, { recursive: true })
  copyFileSync(join(ROOT, 'package.json'), join(folder, 'package.json'))
  await bundle(folder)
}
