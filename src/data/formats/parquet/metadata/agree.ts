/** How files whose columns differ are read together. Pure: files and options decide, whatever the files hold. */
import type { Agreed, Widened } from '../../../../core/types.ts'
import { columnOf, quotedName, unquotedName } from './column-path.ts'
import { digestOfText, isDigest } from './columns.ts'

export interface FileColumns {
  /** See `columnsText`; '' where it is not known. */
  readonly text: string
}

export interface AgreeOptions {
  /** Columns that are read; null: all. */
  readonly wanted: readonly string[] | null
  /** Bytes without an annotation are text. */
  readonly bytesAreText: boolean
}

/** A file, and the form that its values of a column have. */
interface FormIn<File> {
  readonly file: File
  readonly form: string
}

export interface Conflict<File> {
  /** As `column-path.ts` writes it. */
  readonly path: string
  readonly one: FormIn<File>
  readonly other: FormIn<File>
}

export interface Agreement<File> {
  /** What a reader of each file needs to know of the others; null: nothing. */
  readonly agreed: Agreed | null
  /** Of each column the first, in the order of the columns. */
  readonly conflicts: readonly Conflict<File>[]
  /** Two files that can only be told apart as a whole, and differ: then nothing else is known. */
  readonly apart: readonly [one: File, other: File] | null
  /** Wanted columns that no file has … */
  readonly missing: readonly string[]
  /** … of which it has these. */
  readonly names: Iterable<string>
}

const NOTHING = { agreed: null, conflicts: [], apart: null, missing: [], names: [] } as const

/** Takes time for each different text, whatever the number of files. */
export function agree<File extends FileColumns>(files: Iterable<File>, options: AgreeOptions): Agreement<File> {
  const distinct = distinctOf(files)
  const [first, second] = distinct
  const whole = distinct.find(({ text }) => isWhole(text))
  if (whole !== undefined && second !== undefined)
    return { ...NOTHING, apart: whole === first ? [whole, second] : [first!, whole] }
  if (first === undefined || whole !== undefined || (second === undefined && options.wanted === null)) return NOTHING
  const meeting = new Meeting<File>(options)
  for (const file of distinct) meeting.add(file)
  return meeting.result()
}

const isWhole = (text: string): boolean => text === '' || isDigest(text)

/** The first file of each text. A digest may be of a text that another file has in full. */
function distinctOf<File extends FileColumns>(files: Iterable<File>): File[] {
  const distinct = new Map<string, File>()
  for (const file of files) if (!distinct.has(file.text)) distinct.set(file.text, file)
  const all = [...distinct.values()]
  if (!all.some(({ text }) => isDigest(text))) return all
  const full = new Set(all.flatMap(({ text }) => (isWhole(text) ? [] : [digestOfText(text)])))
  return all.filter(({ text }) => !full.has(text))
}

/** What is known of one path so far: the widest form, and the first file that has it. */
interface Met<File> extends FormIn<File> {
  readonly widens: boolean
}

class Meeting<File extends FileColumns> {
  readonly #options: AgreeOptions
  readonly #wanted: ReadonlySet<string> | null
  readonly #met = new Map<string, Met<File>>()
  readonly #conflicts = new Map<string, Conflict<File>>()
  /** By column, in how many of the files it is. */
  readonly #columns = new Map<string, number>()
  #files = 0

  constructor(options: AgreeOptions) {
    this.#options = options
    this.#wanted = options.wanted === null ? null : new Set(options.wanted.map(quotedName))
  }

  add(file: File): void {
    this.#files++
    for (const line of file.text.split('\n')) {
      const at = line.lastIndexOf(' ')
      const path = line.slice(0, at)
      const column = columnOf(path)
      if (path === column) this.#columns.set(column, (this.#columns.get(column) ?? 0) + 1)
      if (this.#wanted?.has(column) !== false) this.#meet(path, file, line.slice(at + 1))
    }
  }

  result(): Agreement<File> {
    const paths = [...this.#met].filter(([, { widens }]) => widens)
    const widened = paths.map(([path, { form }]): [string, Widened] => [path, widenedTo(form)])
    const counted = (this.#options.wanted ?? []).map((name) => ({
      name,
      count: this.#columns.get(quotedName(name)) ?? 0,
    }))
    const lacking = counted.filter(({ count }) => count < this.#files).map(({ name }) => name)
    return {
      agreed: widened.length + lacking.length === 0 ? null : { widened, lacking },
      conflicts: [...this.#conflicts.values()],
      apart: null,
      missing: counted.filter(({ count }) => count === 0).map(({ name }) => name),
      names: this.#columns.keys().map(unquotedName),
    }
  }

  #meet(path: string, file: File, stored: string): void {
    const form = stored === 'bytes' && this.#options.bytesAreText ? 'string' : stored
    const known = this.#met.get(path)
    if (known === undefined) this.#met.set(path, { file, form, widens: false })
    if (known === undefined || known.form === form) return
    const wider = widerOf(known.form, form, path)
    if (wider === null) {
      const conflict = { path, one: { file: known.file, form: known.form }, other: { file, form } }
      if (!this.#conflicts.has(path)) this.#conflicts.set(path, conflict)
      return
    }
    const widens = known.widens || (IS_WIDENED.test(wider) && known.form !== 'null' && form !== 'null')
    this.#met.set(path, wider === known.form ? { ...known, widens } : { file, form, widens })
  }
}

const IS_WIDENED = /^(?:int64|time)/

function widenedTo(form: string): Widened {
  const unit = UNIT.exec(form)?.[2]
  return unit === undefined ? 'int64' : (unit as Widened)
}

const UNIT = /^(time|timestamp)\((ms|us|ns)(,local)?\)$/
const FINER = ['ms', 'us', 'ns']

/** The one of two different forms that can hold the values of both; null where none can. */
function widerOf(a: string, b: string, path: string): string | null {
  // A map whose keys are null is no object, as one with text for keys is.
  if (!path.endsWith('{key}')) {
    if (a === 'null') return b
    if (b === 'null') return a
  }
  if (isInteger(a) && isInteger(b)) return 'int64'
  if (isBytes(a) && isBytes(b)) return a
  const [, kindA, unitA, localA] = UNIT.exec(a) ?? []
  const [, kindB, unitB, localB] = UNIT.exec(b) ?? []
  if (kindA === undefined || kindA !== kindB || localA !== localB) return null
  return FINER.indexOf(unitA!) > FINER.indexOf(unitB!) ? a : b
}

const isInteger = (form: string): boolean => form === 'int32' || form === 'int64'
const isBytes = (form: string): boolean => form === 'bytes' || form === 'binary'
