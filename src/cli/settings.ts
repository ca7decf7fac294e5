import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ShoalError } from '../core/errors.ts'
import { asShoalError } from '../words/thrown.ts'
import type { Code } from '../core/codes.ts'
import { environmentName, type Flag } from './flags.ts'
import { nearestOne } from '../words/nearest.ts'
import { systemReasonWithPath } from '../words/reason.ts'

export type Origin = 'flag' | 'environment' | 'config' | 'default'
/** What was given on the command line, by flag name; a switch that was given holds `true`. */
export type GivenFlags = ReadonlyMap<string, readonly string[]>
export type ConfigFile = ReadonlyMap<string, readonly string[]>
export type Environment = Readonly<Record<string, string | undefined>>

const CONFIG_NAME = 'shoal.config.ts'

interface Source {
  readonly origin: Origin
  readonly texts: readonly string[]
  /** How an error names it. */
  readonly label: string
}

/** The values of flags: command line over environment over shoal.config.ts over default. */
export class Settings {
  readonly #given: GivenFlags
  readonly #environment: Environment
  readonly #config: ConfigFile

  constructor(given: GivenFlags, environment: Environment, config: ConfigFile) {
    this.#given = given
    this.#environment = environment
    this.#config = config
  }

  /** @throws ShoalError USAGE (flag) or CONFIG (environment, file); both exit 2. */
  get<T>(flag: Flag<T>): T | undefined {
    return this.all(flag).at(-1)
  }

  all<T>(flag: Flag<T>): readonly T[] {
    const source = this.#source(flag)
    return source.texts.map((text) => readFrom(flag, text, source))
  }

  on(flag: Flag<boolean>): boolean {
    return this.get(flag) ?? false
  }

  origin(flag: Flag<unknown>): Origin {
    return this.#source(flag).origin
  }

  #source(flag: Flag<unknown>): Source {
    const given = this.#given.get(flag.name)
    if (given !== undefined) return { origin: 'flag', texts: given, label: `--${flag.name}` }
    if (flag.lineOnly) return { origin: 'default', texts: [], label: '' }
    const name = environmentName(flag.name)
    const text = this.#environment[name]
    if (text !== undefined && (text !== '' || flag.value === null)) {
      return { origin: 'environment', texts: flag.many ? severalIn(text) : [text], label: name }
    }
    const configured = this.#config.get(flag.name)
    if (configured !== undefined) return { origin: 'config', texts: configured, label: `${CONFIG_NAME}: ${flag.name}` }
    return { origin: 'default', texts: [], label: '' }
  }
}

/** A flag that may be repeated, in one variable: one value a line, or separated by `;`. */
function severalIn(text: string): string[] {
  return text
    .split(text.includes('\n') ? '\n' : ';')
    .map((one) => one.trim())
    .filter((one) => one !== '')
}

function readFrom<T>(flag: Flag<T>, text: string, source: Source): T {
  try {
    return flag.read(text)
  } catch (error) {
    const { code, message, try: remedies, why } = asShoalError(error)
    const known: Code = code === 'USAGE' && source.origin !== 'flag' ? 'CONFIG' : code
    const said = message.startsWith('--') && source.origin === 'flag' ? message : `${source.label}: ${message}`
    throw new ShoalError(known, said, { try: remedies, why })
  }
}

/**
 * Reads shoal.config.ts of `folder`: its default export is an object of flag names, in either case (`taskTimeout`,
 * 'task-timeout'), with strings, numbers, booleans or lists of them. No file: nothing is set.
 * @throws ShoalError CONFIG
 */
export async function readConfigFile(folder: string, flags: readonly Flag<unknown>[]): Promise<ConfigFile> {
  const path = join(folder, CONFIG_NAME)
  if (!existsSync(path)) return new Map()
  let settings: unknown
  try {
    settings = ((await import(pathToFileURL(path).href)) as { default?: unknown }).default
  } catch (error) {
    throw new ShoalError('CONFIG', `${CONFIG_NAME} cannot be loaded`, {
      why: whyNotLoaded(error),
      try: [`node ${CONFIG_NAME}   says where`],
      cause: error,
    })
  }
  if (typeof settings !== 'object' || settings === null || Array.isArray(settings)) {
    throw new ShoalError('CONFIG', `${CONFIG_NAME} has no default export that is an object`, {
      try: ["export default { home: '/srv/shoal', data: ['logs=/var/log/nginx'] }"],
    })
  }
  return new Map(Object.entries(settings).map(([key, value]) => [configName(key, flags), configTexts(key, value)]))
}

/**
 * An error that the file throws is shown as its author wrote it; one of the engine (syntax, imports) in Shoal's words.
 */
function whyNotLoaded(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'ERR_MODULE_NOT_FOUND') return 'it imports what is not there'
  if (error instanceof SyntaxError || code.includes('TYPESCRIPT')) return 'it is not valid TypeScript'
  return systemReasonWithPath(error) ?? `it threw: ${error instanceof Error ? error.message : String(error)}`
}

function configName(key: string, flags: readonly Flag<unknown>[]): string {
  const name = key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  const names = flags.map((flag) => flag.name)
  if (names.includes(name)) return name
  const meant = nearestOne(name, names)
  throw new ShoalError('CONFIG', `${CONFIG_NAME}: there is no setting ${JSON.stringify(key)}`, {
    try: meant === null ? [] : [`${meant}   is one`],
  })
}

function configTexts(key: string, value: unknown): string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  return list.map((one) => {
    if (typeof one === 'string' || typeof one === 'number' || typeof one === 'boolean') return String(one)
    throw new ShoalError('CONFIG', `${CONFIG_NAME}: ${key} is neither text, number, true or false, nor a list of them`)
  })
}
