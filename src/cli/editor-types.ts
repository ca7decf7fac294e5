import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

/**
 * The types of `shoal/job` as one declaration file that needs nothing beside it: for folders in which the package is
 * not installed. A package has the file; in a checkout it is made from the modules themselves.
 */
export async function editorTypes(): Promise<string> {
  const file = import.meta.resolve('#job-types')
  if (file.endsWith('.d.ts')) return await readFile(fileURLToPath(file), 'utf8')
  const source = (module: string): Promise<string> => readFile(new URL(`${module}.ts`, file), 'utf8')
  const all = async (...names: readonly string[]): Promise<string[]> => await Promise.all(names.map(source))
  return declarations({
    modules: await all('job/context', 'job/input', 'job/aggregate', 'job/stage', 'job/folder-name', 'job/define'),
    units: await source('words/iso'),
    helpers: await all('job/numbers', 'job/times'),
  })
}

interface Sources {
  /** Types, and functions whose types are what counts. */
  readonly modules: readonly string[]
  readonly units: string
  readonly helpers: readonly string[]
}

function declarations({ modules, units, helpers }: Sources): string {
  const timeUnit = /^export type TimeUnit = .*$/m.exec(units)?.[0] ?? ''
  const body = [timeUnit, ...modules.map(declared), ...helpers.flatMap(exported)].join('\n\n')
  return `declare module 'shoal/job' {\n${body.replaceAll(/^(?=.)/gm, '  ')}\n}\n`
}

/** A module without imports, comments of a line, bodies of functions, and what stands behind overloads. */
function declared(source: string): string {
  const body = String.raw` \{\n(?: {2}[^\n]*\n)*\}\n`
  return source
    .replaceAll(/^import [^']* from '[^']*'\n/gm, '')
    .replaceAll(new RegExp(String.raw`^export function \w+\([^)]*\): unknown${body}`, 'gm'), '')
    .replaceAll(new RegExp(String.raw`^([^\n]*\): [^\n{]+)${body}`, 'gm'), '$1\n')
    .replaceAll(/^(export )?declare /gm, '$1')
    .replaceAll(/^ *\/\/.*\n/gm, '')
    .trim()
}

/** What a module exports, each with its comment, of functions their first line. */
function exported(source: string): string[] {
  const comment = String.raw`^/\*\*(?:(?!\*/)[^])*\*/\n`
  const declared = String.raw`export (?:declare )?(?:function \w+\([^)]*\): [^{;\n]+|type .*)`
  return [...source.matchAll(new RegExp(`${comment}${declared}`, 'gm'))].map(([text]) =>
    text.replace('export declare ', 'export ').trimEnd(),
  )
}
