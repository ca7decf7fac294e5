import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import type { NodeApi } from '../control/api.ts'
import type { Engine, Outside } from './engine.ts'
import { HOME, JSON_OUTPUT, NO_COLOR, QUIET, VERBOSE } from './flags.ts'
import { paintFor, widthOf, writeTo, type Io, type Paint } from './io.ts'
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
  print(line: string): Promise<void> {
    return writeTo(this.io.stdout, `${line}\n`)
  }

  printJson(value: object): Promise<void> {
    return this.print(JSON.stringify(value))
  }

  async printTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): Promise<void> {
    await writeTo(this.io.stdout, renderTable(rows, columns, widthOf(this.io.stdout, this.io.environment), this.paint))
  }

  /** A line for the person at the terminal, on stderr. */
  note(line: string): void {
    this.io.stderr.write(`${line}\n`)
  }

  /** A line that helps but says nothing new: not with -q, nor where a program reads stderr as JSON. */
  hint(line: string): void {
    if (!this.quiet && !this.json) this.note(line)
  }
}
