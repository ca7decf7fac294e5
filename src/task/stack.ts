import { SourceMap } from 'node:module'
import { isFlat } from '../data/flat-json.ts'

/** The name under which the bundle's code shows in stacks. */
export const JOB_SCRIPT = 'job.js'

/** Where in the user's sources: `line` and `column` from 1. */
export interface SourcePlace {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** `shoal/job`, in a bundle's source map: what goes wrong in it goes wrong where the job calls it. */
const OWN = 'shoal:'

const FRAME = new RegExp(`${JOB_SCRIPT.replace('.', '\\.')}:(\\d+):(\\d+)`, 'g')

/**
 * The places of a stack's frames in the sources, innermost first, as the bundle's source map tells; frames that it does
 * not know are left out, and Shoal's own. A stack is text that user code may have made: it can only mislead its own user.
 */
export function placesOf(stack: string, sourceMap: string | null): SourcePlace[] {
  const map = sourceMap === null ? null : openMap(sourceMap)
  if (map === null) return []
  const places: SourcePlace[] = []
  for (const [, line, column] of stack.matchAll(FRAME)) {
    const entry = map.findEntry(Number(line) - 1, Number(column) - 1)
    if (!('originalSource' in entry) || typeof entry.originalSource !== 'string') continue
    if (entry.originalSource.startsWith(OWN)) continue
    places.push({ file: entry.originalSource, line: entry.originalLine + 1, column: entry.originalColumn + 1 })
  }
  return places
}

/** The text of a source line, from the map's own copy of the sources; null if it has none. */
export function sourceLine(sourceMap: string | null, place: SourcePlace): string | null {
  const { sources, sourcesContent } = sourceMap === null ? {} : mapOf(sourceMap)
  if (!Array.isArray(sources) || !Array.isArray(sourcesContent)) return null
  const content: unknown = sourcesContent[sources.indexOf(place.file)]
  return typeof content === 'string' ? (content.split('\n')[place.line - 1] ?? null) : null
}

/** The map that esbuild made; null where it is another thing, over which the platform's own reader would loop for ever. */
function openMap(sourceMap: string): SourceMap | null {
  const { sources, mappings } = mapOf(sourceMap)
  const isText = (one: unknown): one is string => typeof one === 'string'
  if (!isText(mappings) || !Array.isArray(sources) || !sources.every(isText)) return null
  const names = { file: '', sourceRoot: '', sourcesContent: [], names: [] }
  try {
    return new SourceMap({ version: 3, sources, mappings, ...names })
  } catch {
    return null
  }
}

/** A job's source map may come from a peer: what is wrong with it must not hide what is wrong with the job. */
function mapOf(sourceMap: string): Readonly<Partial<Record<'sources' | 'sourcesContent' | 'mappings', unknown>>> {
  if (!isFlat(sourceMap)) return {}
  try {
    const map: unknown = JSON.parse(sourceMap)
    return typeof map === 'object' && map !== null ? map : {}
  } catch {
    return {}
  }
}

/** `file.ts:12:7` of the innermost frame in the user's own code (not a package), else of any; '' if there is none. */
export function placeText(places: readonly SourcePlace[]): string {
  const own = places.find((place) => !place.file.includes('node_modules/')) ?? places[0]
  return own === undefined ? '' : `${own.file}:${own.line}:${own.column}`
}
