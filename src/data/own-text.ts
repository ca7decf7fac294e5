/** A part of a string of so many code units or more is no copy in V8, but refers to the whole string. */
const VIEW_MIN = 13

/**
 * The same well-formed text, in memory of its own. Lines and fields are cut out of strings of a megabyte: to keep one of
 * them would keep the whole megabyte.
 */
export function ownText(text: string): string {
  return text.length < VIEW_MIN ? text : Buffer.from(text).toString()
}
