/** What is sound, and cannot be read: the file may be written again without it. */
export class Unsupported extends Error {}

/** The same error, with the column's name. What the source throws, as a failing disk does, stays as it is. */
export function inColumn(name: string, error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const message = `column ${name}: ${error.message}`
  if (error instanceof Unsupported) return new Unsupported(message, { cause: error })
  return error.constructor === Error ? new Error(message, { cause: error }) : error
}
