import { readdir, realpath, stat } from 'node:fs/promises'
import { builtinModules } from 'node:module'
import { basename, dirname, join, resolve } from 'node:path'
import type { BuildFailure, Message, Metafile, Plugin } from 'esbuild'
import type { Source } from '../../control/api.ts'
import { ShoalError } from '../../core/errors.ts'
import { nearestOne } from '../../words/nearest.ts'
import { systemReason } from '../../words/reason.ts'
import { JOB_GLOBAL } from '../../task/realm.ts'
import { jobModule } from './own-code.ts'
import { OWN, sourceOf } from './source.ts'

export interface Bundle {
  readonly code: string
  readonly sourceMap: string
  readonly source: Source
}

/** esbuild is a process that would live as long as this one, which may be a client that waits for its job for hours. */
let running = 0

/**
 * A job file and all that it imports as one minified script, the same bytes wherever the folder lies: no path, comment
 * or tsconfig enters it. It assigns its exports to the global JOB_GLOBAL.
 * @throws ShoalError NO_JOB_FILE, JOB_BUILD (naming file, line, column), JOB_IMPORT.
 */
export async function bundleJob(file: string): Promise<Bundle> {
  const entry = await findFile(file)
  const folder = dirname(entry)
  const { build, stop } = await import('#esbuild')
  running++
  try {
    const result = await build({
      absWorkingDir: folder,
      entryPoints: [entry],
      outdir: folder,
      bundle: true,
      write: false,
      metafile: true,
      minify: true,
      legalComments: 'none',
      // A module is strict; esbuild leaves that out of a script.
      banner: { js: '"use strict";' },
      tsconfigRaw: {},
      format: 'iife',
      globalName: JOB_GLOBAL,
      platform: 'neutral',
      mainFields: ['module', 'main'],
      conditions: ['module'],
      target: 'es2024',
      define: { 'process.env.NODE_ENV': '"production"', global: 'globalThis' },
      loader: { '.wasm': 'binary', '.csv': 'text', '.tsv': 'text' },
      sourcemap: 'external',
      sourcesContent: true,
      logLevel: 'silent',
      plugins: [shoalJob],
    })
    refuseExternals(result.metafile)
    const map = result.outputFiles.find((output) => output.path.endsWith('.map'))
    const code = result.outputFiles.find((output) => output !== map)
    const source = await sourceOf(result.metafile, entry)
    return { code: code?.text ?? '', sourceMap: map?.text ?? '', source }
  } catch (error) {
    if (isBuildFailure(error)) throw buildError(error.errors)
    throw error
  } finally {
    running--
    if (running === 0) await stop()
  }
}

/** This Shoal's own `shoal/job`, wherever the job lies, whether or not Shoal is installed beside it. */
const shoalJob: Plugin = {
  name: 'shoal-job',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^shoal\/job$/ }, () => ({ path: 'shoal/job', namespace: OWN, sideEffects: false }))
    // Anything else of Shoal would bring the mesh into the job.
    onResolve({ filter: /^shoal(\/|$)/ }, ({ path }) => ({
      errors: [{ text: `Could not resolve "${path}"` }],
    }))
    onLoad({ filter: /.*/, namespace: OWN }, async () => ({ contents: await jobModule(), loader: 'js' }))
  },
}

const WRITE_ONE = 'shoal init FOLDER   to have a starter job written'

async function findFile(file: string): Promise<string> {
  const path = resolve(file)
  try {
    if ((await stat(path)).isFile()) return await realpath(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT' && code !== 'ENOTDIR') {
      throw new ShoalError('NO_JOB_FILE', `cannot read the job file ${file}`, {
        why: systemReason(error) ?? undefined,
        cause: error,
      })
    }
    const names = await readdir(dirname(path)).catch(() => [])
    const near = nearestOne(basename(path), names)
    throw new ShoalError('NO_JOB_FILE', `there is no job file ${file}`, {
      try: near === null ? [WRITE_ONE] : [join(dirname(file), near)],
    })
  }
  throw new ShoalError('NO_JOB_FILE', `${file} is not a file`, {
    try: ['name the job file in it, such as job.ts', WRITE_ONE],
  })
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && Array.isArray((error as Partial<BuildFailure>).errors)
}

function where({ location }: Message): string {
  return location === null ? '' : `${location.file}:${location.line}:${location.column + 1}: `
}

function buildError(errors: readonly Message[]): ShoalError {
  const first = errors[0] as Message
  const unresolved = /^Could not resolve "(.*)"$/.exec(first.text)?.[1]
  const line = first.location === null ? '' : `${first.location.lineText}\n${' '.repeat(first.location.column)}^`
  const more = errors.slice(1, 5).map((error) => `${where(error)}${error.text}`)
  if (unresolved !== undefined && (isBuiltin(unresolved) || packageOf(unresolved) === 'shoal'))
    return forbidden(where(first), unresolved)
  if (unresolved !== undefined) {
    const own = unresolved.startsWith('.') || unresolved.startsWith('/')
    return new ShoalError('JOB_BUILD', `${where(first)}cannot find "${unresolved}"`, {
      why: [line, ...more].join('\n'),
      try: own ? [] : [`npm install ${packageOf(unresolved)}   in the job's folder`],
    })
  }
  if (first.text.includes('Top-level await')) {
    return new ShoalError('JOB_BUILD', `${where(first)}top-level await is not available in a job`, {
      why: line,
      try: ['make the map or reduce function async, or import the data as a file'],
    })
  }
  return new ShoalError('JOB_BUILD', `${where(first)}${first.text}`, { why: [line, ...more].join('\n') })
}

function isBuiltin(name: string): boolean {
  return (
    name.startsWith('node:') || builtinModules.includes(name) || builtinModules.includes(name.split('/')[0] as string)
  )
}

function packageOf(name: string): string {
  return name.split('/', name.startsWith('@') ? 2 : 1).join('/')
}

const REMEDIES: Readonly<Record<string, string>> = {
  shoal: 'a job imports shoal/job alone',
  fs: 'offer the file as a dataset and read it as an input, or import it (.json, .txt, .csv)',
  process: 'pass values with --param and read ctx.params',
  crypto: 'use ctx.random() for seeded randomness, or a hash written in JavaScript',
  buffer: 'use Uint8Array, TextEncoder, atob and btoa',
  util: 'use structuredClone, TextEncoder and TextDecoder, which a job has',
  url: 'use URL and URLSearchParams, which a job has',
}

function forbidden(place: string, name: string): ShoalError {
  const base = name.replace(/^node:/, '').split('/')[0] as string
  return new ShoalError('JOB_IMPORT', `${place}a job cannot import "${name}"`, {
    why: 'a job sees only its records, so that its answer depends on nothing else',
    try: [REMEDIES[base] ?? 'offer the data as an input, pass values with --param'],
  })
}

/** What esbuild leaves to be loaded at run time, a job cannot have; `require` inside try is a package asking politely. */
function refuseExternals(metafile: Metafile): void {
  for (const [file, input] of Object.entries(metafile.inputs)) {
    for (const { path, kind, external } of input.imports) {
      if (external !== true || kind === 'require-call' || path.startsWith('<')) continue
      throw forbidden(`${file}: `, path)
    }
  }
}
