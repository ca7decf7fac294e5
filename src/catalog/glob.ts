import picomatch from 'picomatch'
import { ShoalError } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'

/**
 * Whether a shard's path belongs to an input. `''` takes all; else the glob has picomatch's meaning on the whole path
 * (`*` stays within a folder, `**` does not), and a path that equals the glob letter by letter matches too, whatever
 * characters it contains. An unreadable folder (its path ends in `/`) belongs to every glob that could match below it.
 * Throws USAGE for a glob that is too long.
 */
export function globMatcher(glob: string): (path: string) => boolean {
  if (glob === '') return () => true
  if (Buffer.byteLength(glob) > LIMITS.pathBytesMax) {
    throw new ShoalError('USAGE', `a glob has at most ${LIMITS.pathBytesMax} bytes`)
  }
  // `s`: a `.` of the expression shall match a newline, which may stand in a path.
  const matches = picomatch(glob, { dot: true, posixSlashes: false, flags: 's', maxLength: LIMITS.pathBytesMax })
  const base = literalBase(glob)
  const oneFolder = !glob.includes('/') && !glob.includes('**')
  return (path) => {
    if (!path.endsWith('/')) return path === glob || matches(path)
    if (oneFolder) return false
    return path.startsWith(base) || base.startsWith(path)
  }
}

/** The leading folders of a glob that are plain text, with a `/` behind them; '' if there are none. */
function literalBase(glob: string): string {
  const { base, isGlob } = picomatch.scan(glob)
  const folder = isGlob ? base : base.slice(0, Math.max(0, base.lastIndexOf('/')))
  return folder === '' ? '' : `${folder}/`
}
