/** The import rule as a table: every import points down, none up, none in a circle, and a library has one place. */
import { posix } from 'node:path'

export interface SourceFile {
  /** Relative to the repository, `/`-separated. */
  readonly path: string
  readonly text: string
}

/** Floor → floors it may import, beside itself. `adapters/X` stands for one adapter; adapters never see each other. */
const FLOORS: Readonly<Record<string, readonly string[]>> = {
  cli: ['control', 'core', 'index', 'job', 'words'],
  web: ['control', 'core', 'index', 'words'],
  testing: ['job', 'core', 'data', 'ports', 'task', 'words'],
  index: ['node', 'control', 'core', 'data', 'job', 'ports', 'adapters/esbuild', 'words'],
  node: ['adapters/*', 'catalog', 'control', 'core', 'data', 'job', 'ports', 'runtime', 'wire', 'words', 'kept'],
  control: ['core', 'ports', 'words', 'kept'],
  runtime: ['catalog', 'control/api', 'core', 'data', 'ports', 'wire', 'words', 'kept'],
  'adapters/*': ['core', 'ports', 'words', 'kept'],
  'adapters/esbuild': ['control/api', 'core', 'job', 'ports', 'task', 'words'],
  'adapters/tasks': ['core', 'ports', 'task', 'words'],
  task: ['control/api', 'core', 'data', 'job', 'ports', 'words', 'kept'],
  wire: ['core', 'ports', 'words'],
  catalog: ['core', 'data', 'ports', 'words', 'kept'],
  sql: ['core', 'data'],
  data: ['core', 'words'],
  ports: ['core'],
  job: ['core', 'words'],
  words: ['core'],
  kept: ['core'],
  core: [],
}

/** Floor → its rooms, top first: none imports one above it. What lies in no room is everyone's on the floor. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  runtime: ['api', 'peers', 'home'],
  core: ['gossip', 'schedule', 'exchange', 'outcome', 'members', 'ledger', 'plan', 'spec'],
}

/** Library → the only places that know it. `node:` modules are everyone's but core's. */
const LIBRARIES: readonly (readonly [pattern: RegExp, places: readonly string[]])[] = [
  [/^(libp2p|@libp2p\/.*|@multiformats\/.*)$/, ['adapters/libp2p']],
  [/^it-pipe$/, ['adapters/libp2p', 'runtime']],
  [/^#?esbuild$/, ['adapters/esbuild']],
  [/^(commander|log-update)$/, ['cli']],
  [/^hyparquet(-compressors|-writer)?(\/.*)?$/, ['data']],
  [/^(parquet-wasm(\/.*)?|@uwdata\/flechette)$/, ['data', 'adapters/tasks']],
  [/^picomatch$/, ['catalog', 'cli']],
  [/^cborg(\/.*)?$/, ['wire', 'catalog', 'runtime', 'node', 'control']],
  [/^zod\/mini$/, ['wire', 'runtime', 'catalog', 'control']],
  // Starter files that `shoal init` writes.
  [/^shoal(\/.*)?$/, ['cli']],
  [/^#(task|job)$/, ['adapters/esbuild']],
  [/^#package$/, ['control']],
  [/^#(main|job-types)$/, ['cli']],
  [/^(node:.*|uint8arrays(\/.*)?)$/, ['*']],
]

const STATIC = /^\s*(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]/gm
const SIDE_EFFECT = /^\s*import\s*['"]([^'"]+)['"]/gm
const DYNAMIC = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g
const RESOLVED = /\bimport\.meta\.resolve\(\s*['"]([^'"]+)['"]\s*\)/g

interface Import {
  readonly from: string
  readonly target: string
  /** `await import(…)`: a call at run time, which takes no part in the order in which modules load. */
  readonly lazy: boolean
}

/** What each file imports, types too: a relative target becomes a repository path, a package keeps its name. */
export function importsOf(file: SourceFile): Import[] {
  const code = file.text.replaceAll(/^\s*\*.*$|\/\/.*$/gm, '')
  return [STATIC, SIDE_EFFECT, DYNAMIC, RESOLVED].flatMap((pattern) =>
    [...code.matchAll(pattern)].map(([, target = '']) => ({
      from: file.path,
      target: target.startsWith('.') ? posix.join(posix.dirname(file.path), target) : target,
      lazy: pattern === DYNAMIC || pattern === RESOLVED,
    })),
  )
}

/** `src/adapters/disk/lock.ts` → `adapters/disk`; `src/node.ts` → `node`; `src/data/formats/csv.ts` → `data`. */
export function floorOf(path: string): string {
  const parts = path
    .replace(/^src\//, '')
    .replace(/\.ts$/, '')
    .split('/')
  return parts[0] === 'adapters' ? parts.slice(0, 2).join('/') : (parts[0] ?? '')
}

export function importFindings(files: readonly SourceFile[]): string[] {
  const imports = files.flatMap(importsOf)
  return [...imports.flatMap(direction), ...circles(files, imports)]
}

function direction({ from, target }: Import): string[] {
  const floor = floorOf(from)
  if (!target.startsWith('src/')) return target.includes('/src/') ? [] : library(from, floor, target)
  const below = floorOf(target)
  const key = floor.startsWith('adapters/') && !(floor in FLOORS) ? 'adapters/*' : floor
  const allowed = FLOORS[key]
  if (allowed === undefined) return [`${from}: the floor ${floor} is not in the table of scripts/imports.ts`]
  if (below === floor) return withinFloor(floor, from, target)
  if (allowed.includes(below)) return []
  if (below.startsWith('adapters/') && allowed.includes('adapters/*')) return []
  if (allowed.some((one) => target === `src/${one}.ts`)) return []
  return [`${from} imports ${target}: ${floor} may import only ${allowed.join(', ') || 'itself'}`]
}

function withinFloor(floor: string, from: string, target: string): string[] {
  const rooms = ROOMS[floor] ?? []
  const [above, below] = [from, target].map((path) => rooms.indexOf(path.split('/')[2] ?? ''))
  return above! < 0 || below! < 0 || above! <= below!
    ? []
    : [`${from} imports ${target}: of ${floor}, ${rooms[below!]} stands above ${rooms[above!]}`]
}

function library(from: string, floor: string, target: string): string[] {
  if (floor === 'core') return [`${from} imports ${target}: core imports nothing outside core`]
  const rule = LIBRARIES.find(([pattern]) => pattern.test(target))
  if (rule === undefined) return [`${from} imports ${target}: a library that scripts/imports.ts does not place`]
  const [, places] = rule
  return places.includes('*') || places.includes(floor)
    ? []
    : [`${from} imports ${target}: only ${places.join(', ')} know it; use the port`]
}

/** Each circle once, as the path around it. Depth first; a file on the present path closes a circle. */
function circles(files: readonly SourceFile[], imports: readonly Import[]): string[] {
  const next = new Map<string, string[]>(files.map((file) => [file.path, []]))
  for (const { from, target, lazy } of imports) if (!lazy && next.has(target)) next.get(from)?.push(target)
  const found: string[] = []
  const done = new Set<string>()
  const visit = (path: string, above: readonly string[]): void => {
    const at = above.indexOf(path)
    if (at >= 0) found.push(`circle: ${[...above.slice(at), path].join(' → ')}`)
    if (at >= 0 || done.has(path)) return
    for (const target of next.get(path) ?? []) visit(target, [...above, path])
    done.add(path)
  }
  for (const { path } of files) visit(path, [])
  return found
}
