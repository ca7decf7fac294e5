/** Outputs in folders that are named by what lies in them, as Hive names them. Bundled into jobs: it uses the language alone. */
import type { Value } from './context.ts'
import type { InFolders } from './folder-name.ts'
import { stage, type Stage } from './stage.ts'

type Fields = Readonly<Record<string, unknown>>
interface Named {
  readonly partitionBy: (key: Value, value: Value) => unknown
}

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isStage = (value: unknown): value is Stage<Value, Value> => isObject(value) && value['shoal'] === 'stage'
const isNamed = (value: Fields): value is Fields & Named => typeof value['partitionBy'] === 'function'
const isPartitioned = (value: unknown): value is Named & { readonly stage: Stage<Value, Value> } =>
  isObject(value) && isNamed(value) && isStage(value['stage'])

/**
 * A job whose outputs with `partitionBy` are stages of their own. What else is wrong with it is told where it is checked.
 * `here` was made where the job calls `defineJob`: what `partitionBy` gives is looked at when it has ended, so that a new
 * error would know no line of the job. Absent: that is now.
 */
export function withFolders(job: unknown, here?: Error): unknown {
  if (!isObject(job)) return job
  const { output, outputs } = job
  if (isNamed(job) && isStage(output)) {
    const { partitionBy: _, ...rest } = job
    return { ...rest, output: inFolders(output.name, output, job, here) }
  }
  if (!isObject(outputs) || !Object.values(outputs).some(isPartitioned)) return job
  const drawn = Object.entries(outputs).map(([name, one]) => [
    name,
    isPartitioned(one) ? inFolders(name, one.stage, one, here) : one,
  ])
  return { ...job, outputs: Object.fromEntries(drawn) }
}

/** Dealt out by folder, so that each lies in one part, and its records in the order in which the stage gave them. */
function inFolders(
  name: string,
  input: Stage<Value, Value>,
  named: Named,
  here: Error = new Error('partitionBy'),
): InFolders {
  return {
    stage: stage(`${name}.folders`, {
      input,
      map: (key, value, { emit }) => emit(folderOf(named.partitionBy(key, value), here), [key, value]),
    }) as Stage<string, Value>,
    folders: true,
  }
}

const NAME = /^[\p{L}\p{N}_][\p{L}\p{N}_.-]*$/u
/** What Hive's and Spark's `escapePathName` encode, and NUL, which no file's name can have. */
const ENCODED = /[\u0000-\u001f"#%'*/:=?\\{[\]^\u007f]/g
/** The same in a text, in which a part may be encoded already. */
const MISPLACED = /[\u0000-\u001f"#'*/:=?\\{[\]^\u007f]|%(?![0-9A-Fa-f]{2})/
const NOTHING = '__HIVE_DEFAULT_PARTITION__'
type Refused = (what: string, remedy: string) => Error

const MOST = { segments: 8, characters: 1000, bytes: 255 }
const EXAMPLE = "give a text 'day=2026-11-01', or an object { day: '2026-11-01' }"

/** @throws `here`, which then says what is wrong with what `partitionBy` gave, and what to give */
export function folderOf(given: unknown, here: Error): string {
  const refused = (what: string, remedy: string): Error => {
    here.message = `partitionBy gave ${what}: ${remedy}`
    return here
  }
  const pairs = typeof given === 'string' ? pairsOf(given, refused) : encodedPairs(given, refused)
  const wrong = pairs.find(([name]) => !NAME.test(name))
  if (wrong !== undefined)
    throw refused(
      `a folder cannot be called ${shown(wrong[0])}`,
      'letters, digits, _ . and -, a letter, digit or _ first',
    )
  const names = pairs.map(([name]) => name.toLowerCase())
  const twice = pairs.find((_, i) => names.indexOf(names[i]!) < i)
  if (twice !== undefined)
    throw refused(`${shown(twice[0])} is there twice`, 'give each name once; case makes no difference')
  if (pairs.length > MOST.segments)
    throw refused(`${pairs.length} folders in one another`, `give ${MOST.segments} at most`)
  const segments = pairs.map((pair) => pair.join('='))
  const long = segments.find((segment) => bytesOf(segment) > MOST.bytes)
  if (long !== undefined)
    throw refused(`${shown(long)} is too long for the name of a folder`, `give one of at most ${MOST.bytes} bytes`)
  const folder = segments.join('/')
  if (folder.length <= MOST.characters) return folder
  throw refused(`${shown(folder)} has ${folder.length} characters`, `give ${MOST.characters} at most`)
}

/** A text says what it means: it is refused where it would have to be changed. */
function pairsOf(text: string, refused: Refused): [name: string, value: string][] {
  return text.split('/').map((segment) => {
    const at = segment.indexOf('=')
    if (at < 0) throw refused(`${shown(text)} is not NAME=VALUE`, EXAMPLE)
    const value = segment.slice(at + 1)
    if (value === '') throw refused(`${shown(text)} has a name without a value`, `give an object, or ${NOTHING}`)
    const [misplaced] = MISPLACED.exec(value) ?? []
    if (misplaced !== undefined)
      throw refused(`${shown(text)} has ${shown(misplaced)} in a value`, 'give an object, whose values are encoded')
    return [segment.slice(0, at), value]
  })
}

function encodedPairs(given: unknown, refused: Refused): [name: string, value: string][] {
  const pairs = isObject(given) ? Object.entries(given) : []
  if (pairs.length === 0) throw refused(isObject(given) ? 'an object without fields' : kindOf(given), EXAMPLE)
  return pairs.map(([name, value]) => {
    if (value === null) return [name, NOTHING]
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'bigint')
      throw refused(`${kindOf(value)} as ${shown(name)}`, 'give a text, a number, a bigint or null; of a Date its text')
    const text = String(value).replace(ENCODED, encoded)
    return [name, text === '' ? NOTHING : text]
  })
}

const encoded = (character: string): string => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`

/** As UTF-8. */
function bytesOf(text: string): number {
  let bytes = 0
  for (const character of text) {
    const code = character.codePointAt(0)!
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
  }
  return bytes
}

const shown = (text: string): string => JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text)
const kindOf = (value: unknown): string =>
  Array.isArray(value)
    ? 'an array'
    : value === null || value === undefined
      ? String(value)
      : `a value of type ${typeof value}`
