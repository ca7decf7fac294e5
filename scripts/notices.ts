/** What others wrote of a bundle, with their licences: whoever passes the bundle on passes these on. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Metafile } from 'esbuild'

/** The folders of the packages that are in it, `node_modules/…`, in the order of their names. */
export function packagesIn(...bundles: readonly Metafile[]): string[] {
  const files = bundles.flatMap(({ inputs }) => Object.keys(inputs))
  const folders = files.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? [])
  return [...new Set(folders)].toSorted()
}

interface Package {
  readonly name: string
  readonly version: string
  readonly license?: string
  readonly homepage?: string
}

/** One section a package: name, version, licence, where it comes from, and the licence's text where the package has it. */
export function notices(root: string, folders: readonly string[]): string {
  const sections = folders.map((folder) => {
    const about = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Package
    const head = [`${about.name} ${about.version}`, about.license ?? 'licence: see its home', about.homepage ?? '']
    return [...head.filter((line) => line !== ''), '', ...licenceTexts(join(root, folder))].join('\n')
  })
  return `${sections.join(`\n${'-'.repeat(80)}\n`)}\n`
}

function licenceTexts(folder: string): string[] {
  if (!existsSync(folder)) return []
  const names = readdirSync(folder).filter((name) => /^(licen[cs]e|notice|copying)/i.test(name))
  return names.toSorted().map((name) => readFileSync(join(folder, name), 'utf8').trim())
}
