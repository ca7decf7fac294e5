import picomatch from 'picomatch'
import { ShoalError } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'
import { compareUtf8 } from '../core/plan/ranks.ts'

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
  // No path has one, and picomatch leaves them out: what looks harmless with it may not be without.
  if (glob.includes('\0')) throw new ShoalError('USAGE', 'a glob has no NUL in it')
  if (!isBalanced(glob)) return unbalanced(glob)
  const { stars, folders } = wildness(glob)
  if (stars > STARS_MAX || folders > GLOBSTARS_MAX) {
    throw new ShoalError(
      'USAGE',
      `a glob has at most ${STARS_MAX} stars between two slashes, and ${GLOBSTARS_MAX} times **`,
      {
        why:
          `${JSON.stringify(glob)} has more; +( ) and *( ) count as two; !( ), ?( ) and alternatives that do not begin ` +
          'differently count as one, and cannot be repeated',
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

/** Whether each `(` outside of `[ ]` has its `)`: of others picomatch makes an expression of something else. */
function isBalanced(glob: string): boolean {
  let open = 0
  for (let at = 0; at < glob.length && open >= 0; at++) {
    const c = glob[at]!
    if (c === '\\') at++
    else if (c === '[') at = Math.max(at, glob.indexOf(']', at))
    else if (c === '(') open++
    else if (c === ')') open--
  }
  return open === 0
}

/** A file's name may be so; a pattern is not. */
function unbalanced(glob: string): (path: string) => boolean {
  if (/[*?[{]/.test(glob))
    throw new ShoalError('USAGE', `the brackets of the glob ${JSON.stringify(glob)} do not match`, {
      try: ['\\( and \\) for the letters themselves'],
    })
  return (path) => (path.endsWith('/') ? glob.startsWith(path) : path === glob)
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
  /**
   * Stars of a group; one that repeats counts for more, as each of its rounds can end anywhere, and a choice that the
   * next letter does not decide counts as a star: many of them, or rounds of one, have ways without number.
   */
  const group = (opens: string): number => {
    const before = glob[at - 1] ?? ''
    at++
    const from = at
    const separator = opens === '(' ? '|' : ','
    const within = starsUpTo(separator)
    const content = glob.slice(from, at)
    const choice = isDecided(alternatives(content, separator)) ? 0 : 1
    const after = glob[at + 1] ?? ''
    const extended = opens === '(' && before !== '' && '+*!?@'.includes(before)
    if (after === '*' && opens === '(' && !extended) return STARS_MAX + 1
    if (!extended || before === '@') return choice + within
    if (before === '!' || before === '?') return 1 + within
    return choice === 0 && !/[({]/.test(content) ? REPEATED + 2 * within : STARS_MAX + 1
  }
  // `(a|aa)+` is no glob, but picomatch hands it on to the expression.
  const stars = /[)}](?:\+|\{\d*,?\})/.test(glob) ? STARS_MAX + 1 : starsUpTo('')
  return { stars, folders }
}

/** Of what stands in a group, outside of groups within it. */
function alternatives(content: string, separator: string): string[] {
  const all = ['']
  let depth = 0
  for (let at = 0; at < content.length; at++) {
    const c = content[at]!
    if (c === '(' || c === '{') depth++
    else if (c === ')' || c === '}') depth--
    if (c === separator && depth === 0) all.push('')
    else all[all.length - 1] += c === '\\' ? c + (content[++at] ?? '') : c
  }
  return all
}

/** Whether the letters that come next leave but one of the alternatives: none begins with another, as far as it is plain. */
function isDecided(all: readonly string[]): boolean {
  if (all.length === 1) return true
  const plain = all.map((one) => /^[^?*+!@[\]\\(){}]*/.exec(one)![0]).toSorted(compareUtf8)
  return plain.every((one, i) => one !== '' && (i === 0 || !one.startsWith(plain[i - 1]!)))
}

/** The leading folders of a glob that are plain text, with a `/` behind them; '' if there are none. */
function literalBase(glob: string): string {
  const { base, isGlob } = picomatch.scan(glob)
  const folder = isGlob ? base : base.slice(0, Math.max(0, base.lastIndexOf('/')))
  return folder === '' ? '' : `${folder}/`
}
