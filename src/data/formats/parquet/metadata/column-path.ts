/**
 * Names of columns, and of what is within them, by what they mean: `a.b` is the field b of a, `a[]` an element of the
 * list a, `a{key}` and `a{value}` what the map a has. How a writer calls the groups between does not show.
 */

/** Other names stand in quotes. Controls are no part of it: paths are shown to people. */
const PLAIN = /^[\w\-\u{a0}-\u{10ffff}]+$/u
const NAME = String.raw`(?:[\w\-\u{a0}-\u{10ffff}]+|"(?:[^"\\\n]|\\[^\n])*")`

/** What a path is made of, for expressions with the flag `u`. */
export const PATH_PATTERN: string = String.raw`${NAME}(?:\.${NAME}|\[\]|\{key\}|\{value\})*`

const HEAD = new RegExp(`^${NAME}`, 'u')

export function quotedName(name: string): string {
  return PLAIN.test(name) ? name : JSON.stringify(name)
}

export const fieldOf = (group: string, name: string): string => `${group}.${quotedName(name)}`
export const elementOf = (list: string): string => `${list}[]`
export const keyOf = (map: string): string => `${map}{key}`
export const valueOf = (map: string): string => `${map}{value}`

/** The column, as quotedName gives it, that a path leads into. */
export function columnOf(path: string): string {
  return HEAD.exec(path)?.[0] ?? path
}

/** What `quotedName` was given. */
export function unquotedName(quoted: string): string {
  return quoted.startsWith('"') ? (JSON.parse(quoted) as string) : quoted
}
