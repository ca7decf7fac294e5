/** V8 makes a slice of so many code units or more a view of the string that it was cut from. */
const VIEW_MIN = 13

/**
 * The same well-formed text, in memory of its own. Lines and fields are views of a megabyte each: one that is kept
 * would keep all of it.
 */
export function ownText(text: string): string {
  return text.length < VIEW_MIN ? text : Buffer.from(text).toString()
}
