/** What is measured: the package as people install it, or a checkout. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freshMain } from '../fresh-build.ts'
import { timedWell } from './timed.ts'

/** How its `shoal` is run. */
export interface Subject {
  readonly file: string
  readonly args: readonly string[]
}

/** A checkout, without npm around it. */
export const SOURCES: Subject = { file: process.execPath, args: [freshMain()] }

/** As README says it of a checkout. */
export const CHECKOUT: Subject = { file: 'npm', args: ['run', '-s', 'shoal', '--'] }

let installing: Promise<Subject> | null = null

/** Packs, which builds, and installs: once in a run of the benchmark; it is removed with that. */
export function installed(): Promise<Subject> {
  installing ??= install()
  return installing
}

async function install(): Promise<Subject> {
  const scratch = mkdtempSync(join(tmpdir(), 'shoal-installed-'))
  process.once('exit', () => rmSync(scratch, { recursive: true, force: true }))
  const [packed, prefix] = [join(scratch, 'packed'), join(scratch, 'prefix')]
  for (const folder of [packed, prefix]) mkdirSync(folder)
  await timedWell('npm', ['pack', '--silent', '--pack-destination', packed])
  const [tarball = ''] = readdirSync(packed)
  const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error']
  await timedWell('npm', ['install', '--global', '--prefix', prefix, ...quiet, join(packed, tarball)])
  return { file: join(prefix, 'bin/shoal'), args: [] }
}
