import { CODES, type Code } from '../../core/codes.ts'
import { HELP } from '../../words/code-help.ts'
import { ShoalError } from '../../core/errors.ts'
import type { Tree } from '../command.ts'
import type { Context } from '../context.ts'
import { nearestOne } from '../../words/nearest.ts'
import { writeTo } from '../io.ts'
import { tinted } from '../line.ts'
import { helpFor } from '../parser.ts'

/** `shoal help`, `shoal help COMMAND`, `shoal help CODE` */
export async function help(context: Context, tree: Tree, topic: readonly string[]): Promise<number> {
  const [word = ''] = topic
  const code = word.toUpperCase().replaceAll('-', '_')
  const isCode = topic.length === 1 && Object.hasOwn(CODES, code)
  // `ticket` is a command, TICKET an error.
  const text = isCode && word === code ? null : helpFor(tree, topic)
  if (text === null && isCode) return await explainCode(context, code as Code)
  if (text === null) throw unknownTopic(tree, topic.join(' '))
  await writeTo(context.io.stdout, text)
  return 0
}

async function explainCode(context: Context, code: Code): Promise<number> {
  const { exit, retryable } = CODES[code]
  const text = HELP[code]
  if (context.json) {
    await context.printJson({ schema: 'shoal.help/1', code, exit, retryable, help: text })
    return 0
  }
  await context.print([tinted('bold', code), `   exit code ${exit}${retryable ? ', worth another try' : ''}`])
  await context.print('')
  await context.print(text)
  return 0
}

function unknownTopic(tree: Tree, topic: string): ShoalError {
  const topics = [...tree.commands.map((command) => command.path), ...Object.keys(CODES)]
  const meant = nearestOne(topic, topics)
  return new ShoalError('USAGE', `there is no command and no error code ${JSON.stringify(topic)}`, {
    try: [meant === null ? 'shoal help' : `shoal help ${meant}`],
  })
}
