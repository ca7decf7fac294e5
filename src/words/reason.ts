/** What is said of a failure as its cause: the system's word in plain words, Shoal's own sentences, never an engine's. */

const SAID: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'no such file or directory'],
  ['EACCES', 'permission is denied'],
  ['EPERM', 'this user may not do that'],
  ['ENOSPC', 'no space is left on the device'],
  ['EDQUOT', 'the disk quota is used up'],
  ['EROFS', 'the file system is read-only'],
  ['EIO', 'the device fails'],
  ['EMFILE', 'too many files are open in this process'],
  ['ENFILE', 'too many files are open on this machine'],
  ['ENOTDIR', 'part of the path is not a directory'],
  ['EISDIR', 'it is a directory'],
  ['EEXIST', 'it exists already'],
  ['ENOTEMPTY', 'the directory is not empty'],
  ['ELOOP', 'its links lead in a circle'],
  ['ENAMETOOLONG', 'the name is too long'],
  ['EXDEV', 'it lies on another file system'],
  ['EBUSY', 'it is in use'],
  ['ETXTBSY', 'it is being run'],
  ['EFBIG', 'the file is too large for its file system'],
  ['EINVAL', 'the system takes no such value'],
  ['ENOMEM', 'no memory is left'],
  ['EAGAIN', 'the system has no room for it at this moment'],
  ['ENXIO', 'there is no such device'],
  ['ENODEV', 'there is no such device'],
  ['ESTALE', 'the file is gone from its server'],
  ['EPIPE', 'nobody reads it any more'],
  ['ECONNREFUSED', 'nobody listens there'],
  ['ECONNRESET', 'the other side has cut the connection'],
  ['ETIMEDOUT', 'no answer has come in time'],
  ['EHOSTUNREACH', 'no way leads to that machine'],
  ['ENETUNREACH', 'no way leads to that network'],
  ['ENOTFOUND', 'no machine has that name'],
  ['EAI_AGAIN', 'names cannot be looked up at this moment'],
  ['EADDRINUSE', 'another program listens there'],
  ['EADDRNOTAVAIL', 'this machine has no such address'],
])

/** `permission is denied (EACCES)`; null where it is no error of the system. */
export function systemReason(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return null
  const said = SAID.get(error.code)
  if (said !== undefined) return `${said} (${error.code})`
  return 'syscall' in error ? `the system refuses it (${error.code})` : null
}

/** The same with the path that the system was asked for, where nothing else names it. */
export function systemReasonWithPath(error: unknown): string | null {
  const reason = systemReason(error)
  const path = error instanceof Error && 'path' in error && typeof error.path === 'string' ? error.path : ''
  return reason === null || path === '' ? reason : `${path}: ${reason}`
}

/** Errors whose text is a sentence of Shoal's. A plain Error is one of them where it has no code: libraries name theirs. */
const OWN: ReadonlySet<string> = new Set(['ShoalError', 'WireError', 'InvariantError'])

/** Why something failed, for people. `otherwise`: what to say where only an engine or a library has something to say. */
export function reasonOf(error: unknown, otherwise: string): string {
  const reason = systemReason(error)
  if (reason !== null || !(error instanceof Error)) return reason ?? otherwise
  // A bug that a peer tells of has an engine's text.
  if ('code' in error && error.code === 'INTERNAL') return otherwise
  return OWN.has(error.name) || (error.name === 'Error' && !('code' in error)) ? error.message : otherwise
}

/** One thing that does not fit a shape, as zod reports it. */
interface Misfit {
  readonly code?: string | undefined
  readonly expected?: string
  readonly maximum?: number | bigint
  readonly path?: readonly PropertyKey[] | undefined
  readonly message: string
}

const EXPECTED: Readonly<Record<string, string>> = {
  string: 'is no text',
  number: 'is no number',
  int: 'is no whole number',
  boolean: 'is neither true nor false',
  array: 'is no list',
  object: 'is no object',
  record: 'is no object',
}
const MISFITS_SHOWN = 5

/** What does not fit a shape: `job.params.since is no text; limits.copies is no number`. */
export function misfitText(misfits: readonly Misfit[]): string {
  const said = misfits.slice(0, MISFITS_SHOWN).map(({ code, expected, maximum, path, message }) => {
    const where = path === undefined || path.length === 0 ? 'it' : path.map(String).join('.')
    if (code === 'invalid_type') return `${where} ${EXPECTED[expected ?? ''] ?? 'is of another kind than it should be'}`
    if (code === 'too_big' && maximum !== undefined) return `${where} is more than ${maximum}`
    // The sentence of a check of Shoal's own; zod's says no more than that.
    const own = code === 'custom' && !message.startsWith('Invalid')
    return own ? `${where}: ${message}` : `${where} is not as it should be`
  })
  return said.join('; ')
}
