import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

/**
 * The types of `shoal/job` as one declaration file that needs nothing beside it: for folders in which the package is
 * not installed. Made from the module itself, so that the two cannot drift apart.
 */
export async function editorTypes(): Promise<string> {
  const job = await sourceText('job')
  const types = await sourceText('core/types')
  const look = await sourceText('core/look')
  const iso = await sourceText('core/iso')
  const helpers = [await sourceText('job/numbers'), await sourceText('job/times')].flatMap(exported)
  const unions = ['Format', 'Encoding', 'LineEnd', 'TimeUnit'].map(
    (name) => new RegExp(`^export type ${name} = .*$`, 'm').exec(types + look + iso)?.[0] ?? '',
  )
  const declarations = job
    .replaceAll(/^(?:import|export \{) .*\n/gm, '')
    .replace(/export (declare )?function defineJob\(job: unknown\): unknown \{[^}]*\}\n/, '')
    .replaceAll('export declare ', 'export ')
    .replaceAll(/^ *\/\/.*\n/gm, '')
  const body = [unions.join('\n'), declarations.trim(), ...helpers].join('\n\n')
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

async function sourceText(module: string): Promise<string> {
  return await readFile(fileURLToPath(import.meta.resolve(`#types/${module}`)), 'utf8')
}
