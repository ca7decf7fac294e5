import { SourceMap } from 'node:module'
import { JOB_SCRIPT } from './realm.ts'

/** Where in the user's sources: `line` and `column` from 1. */
export interface SourcePlace {
  readonly file: string
  readonly line: number
  readonly column: number
}

const FRAME = new RegExp(`${JOB_SCRIPT.replace('.', '\\.')}:(\\d+):(\\d+)`, 'g')

/**
 * The places of a stack's frames in the sources, innermost first, as the bundle's source map tells; frames that it does
 * not know are left out. A stack is text that user code may have made: it can only mislead its own user.
 */
export function placesOf(stack: string, sourceMap: string | null): SourcePlace[] {
  if (sourceMap === null) return []
  let map: SourceMap
  try {
    map = new SourceMap(JSON.parse(sourceMap) as ConstructorParameters<typeof SourceMap>[0])
  } catch {
    return []
  }
  const places: SourcePlace[] = []
  for (const [, line, column] of stack.matchAll(FRAME)) {
    const entry = map.findEntry(Number(line) - 1, Number(column) - 1)
    if (!('originalSource' in entry) || typeof entry.originalSource !== 'string') continue
    places.push({ file: entry.originalSource, line: entry.originalLine + 1, column: entry.originalColumn + 1 })
  }
  return places
}

/** The text of a source line, from the map's own copy of the sources; null if it has none. */
export function sourceLine(sourceMap: string | null, place: SourcePlace): string | null {
  if (sourceMap === null) return null
  const { sources, sourcesContent } = JSON.parse(sourceMap) as { sources?: string[]; sourcesContent?: string[] }
  const index = sources?.indexOf(place.file) ?? -1
  return sourcesContent?.[index]?.split('\n')[place.line - 1] ?? null
}

/** `file.ts:12:7` of the innermost frame in the user's own code (not a package), else of any; '' if there is none. */
export function placeText(places: readonly SourcePlace[]): string {
  const own = places.find((place) => !place.file.includes('node_modules/')) ?? places[0]
  return own === undefined ? '' : `${own.file}:${own.line}:${own.column}`
}
