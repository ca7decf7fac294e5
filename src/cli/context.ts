import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import type { NodeApi } from '../control/api.ts'
import { visibleJson } from '../words/visible.ts'
import type { Engine, Outside } from './engine.ts'
import { HOME, JSON_OUTPUT, NO_COLOR, QUIET, VERBOSE } from './flags.ts'
import { paintFor, widthOf, writeTo, type Io, type Paint } from './io.ts'
import { lineText, linesIn, type Line } from './line.ts'
import type { Settings } from './settings.ts'
import { renderTable, type Column } from './table.ts'

/** What a command has to work with. */
export class Context {
  readonly settings: Settings
  readonly io: Io
  readonly #outside: Outside

  constructor(settings: Settings, io: Io, outside: Outside) {
    this.settings = settings
    this.io = io
    this.#outside = outside
  }

  get json(): boolean {
    return this.settings.on(JSON_OUTPUT)
  }

  get quiet(): boolean {
    return this.settings.on(QUIET)
  }

  get verbose(): boolean {
    return this.settings.on(VERBOSE)
  }

  get home(): string {
    const given = this.settings.get(HOME)
    return given === undefined ? join(homedir(), '.shoal') : this.path(given)
  }

  /** The node of this home. */
  node(): NodeApi {
    return this.#outside.connect(this.home)
  }

  nodeAt(home: string): NodeApi {
    return this.#outside.connect(home)
  }

  engine(): Promise<Engine> {
    return this.#outside.engine()
  }

  path(given: string): string {
    return resolve(this.io.folder, given)
  }

  /** Colours for stdout. */
  get paint(): Paint {
    return paintFor(this.io.stdout, this.io.environment, this.settings.on(NO_COLOR))
  }

  /** Colours for stderr. */
  get notePaint(): Paint {
    return paintFor(this.io.stderr, this.io.environment, this.settings.on(NO_COLOR))
  }

  /** A line of data, on stdout. */
  print(line: Line): Promise<void> {
    return writeTo(this.io.stdout, `${lineText(line, this.paint)}\n`)
  }

  /** A text that has lines of its own, on stdout. */
  async printLines(text: string): Promise<void> {
    for (const line of linesIn(text)) await this.print(line)
  }

  printJson(value: object): Promise<void> {
    return writeTo(this.io.stdout, `${visibleJson(value)}\n`)
  }

  async printTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): Promise<void> {
    await writeTo(this.io.stdout, renderTable(rows, columns, widthOf(this.io.stdout, this.io.environment), this.paint))
  }

  /**
   * A line for a person, on stderr; control characters are shown also in a file, which may be read in a terminal later.
   */
  note(line: Line): void {
    this.io.stderr.write(`${lineText(line, this.notePaint)}\n`)
  }

  /** A text that has lines of its own, on stderr. */
  noteLines(text: string): void {
    for (const line of linesIn(text)) this.note(line)
  }

  noteJson(value: object): void {
    this.io.stderr.write(`${visibleJson(value)}\n`)
  }

  /** A line that helps but says nothing new: not with -q, nor where a program reads stderr as JSON. */
  hint(line: Line): void {
    if (!this.quiet && !this.json) this.note(line)
  }
}
