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
  return declarations({
    job: await source('job'),
    units: await source('words/iso'),
    helpers: [await source('job/numbers'), await source('job/times')],
  })
}

interface Sources {
  readonly job: string
  readonly units: string
  readonly helpers: readonly string[]
}

function declarations({ job, units, helpers }: Sources): string {
  const timeUnit = /^export type TimeUnit = .*$/m.exec(units)?.[0] ?? ''
  const own = job
    .replaceAll(/^(?:import|export \{) .*\n/gm, '')
    .replace(/export (declare )?function defineJob\(job: unknown\): unknown \{[^}]*\}\n/, '')
    .replaceAll('export declare ', 'export ')
    .replaceAll(/^ *\/\/.*\n/gm, '')
  const body = [timeUnit, own.trim(), ...helpers.flatMap(exported)].join('\n\n')
  return `declare module 'shoal/job' {\n${body.replaceAll(/^(?=.)/gm, '  ')}\n}\n`
}

/** What a module exports, each with its comment, of functions their first line. */
function exported(source: string): string[] {
  const comment = String.raw`^/\*\*(?:(?!\*/)[^])*\*/\n`
  const declared = String.raw`export (?:declare )?(?:function \w+\([^)]*\): [^{;\n]+|type .*)`
  return [...source.matchAll(new RegExp(`${comment}${declared}`, 'gm'))].map(([text]) =>
    text.replace('export declare ', 'export ').trimEnd(),
  )
}
