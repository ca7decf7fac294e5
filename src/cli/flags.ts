import { ShoalError } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'
import { OUTPUT_FORMATS, type OutputFormat } from '../core/spec/settings.ts'
import { parseCount, parseDuration, parsePeriod, parseSize } from './quantities.ts'

/** One flag of the command line; `SHOAL_<NAME>` in the environment and `name` in shoal.config.ts mean the same. */
export interface Flag<T> {
  /** Without dashes in front. */
  readonly name: string
  readonly short: string | null
  /** What its value is called in the help; null: a switch. */
  readonly value: string | null
  readonly many: boolean
  /** On the command line alone: elsewhere its name means another flag's value. */
  readonly lineOnly: boolean
  readonly help: string
  read(text: string): T
}

interface FlagForm {
  readonly short?: string
  readonly many?: boolean
  readonly lineOnly?: boolean
}

function flag<T>(
  name: string,
  value: string | null,
  help: string,
  read: (text: string) => T,
  form: FlagForm = {},
): Flag<T> {
  return {
    name,
    value,
    help,
    read,
    short: form.short ?? null,
    many: form.many ?? false,
    lineOnly: form.lineOnly ?? false,
  }
}

const toggle = (name: string, help: string, form?: FlagForm): Flag<boolean> => flag(name, null, help, readSwitch, form)
const text = (name: string, value: string, help: string, form?: FlagForm): Flag<string> =>
  flag(name, value, help, readText, form)
const size = (name: string, help: string): Flag<number> => flag(name, 'SIZE', help, parseSize)
const duration = (name: string, help: string): Flag<number> => flag(name, 'D', help, parseDuration)
const count = (name: string, help: string, least: number, most: number): Flag<number> =>
  flag(name, 'N', help, (given) => parseCount(given, least, most))

function oneOf<T extends string>(name: string, choices: readonly T[], help: string, form: FlagForm = {}): Flag<T> {
  const read = (given: string): T => {
    const found = choices.find((choice) => choice === given)
    if (found !== undefined) return found
    throw new ShoalError('USAGE', `${JSON.stringify(given)} is none of ${choices.join(', ')}`)
  }
  return flag(name, choices.join('|'), help, read, form)
}

function readText(given: string): string {
  if (given === '') throw new ShoalError('USAGE', 'the value is empty')
  return given
}

function readSwitch(given: string): boolean {
  if (['1', 'true', 'yes', 'on'].includes(given.toLowerCase())) return true
  if (['0', 'false', 'no', 'off', ''].includes(given.toLowerCase())) return false
  throw new ShoalError('USAGE', `${JSON.stringify(given)} is neither true nor false`)
}

function readPartitions(given: string): number {
  const partitions = /^\d{1,9}$/.test(given) ? Number(given) : Number.NaN
  if (partitions >= 1 && partitions <= LIMITS.partitionsMax) return partitions
  throw new ShoalError('PARTITIONS', `--partitions ${given} is not a whole number from 1 to ${LIMITS.partitionsMax}`)
}

export type ProgressMode = 'auto' | 'tty' | 'plain' | 'json' | 'none'
const PROGRESS_MODES: readonly ProgressMode[] = ['auto', 'tty', 'plain', 'json', 'none']

// Every command
export const HOME: Flag<string> = text('home', 'DIR', 'state, identity and control socket (default ~/.shoal)')
export const JSON_OUTPUT: Flag<boolean> = toggle('json', 'answers and errors as JSON')
export const QUIET: Flag<boolean> = toggle('quiet', 'ids and names only', { short: 'q' })
export const VERBOSE: Flag<boolean> = toggle('verbose', 'raw causes of errors', { short: 'v' })
export const NO_COLOR: Flag<boolean> = toggle('no-color', 'no colour')

// A node
export const DATA: Flag<string> = text(
  'data',
  'NAME=DIR[,replicated][,all][,follow|,skip-links]',
  'offer the files of DIR as dataset NAME; replicated: copies, counted once; all: names that begin with _ or . too; ' +
    'follow, skip-links: what of links that lead out',
  {
    many: true,
  },
)
export const JOIN: Flag<string> = text('join', 'TICKET|MULTIADDR|@FILE|-', 'a mesh to join', { many: true })
export const LISTEN: Flag<string> = text('listen', 'MULTIADDR', 'address to listen on (default: a free port, kept)', {
  many: true,
})
export const NAME: Flag<string> = text('name', 'N', 'name for people (default: the host)')
export const SLOTS: Flag<number> = count(
  'slots',
  'tasks at once (default: the cores, one for each 128MB; 0: others run them, over streams)',
  0,
  1024,
)
export const MEMORY: Flag<number> = size('memory', 'for all task processes together (default: a quarter of RAM)')
export const RETENTION: Flag<number> = flag(
  'retention',
  'D',
  'how long a finished job is kept (default 7d)',
  parsePeriod,
)
export const DISK: Flag<number> = size('disk', 'what finished jobs may take on disk together (default: no bound)')
export const HTTP: Flag<string> = text('http', 'HOST:PORT|off', 'where a page is served (this release has none: off)')
export const NO_MDNS: Flag<boolean> = toggle('no-mdns', 'do not look for members on the local network')

