/** The command line's grammar, over a tree of commands: what was meant, and its help. */
import { Command as Parser, CommanderError, Option } from 'commander'
import { ShoalError } from '../core/errors.ts'
import { VERSION } from '../control/version.ts'
import { commandFirst, type Command, type Group, type Tree } from './command.ts'
import { GLOBAL_FLAGS, type Flag } from './flags.ts'

interface Chosen {
  readonly command: Command
  readonly args: readonly string[]
  readonly given: ReadonlyMap<string, readonly string[]>
}

/** @throws ShoalError USAGE */
export function parse(tree: Tree, argv: readonly string[]): Chosen | { readonly help: string; readonly exit: number } {
  const said: string[] = []
  let chosen: Chosen | null = null
  const parser = makeParser(tree, said, (found) => {
    chosen = found
  })
  try {
    parser.parse(commandFirst(argv, tree.commands), { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.code === 'commander.helpDisplayed' || error.code === 'commander.version') {
      return { help: said.join(''), exit: 0 }
    }
    if (error.code === 'commander.help') return { help: said.join(''), exit: 2 }
    throw usageError(error)
  }
  if (chosen === null) throw new ShoalError('USAGE', 'no command was given', { try: ['shoal help'] })
  return chosen
}

/** Commander's text is `error: unknown option '--foo'` and maybe `(Did you mean --food?)`. */
function usageError(error: CommanderError): ShoalError {
  const [message = '', ...more] = error.message.replace(/^error: /, '').split('\n')
  const meant = /\(Did you mean (?:one of )?(.+?)\?\)/.exec(more.join(' '))?.[1]
  const remedy = meant === undefined ? 'shoal help' : meant.startsWith('-') ? meant : `shoal help ${meant}`
  return new ShoalError('USAGE', message, { try: [remedy] })
}

function makeParser({ commands, groups }: Tree, said: string[], choose: (found: Chosen) => void): Parser {
  const root = new Parser('shoal')
    .description('Batch jobs on the machines that hold the data: leaderless, exact, reproducible.')
    .version(VERSION, '-V, --version', 'print the version')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ writeOut: (text) => said.push(text), writeErr: (text) => said.push(text) })
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', ROOT_NOTES)
  for (const flag of GLOBAL_FLAGS) root.addOption(optionFor(flag))
  for (const command of commands) {
    const group = groups.find((one) => command.path.startsWith(`${one.path} `))
    if (group !== undefined) ensureGroup(root, group)
    addCommand(root, command, choose)
  }
  return root
}

const ROOT_NOTES = `
Every flag is also SHOAL_<FLAG> in the environment and a name in shoal.config.ts; flags come first.
Exit codes: 0 done, 1 job failed, 2 usage, 3 incomplete or lost, 4 no node, 5 timed out (job runs on), 6 not admitted,
7 version, 8 cancelled, 70 a bug, 130 detached.   shoal help CODE explains an error.`

/** A group stands in the help where its first command does. */
function ensureGroup(root: Parser, group: Group): void {
  if (root.commands.some((parser) => parser.name() === group.path)) return
  inherit(root, root.command(group.path)).description(group.summary)
}

function inherit(root: Parser, parser: Parser): Parser {
  return parser.copyInheritedSettings(root).helpCommand(false)
}

function parentOf(root: Parser, words: readonly string[]): Parser {
  return words.slice(0, -1).reduce((parser, word) => parser.commands.find((one) => one.name() === word) ?? parser, root)
}

function addCommand(root: Parser, command: Command, choose: (found: Chosen) => void): void {
  const words = command.path.split(' ')
  const parser = inherit(root, parentOf(root, words).command(words.at(-1) as string))
  parser.description(command.summary)
  if (command.args !== '') parser.arguments(command.args)
  for (const flag of command.flags) parser.addOption(optionFor(flag))
  parser.action(() => {
    const flags = [...GLOBAL_FLAGS, ...command.flags]
    choose({ command, args: parser.args, given: givenFlags(flags, [root, parser]) })
  })
}

function optionFor(flag: Flag<unknown>): Option {
  const short = flag.short === null ? '' : `-${flag.short}, `
  const value = flag.value === null ? '' : ` <${flag.value}>`
  const option = new Option(`${short}--${flag.name}${value}`, flag.help)
  if (flag.many) option.argParser((text: string, before: readonly string[] | undefined) => [...(before ?? []), text])
  return option
}

function givenFlags(flags: readonly Flag<unknown>[], parsers: readonly Parser[]): Map<string, readonly string[]> {
  const given = new Map<string, readonly string[]>()
  for (const flag of flags) {
    const key = optionFor(flag).attributeName()
    const parser = parsers.find((one) => one.getOptionValueSource(key) === 'cli')
    if (parser === undefined) continue
    const value: unknown = parser.getOptionValue(key)
    if (flag.value === null) given.set(flag.name, ['true'])
    else given.set(flag.name, Array.isArray(value) ? (value as string[]) : [String(value)])
  }
  return given
}

/** For `shoal help COMMAND`. null: there is no such command. */
export function helpFor(tree: Tree, path: readonly string[]): string | null {
  const root = makeParser(tree, [], () => {})
  let parser: Parser = root
  for (const word of path) {
    const next = parser.commands.find((one) => one.name() === word)
    if (next === undefined) return null
    parser = next
  }
  return parser.helpInformation() + (parser === root ? `${ROOT_NOTES}\n` : '')
}
