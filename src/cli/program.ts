import { asShoalError } from '../words/thrown.ts'
import { allFlags } from './command.ts'
import { TREE } from './commands.ts'
import { Context } from './context.ts'
import type { Outside } from './engine.ts'
import { renderFailure } from './failure.ts'
import { JSON_OUTPUT, NO_COLOR, VERBOSE, type Flag } from './flags.ts'
import { Interrupted } from './interrupts.ts'
import { ClosedPipe, paintFor, writeTo, type Io } from './io.ts'
import { parse } from './parser.ts'
import { Settings, readConfigFile } from './settings.ts'

/**
 * The whole command line: parses, runs one command, reports what failed.
 * @returns the exit code, as in the table of CLI codes; a ShoalError's own code where one is thrown.
 */
export async function main(argv: readonly string[], io: Io, outside: Outside): Promise<number> {
  let settings = new Settings(new Map(), io.environment, new Map())
  try {
    const parsed = parse(TREE, argv)
    if ('help' in parsed) {
      await writeTo(parsed.exit === 0 ? io.stdout : io.stderr, parsed.help)
      return parsed.exit
    }
    settings = new Settings(parsed.given, io.environment, new Map())
    const config = await readConfigFile(io.folder, allFlags(TREE.commands))
    settings = new Settings(parsed.given, io.environment, config)
    const run = await parsed.command.load()
    return await run(new Context(settings, io, outside), parsed.args)
  } catch (error) {
    if (error instanceof ClosedPipe) return 0
    if (error instanceof Interrupted) return error.exit
    io.stderr.write(renderFailure(error, failureForm(argv, settings, io)))
    return asShoalError(error).exit
  }
}

/** How to show an error, also one that was found while the flags were being read. */
function failureForm(argv: readonly string[], settings: Settings, io: Io): Parameters<typeof renderFailure>[1] {
  const on = (flag: Flag<boolean>): boolean => {
    if (argv.includes(`--${flag.name}`) || (flag.short !== null && argv.includes(`-${flag.short}`))) return true
    try {
      return settings.on(flag)
    } catch {
      return false
    }
  }
  return { json: on(JSON_OUTPUT), verbose: on(VERBOSE), paint: paintFor(io.stderr, io.environment, on(NO_COLOR)) }
}
