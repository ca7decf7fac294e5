import { basename, dirname, resolve } from 'node:path'
import { readFileSync, statSync } from 'node:fs'
import type { DataOption } from '../control/node-options.ts'
import { ShoalError } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'
import { nearestOne } from '../words/nearest.ts'
import { reasonOf } from '../words/reason.ts'
import type { Io } from './io.ts'

const FLAGS = ['replicated', 'all', 'follow', 'skip-links'] as const
type Flag = (typeof FLAGS)[number]

/**
 * `NAME=DIR[,replicated][,all][,follow|,skip-links]`. A flag at the very end is always that: a directory whose own name
 * ends so is given with a `/` behind it.
 * @throws ShoalError USAGE or DATA_DIR
 */
export function parseDataOption(text: string, folder: string): DataOption {
  const equals = text.indexOf('=')
  const name = text.slice(0, equals)
  if (equals <= 0 || !/^[A-Za-z0-9._-]+$/.test(name) || Buffer.byteLength(name) > LIMITS.namesBytesMax) {
    throw new ShoalError('USAGE', `--data ${text}: it takes NAME=DIR`, {
      why: 'NAME is of letters, digits, dot, dash and underscore',
      try: ['--data logs=/var/log/nginx', '--data logs=/mnt/copy,replicated   if several nodes hold the same files'],
    })
  }
  const { dir, flags } = flagsOf(text.slice(equals + 1))
  if (flags.has('follow') && flags.has('skip-links'))
    throw new ShoalError('USAGE', `--data ${text}: links are followed or skipped, not both`)
  return {
    name,
    dir: existingFolder(name, resolve(folder, dir), dir, flags),
    replicated: flags.has('replicated'),
    ...(flags.has('all') ? { all: true } : {}),
    ...(flags.has('follow') ? { links: 'follow' } : flags.has('skip-links') ? { links: 'skip' } : {}),
  }
}

function flagsOf(text: string): { readonly dir: string; readonly flags: ReadonlySet<Flag> } {
  const flags = new Set<Flag>()
  let dir = text
  for (;;) {
    const flag = FLAGS.find((one) => dir.endsWith(`,${one}`))
    if (flag === undefined) return { dir, flags }
    flags.add(flag)
    dir = dir.slice(0, -flag.length - 1)
  }
}

function existingFolder(name: string, path: string, given: string, flags: ReadonlySet<Flag>): string {
  if (given === '') throw new ShoalError('USAGE', `--data ${name}= names no directory`)
  try {
    if (statSync(path).isDirectory()) return path
  } catch (error) {
    throw new ShoalError('DATA_DIR', `--data ${name}: there is no directory ${given}`, {
      why: reasonOf(error, 'it cannot be looked at'),
      try: [
        ...meantFlags(name, given),
        ...[...flags].map((flag) => `--data ${name}=${given},${flag}/   for a directory whose own name ends so`),
        `mkdir -p ${path}   if its files come later`,
      ],
    })
  }
  throw new ShoalError('DATA_DIR', `--data ${name}: ${given} is not a directory`, {
    try: [`--data ${name}=${dirname(given)}   and --input '${name}/${basename(given)}' of a job for this file alone`],
  })
}

/** What follows a comma may be a flag that is misspelt. */
function meantFlags(name: string, given: string): string[] {
  const comma = given.lastIndexOf(',')
  if (comma < 0) return []
  const flag = nearestOne(given.slice(comma + 1), FLAGS) ?? 'replicated'
  return [`--data ${name}=${given.slice(0, comma)},${flag}`]
}

/** Reads `--join`: a ticket or multiaddr as it stands, `@FILE`, or `-` for stdin; a file may hold several, one a line. */
export async function readJoins(given: readonly string[], io: Io): Promise<string[]> {
  const joins: string[] = []
  for (const text of given) {
    if (text === '-') joins.push(...lines(await readAll(io.stdin), 'stdin'))
    else if (text.startsWith('@')) joins.push(...lines(readJoinFile(resolve(io.folder, text.slice(1))), text))
    else joins.push(text)
  }
  return joins
}

function readJoinFile(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new ShoalError('TICKET', `--join @${path} cannot be read`, { why: reasonOf(error, 'it is no text') })
  }
}

function lines(text: string, from: string): string[] {
  const found = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  if (found.length > 0) return found
  throw new ShoalError('TICKET', `--join ${from}: there is no ticket in it`, {
    try: ['shoal ticket > FILE   on a member'],
  })
}

async function readAll(stdin: Io['stdin']): Promise<string> {
  let text = ''
  for await (const chunk of stdin) text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8')
  return text
}
