import type { Context } from '../context.ts'
import { GRAPH_FORMAT } from '../flags.ts'
import { mermaidLines } from '../graph/mermaid.ts'
import { GRAPH_COLUMNS, graphRows, outputLines } from '../graph/table.ts'
import { shortId } from '../units.ts'

/** `shoal job graph ID`: its stages and steps, how far they are, and what has gone between them. */
export async function graph(context: Context, [id = '']: readonly string[]): Promise<number> {
  const format = context.settings.get(GRAPH_FORMAT)
  const answer = await context.node().graph(id)
  if (context.json) await context.printJson(answer)
  else if (context.quiet) await context.print(answer.job)
  else if (format === 'mermaid') for (const line of mermaidLines(answer)) await context.print(line)
  else {
    await context.print(`job ${shortId(answer.job)}  ${answer.name}  ${answer.state}`)
    await context.print('')
    await context.printTable(graphRows(answer), GRAPH_COLUMNS)
    await context.print('')
    for (const line of outputLines(answer)) await context.print(line)
  }
  return 0
}
