import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { ShoalError } from '../core/errors.ts'
import { fromKept, toKept } from '../kept/form.ts'
import { reasonOf } from '../words/reason.ts'

/** `sun_path` holds 108 bytes with its final NUL; some systems have 104. */
const SOCKET_PATH_BYTES_MAX = 103
/** A file in the home that names the socket, since the runtime folder may differ between a service and a shell. */
const POINTER = 'control-socket'

/**
 * Where the node of `home` listens for commands: a short path in a folder of this user alone, named by the hash of
 * the home's real path, because a home may lie deeper than a unix socket's path can be long.
 */
export function socketPath(
  home: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const name = `${createHash('sha256').update(realHome(home)).digest('hex').slice(0, 24)}.sock`
  const runtime = environment['XDG_RUNTIME_DIR']
  if (runtime !== undefined && runtime.startsWith('/')) {
    const path = join(runtime, 'shoal', name)
    if (Buffer.byteLength(path) <= SOCKET_PATH_BYTES_MAX) return path
  }
  return join('/tmp', `shoal-${process.getuid?.() ?? 0}`, name)
}

function realHome(home: string): string {
  try {
    return realpathSync(home)
  } catch {
    return resolve(home)
  }
}

/** Makes the runtime folder (0700). Refuses one that somebody else could have put there. */
export function makeRuntimeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new ShoalError('NODE_SETUP', `cannot make the folder of the control socket, ${folder}`, {
      why: reasonOf(error, 'the system refuses it'),
      cause: error,
    })
  }
  const facts = lstatSync(folder)
  const mine = process.getuid === undefined || facts.uid === process.getuid()
  if (!facts.isDirectory() || !mine || (facts.mode & 0o077) !== 0) {
    throw new ShoalError('NODE_SETUP', `${folder} is not a folder of this user alone`, {
      why: 'the control socket lies there: whoever may write to it may command the node',
      try: [`rm -r ${folder}   then start the node again`, 'set XDG_RUNTIME_DIR to a folder of your own'],
    })
  }
}

/** Writes down, in the home, at which path the node of this home listens. */
export function pointToSocket(home: string, path: string): void {
  mkdirSync(home, { recursive: true, mode: 0o700 })
  writeFileSync(join(home, POINTER), toKept(Buffer.from(path)), { mode: 0o600 })
}

export function forgetSocket(home: string): void {
  rmSync(join(home, POINTER), { force: true })
}

/**
 * The path that the node of this home has written down; where that is damaged, the one that this process would choose.
 * null: no node has been started there, or it has ended.
 */
export function findSocket(home: string): string | null {
  let bytes: Buffer
  try {
    bytes = readFileSync(join(home, POINTER))
  } catch {
    return null
  }
  const path = fromKept(bytes)
  return path === null ? socketPath(home) : Buffer.from(path).toString()
}
