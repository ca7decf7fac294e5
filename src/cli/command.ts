import type { Context } from './context.ts'
import { GLOBAL_FLAGS, type Flag } from './flags.ts'

/** Does the command's work and answers with the exit code. */
export type Run = (context: Context, args: readonly string[]) => Promise<number>

export interface Command {
  /** Its words: `status`, `job show`. */
  readonly path: string
  /** Its arguments: `<id>` one, `[id]` at most one, `[topic...]` any number. */
  readonly args: string
  readonly summary: string
  readonly flags: readonly Flag<unknown>[]
  /** Loads the code only when the command is called. */
  load(): Promise<Run>
}

/** A word that only groups commands: `job`, `data`. */
export interface Group {
  readonly path: string
  readonly summary: string
}

export interface Tree {
  /** In the order in which the help lists them. */
  readonly commands: readonly Command[]
  readonly groups: readonly Group[]
}

/** Every flag of any command, once. */
export function allFlags(commands: readonly Command[]): readonly Flag<unknown>[] {
  return [...new Set([...GLOBAL_FLAGS, ...commands.flatMap((command) => command.flags)])]
}

/**
 * Puts the command's words first, so that flags may stand in any position, also before the command. A word is what is
 * neither a flag nor a flag's value. Words are taken as long as they lead on in the tree of commands.
 */
export function commandFirst(argv: readonly string[], commands: readonly Command[]): string[] {
  const takesValue = new Set<string>()
  for (const flag of allFlags(commands)) {
    if (flag.value === null) continue
    takesValue.add(`--${flag.name}`)
    if (flag.short !== null) takesValue.add(`-${flag.short}`)
  }
  const words: string[] = []
  const rest: string[] = []
  let leading = true
  for (let i = 0; i < argv.length; i++) {
    const token = argv[i] as string
    if (token === '--') {
      rest.push(...argv.slice(i))
      break
    }
    if (token.startsWith('-') && token !== '-') {
      rest.push(token)
      const value = argv[i + 1]
      if (takesValue.has(token) && value !== undefined) {
        rest.push(value)
        i++
      }
      continue
    }
    const path = [...words, token].join(' ')
    leading &&= commands.some((command) => command.path === path || command.path.startsWith(`${path} `))
    if (leading) words.push(token)
    else rest.push(token)
  }
  return [...words, ...rest]
}
