import picomatch from 'picomatch'
import { ShoalError } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'

/**
 * Whether a shard's path belongs to an input. `''` takes all; else the glob has picomatch's meaning on the whole path
 * (`*` stays within a folder, `**` does not), and a path that equals the glob letter by letter matches too, whatever
 * characters it contains. An unreadable folder (its path ends in `/`) belongs to every glob that could match below it.
 * Throws USAGE for a glob that is too long, or could take for ever: matching tries all ways to share a path out among the
 * stars, and globs come from peers, too.
 */
export function globMatcher(glob: string): (path: string) => boolean {
  if (glob === '') return () => true
  if (Buffer.byteLength(glob) > LIMITS.pathBytesMax) {
    throw new ShoalError('USAGE', `a glob has at most ${LIMITS.pathBytesMax} bytes`)
  }
  const { stars, folders } = wildness(glob)
  if (stars > STARS_MAX || folders > GLOBSTARS_MAX) {
    throw new ShoalError(
      'USAGE',
      `a glob has at most ${STARS_MAX} stars between two slashes, and ${GLOBSTARS_MAX} times **`,
      {
        why: `${JSON.stringify(glob)} has more; +( ) and *( ) count as two, !( ) as one`,
        try: ['{a*,b*} for one or the other'],
      },
    )
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

/** So many ways there are at most, for names of the length that file systems allow: some millions. */
const STARS_MAX = 3
const GLOBSTARS_MAX = 2
/** What a group that repeats, `+(a|b)`, counts for. */
const REPEATED = 2

/** The most stars that stand between two slashes, of alternatives the most of any one; and how many `**` there are. */
function wildness(glob: string): { stars: number; folders: number } {
  let at = 0
  let folders = 0
  /** Stars of what begins at `at`, up to the bracket that closes it; `next` begins an alternative. */
  const starsUpTo = (next: '' | ',' | '|'): number => {
    let most = 0
    let stars = 0
    for (; at < glob.length; at++) {
      const c = glob[at]!
      if ((next === '|' && c === ')') || (next === ',' && c === '}')) break
      if (c === '\\') at++
      else if (c === '/' || c === next) {
        most = Math.max(most, stars)
        stars = 0
      } else if (c === '(' || c === '{') stars += group(c)
      else if (c === '*') {
        stars++
        if (glob[at + 1] === '*') folders++
        while (glob[at + 1] === '*') at++
      } else if (c === '+' && (next !== '' || glob[at - 1] === ']')) stars++
    }
    return Math.max(most, stars)
  }
  /** Stars of a group; one that repeats counts for more, as each of its rounds can end anywhere. */
  const group = (opens: string): number => {
    const before = glob[at - 1] ?? ''
    at++
    const within = starsUpTo(opens === '(' ? '|' : ',')
    const after = glob[at + 1] ?? ''
    const extended = opens === '(' && before !== '' && '+*!?@'.includes(before)
    if (after === '*' && opens === '(' && !extended) return STARS_MAX + 1
    if (!extended) return within
    if (before === '!') return 1 + within
    return before === '+' || before === '*' ? REPEATED + 2 * within : within
  }
  // `(a|aa)+` is no glob, but picomatch hands it on to the expression.
  const stars = /[)}](?:\+|\{\d*,?\})/.test(glob) ? STARS_MAX + 1 : starsUpTo('')
  return { stars, folders }
}

/** The leading folders of a glob that are plain text, with a `/` behind them; '' if there are none. */
function literalBase(glob: string): string {
  const { base, isGlob } = picomatch.scan(glob)
  const folder = isGlob ? base : base.slice(0, Math.max(0, base.lastIndexOf('/')))
  return folder === '' ? '' : `${folder}/`
}
