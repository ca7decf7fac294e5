import { accessSync, constants, lstatSync, readdirSync, realpathSync, statSync, type Stats } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { ShoalError } from '../../core/errors.ts'
import { reasonOf } from '../../words/reason.ts'
import type { OutputFormat } from '../../core/spec/settings.ts'

/**
 * Where a result goes. `device` is what exists and is neither file nor folder (/dev/null, a pipe): written in place.
 * `terminal`: somebody looks at stdout.
 */
export type Target =
  | { readonly kind: 'stdout'; readonly terminal: boolean }
  | { readonly kind: 'file' | 'folder' | 'device'; readonly path: string; readonly given: string }

/**
 * Decides what `-o` means and whether it can be written, before any work is done.
 * @throws ShoalError OUTPUT_EXISTS for a folder that holds something, OUTPUT when nothing can be written there
 */
export function resolveTarget(
  given: string | undefined,
  folder: string,
  overwrite: boolean,
  terminal: boolean = false,
): Target {
  if (given === undefined || given === '-') return { kind: 'stdout', terminal }
  const path = resolve(folder, given)
  const facts = factsOf(path)
  if (given.endsWith('/') || facts?.isDirectory() === true) {
    if (facts !== null && !facts.isDirectory()) throw cannot(given, 'it is a file, not a folder')
    checkFolder(path, given, overwrite, facts !== null)
    return { kind: 'folder', path, given }
  }
  if (facts !== null && !facts.isFile()) return { kind: 'device', path, given }
  const real = facts === null ? path : realpathSync(path)
  checkWritable(dirname(real), given)
  return { kind: 'file', path: real, given }
}

function factsOf(path: string): Stats | null {
  try {
    return statSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      throw cannot(path, reasonOf(error, 'it cannot be looked at'))
  }
  try {
    lstatSync(path)
  } catch {
    return null
  }
  throw cannot(path, 'it is a link that leads nowhere')
}

function checkFolder(path: string, given: string, overwrite: boolean, exists: boolean): void {
  if (!exists) return checkWritable(nearestFolder(dirname(path)), given)
  checkWritable(path, given)
  const held = readdirSync(path)
  if (held.length > 0 && !overwrite) {
    throw new ShoalError('OUTPUT_EXISTS', `the output folder ${given} is not empty`, {
      why: `it holds ${held.slice(0, 3).join(', ')}${held.length > 3 ? ` and ${held.length - 3} more` : ''}`,
      try: ['-o ANOTHER/', '--overwrite   replaces the parts of an earlier result there'],
    })
  }
}

function nearestFolder(path: string): string {
  for (let folder = path; ; folder = dirname(folder)) {
    if (factsOf(folder) !== null || folder === dirname(folder)) return folder
  }
}

function checkWritable(folder: string, given: string): void {
  const facts = factsOf(folder)
  if (facts === null) throw cannot(given, `there is no folder ${folder}`)
  if (!facts.isDirectory()) throw cannot(given, `${folder} is not a folder`)
  try {
    accessSync(folder, constants.W_OK | constants.X_OK)
  } catch (error) {
    throw cannot(given, reasonOf(error, 'files cannot be made there'))
  }
}

function cannot(given: string, why: string): ShoalError {
  return new ShoalError('OUTPUT', `the output ${given} cannot be written`, {
    why,
    try: ['-o PATH   where files can be made', '-o -   to stdout'],
  })
}

const SUFFIXES: Readonly<Record<string, OutputFormat>> = {
  '.ndjson': 'ndjson',
  '.jsonl': 'ndjson',
  '.csv': 'csv',
  '.parquet': 'parquet',
  '.json': 'json',
  '.txt': 'text',
}

/** `--format`, else the file's suffix, else the job's own, else ndjson. @throws ShoalError USAGE for a packed suffix */
export function formatFor(asked: OutputFormat | undefined, target: Target, ofJob: string | null): OutputFormat {
  if (target.kind === 'file' && /\.(gz|zst|bz2|xz|zip)$/i.test(target.path)) {
    throw new ShoalError('USAGE', `-o ${target.given}: results are not compressed`, {
      try: ['-o - | gzip > FILE', '--format parquet, which is compressed by itself'],
    })
  }
  const suffix = target.kind === 'file' ? (/\.[a-z]+$/i.exec(target.path)?.[0] ?? '').toLowerCase() : ''
  return asked ?? SUFFIXES[suffix] ?? (ofJob as OutputFormat | null) ?? 'ndjson'
}

/** @throws ShoalError USAGE where bytes that are no text would go to a terminal */
export function refuseBinary(format: OutputFormat, terminal: boolean): void {
  if (format !== 'parquet' || !terminal) return
  throw new ShoalError('USAGE', 'parquet is no text, and the result would go to a terminal', {
    try: ['-o FILE.parquet', '--format table   or ndjson, csv, text, json'],
  })
}

/** As `formatFor`, where the result is written by this command: what cannot be shown is refused before any work is done. */
export function shownFormat(asked: OutputFormat | undefined, target: Target, ofJob: string | null): OutputFormat {
  const format = formatFor(asked, target, ofJob)
  refuseBinary(format, target.kind === 'stdout' && target.terminal)
  return format
}
