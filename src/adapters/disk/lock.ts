/**
 * One node per home. The lock is one of the kernel's (SQLite's fcntl lock on a file without content): it ends with its
 * process, however that ends, so no lock is ever stale, and neither a reused pid nor a copied home can forge one.
 * `lock.json` beside it only tells people who holds it.
 */
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'
import { ShoalError } from '../../core/errors.ts'
import { asShoalError } from '../../words/thrown.ts'
import { reasonOf } from '../../words/reason.ts'
import { codeOf, FILE_MODE } from './durable.ts'
import { Folders } from './folders.ts'

export interface HomeLock {
  /** Gives the home free; again, it does nothing. */
  release(): void
}

/** Keeps the lock databases referenced: one that is garbage-collected would release its lock. */
const held = new Set<DatabaseSync>()

interface Holder {
  readonly pid: number
  readonly command: string
  /** ISO 8601, wall clock: for people's eyes only. */
  readonly since: string
}

const LOCK = 'lock'
const HOLDER = 'lock.json'
const SQLITE_BUSY = 5
const SQLITE_NOTADB = 26

/** A new holder writes down who it is within this many tries, 50 ms apart. */
const HOLDER_TRIES = 10

/**
 * Takes the home for this process, making the folder if need be.
 * Throws HOME_IN_USE, naming the process that has it; NODE_SETUP where the folder cannot be locked at all.
 */
export async function lockHome(home: string): Promise<HomeLock> {
  const root = resolve(home)
  const database = await openLock(root)
  try {
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    throw sqliteCode(error) === SQLITE_BUSY ? await inUse(root) : cannotLock(root, error)
  }
  held.add(database)
  const release = (): void => {
    if (held.delete(database)) database.close()
  }
  try {
    await writeHolder(root)
  } catch (error) {
    release()
    throw cannotLock(root, error)
  }
  return { release }
}

async function openLock(root: string): Promise<DatabaseSync> {
  try {
    await new Folders(false).make(root)
    await writeFile(join(root, LOCK), '', { flag: 'a', mode: FILE_MODE })
    return new DatabaseSync(join(root, LOCK))
  } catch (error) {
    throw cannotLock(root, error)
  }
}

function sqliteCode(error: unknown): number | null {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : null
}

function cannotLock(root: string, error: unknown): ShoalError {
  // A full disk has a remedy of its own.
  if (['ENOSPC', 'EDQUOT'].includes(codeOf(error))) return asShoalError(error)
  if (sqliteCode(error) === SQLITE_NOTADB)
    return new ShoalError('NODE_SETUP', `${join(root, LOCK)} is damaged`, {
      why: 'it should be empty, and has something in it',
      try: [`remove ${join(root, LOCK)}   where no node runs on this home: nothing is kept in it`],
      cause: error,
    })
  return new ShoalError('NODE_SETUP', `the home folder ${root} cannot be used`, {
    why: reasonOf(error, 'it cannot be locked there'),
    try: ['shoal node --home DIR   with a folder on a local disk that you own'],
    cause: error,
  })
}

async function inUse(root: string): Promise<ShoalError> {
  const holder = await liveHolder(root)
  const who = holder === null ? 'another process' : `pid ${holder.pid} (\`${holder.command}\`), since ${holder.since}`
  return new ShoalError('HOME_IN_USE', `${root} is in use by ${who}`, {
    why: 'one node runs on one home folder',
    try: [
      `shoal status --home ${root}`,
      'another folder: --home DIR',
      ...(holder === null ? [] : [`kill ${holder.pid}`]),
    ],
  })
}

/** Between its lock and its line in `lock.json` a new holder is unknown for a moment: the old line names a dead pid. */
async function liveHolder(root: string): Promise<Holder | null> {
  for (let tries = 0; tries < HOLDER_TRIES; tries++) {
    const holder = await readHolder(root)
    if (holder !== null && isAlive(holder.pid)) return holder
    await setTimeout(50)
  }
  return null
}

async function readHolder(root: string): Promise<Holder | null> {
  try {
    const holder = JSON.parse(await readFile(join(root, HOLDER), 'utf8')) as Partial<Holder>
    const { pid, command, since } = holder
    if (typeof pid !== 'number' || typeof command !== 'string' || typeof since !== 'string') return null
    return { pid, command, since }
  } catch {
    return null
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

async function writeHolder(root: string): Promise<void> {
  const holder: Holder = { pid: process.pid, command: commandLine(process.argv), since: new Date().toISOString() }
  const temporary = join(root, `${HOLDER}.new`)
  await writeFile(temporary, JSON.stringify(holder), { mode: FILE_MODE })
  await rename(temporary, join(root, HOLDER))
}

/** What the process was started as, for people; what follows --join holds the mesh key, and is left out. */
export function commandLine(argv: readonly string[]): string {
  const words = argv.slice(1).map((word, i) => (argv[i] === '--join' ? '…' : word.replace(/^--join=.*/s, '--join=…')))
  return words.join(' ')
}