// A submission
export const INPUT: Flag<string> = text('input', '[ALIAS=]DATASET[/GLOB][@SNAPSHOT]', 'read this instead', {
  many: true,
})
export const PARAM: Flag<string> = text('param', 'K=V', 'a parameter of the job', { many: true })
export const PARTITIONS: Flag<number> = flag('partitions', 'N', 'reduce partitions, 1 to 4096', readPartitions)
export const TASK_TIMEOUT: Flag<number> = duration(
  'task-timeout',
  'limit inside user code without progress (default 60s)',
)
export const TASK_MEMORY: Flag<number> = size('task-memory', 'limit of one task process (default: memory over slots)')
export const DETACH: Flag<boolean> = toggle('detach', 'print the id and return')
export const TIMEOUT: Flag<number> = duration('timeout', 'wait at most so long; the job runs on')
export const ALLOW_PARTIAL: Flag<boolean> = toggle('allow-partial', 'leave out shards that cannot be had, and say so')
export const WAIT_FOR_DATA: Flag<number> = duration('wait-for-data', 'wait so long for shards that are away or pending')
export const KEY: Flag<string> = text('key', 'K', 'one result per job and key, for ever')
export const COPIES: Flag<number> = count(
  'copies',
  'nodes that keep each part of the result (default 2)',
  1,
  LIMITS.copiesMax,
)
export const PROGRESS: Flag<ProgressMode> = oneOf('progress', PROGRESS_MODES, 'how progress is shown, on stderr')
export const DRY_RUN: Flag<boolean> = toggle('dry-run', 'explain, run nothing')
export const LOCAL: Flag<boolean> = toggle('local', 'a mesh of this process alone, over --data')

// A result
export const OUTPUT: Flag<string> = text(
  'output',
  'PATH|-',
  'folder (ends in /, or exists; several outputs need one), file, or - for stdout',
  {
    short: 'o',
  },
)
export const FORMAT: Flag<OutputFormat> = oneOf('format', OUTPUT_FORMATS, 'form of the result')
export const GRAPH_FORMAT: Flag<'text' | 'mermaid'> = oneOf('format', ['text', 'mermaid'], 'form of the graph', {
  lineOnly: true,
})
export const OVERWRITE: Flag<boolean> = toggle('overwrite', 'replace what a folder holds')

// The simulator
export const NODES: Flag<number> = count('nodes', 'node processes', 1, 64)
export const KILL: Flag<number> = count('kill', 'nodes to kill inside a task', 0, 63)
export const SEED: Flag<number> = count('seed', 'draws who is killed (default 1)', 0, Number.MAX_SAFE_INTEGER)

export const GLOBAL_FLAGS: readonly Flag<unknown>[] = [HOME, JSON_OUTPUT, QUIET, VERBOSE, NO_COLOR]
const NODE_FLAGS: readonly Flag<unknown>[] = [DATA, JOIN, LISTEN, NAME, SLOTS, MEMORY, RETENTION, DISK, HTTP, NO_MDNS]
const RESULT_FLAGS: readonly Flag<unknown>[] = [OUTPUT, FORMAT, OVERWRITE, TIMEOUT, PROGRESS]
const JOB_FLAGS: readonly Flag<unknown>[] = [
  INPUT,
  PARAM,
  PARTITIONS,
  TASK_TIMEOUT,
  TASK_MEMORY,
  ALLOW_PARTIAL,
  WAIT_FOR_DATA,
  KEY,
  COPIES,
]

interface CommandFlags {
  readonly node: readonly Flag<unknown>[]
  readonly run: readonly Flag<unknown>[]
  readonly explain: readonly Flag<unknown>[]
  readonly follow: readonly Flag<unknown>[]
  readonly wait: readonly Flag<unknown>[]
  readonly result: readonly Flag<unknown>[]
  readonly graph: readonly Flag<unknown>[]
  readonly simRun: readonly Flag<unknown>[]
  readonly simUp: readonly Flag<unknown>[]
}

/** Flags by the commands that take them. */
export const FLAGS_OF: CommandFlags = {
  node: NODE_FLAGS,
  run: [...JOB_FLAGS, ...RESULT_FLAGS, DETACH, DRY_RUN, LOCAL, DATA, SLOTS, MEMORY],
  explain: [...JOB_FLAGS, LOCAL, DATA, SLOTS, MEMORY],
  follow: [TIMEOUT, PROGRESS],
  wait: [TIMEOUT],
  result: RESULT_FLAGS,
  graph: [GRAPH_FORMAT],
  simRun: [NODES, DATA, KILL, SEED, SLOTS, MEMORY, ...JOB_FLAGS, ...RESULT_FLAGS],
  simUp: [NODES, DATA, SEED, SLOTS, MEMORY],
}

/** `SHOAL_TASK_TIMEOUT` for `task-timeout`. */
export function environmentName(flagName: string): string {
  return `SHOAL_${flagName.replaceAll('-', '_').toUpperCase()}`
}
