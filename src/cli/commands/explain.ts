import type { ExplainAnswer } from '../../control/api.ts'
import type { Context } from '../context.ts'
import { stageLines } from '../graph/explained.ts'
import { orInterrupted } from '../interrupts.ts'
import { withNode } from '../local.ts'
import { givenParams, submissionOf } from '../submission.ts'
import { bytesText, countText, plural, shortId } from '../units.ts'

/** `shoal explain JOB.ts`: who would run what. Nothing runs. */
export async function explain(context: Context, [file = '']: readonly string[]): Promise<number> {
  const { prepareJob } = await context.engine()
  const request = submissionOf(await prepareJob(context.path(file), givenParams(context.settings)), context.settings)
  return await withNode(context, async (node) => {
    return await showExplanation(context, await orInterrupted(context.io, node.explain(request)))
  })
}

export async function showExplanation(context: Context, answer: ExplainAnswer): Promise<number> {
  if (context.json) await context.printJson(answer)
  else if (context.quiet) await context.print(answer.job)
  else for (const line of explanationLines(answer)) await context.print(line)
  return 0
}

/** The plan in lines: input, stages, who takes over from whom, what is left out. */
export function explanationLines(answer: ExplainAnswer): string[] {
  const lines = [
    `job ${shortId(answer.job)}  bundle ${bytesText(answer.bundleBytes)}  input ${plural(answer.shards, 'shard')}, ` +
      `${bytesText(answer.bytes)}  ${plural(answer.partitions, 'partition')}`,
    '',
  ]
  if (answer.graph !== undefined) lines.push(...stageLines(answer, answer.graph))
  for (const stage of answer.graph === undefined ? answer.stages : []) {
    lines.push(`${stage.stage.padEnd(8)} ${plural(stage.tasks, 'task')} on ${plural(stage.nodes.length, 'node')}`)
    for (const node of stage.nodes) {
      lines.push(`         ${node.name}  ${plural(node.tasks, 'task')}  ${bytesText(node.bytes)}`)
    }
  }
  const unknown = answer.graph === undefined ? '' : ', of what is read; what stages give is not known before they run'
  lines.push(`moves    about ${bytesText(answer.moves)} between nodes${unknown}`)
  for (const input of answer.columns) lines.push(`columns  ${columnsText(input)}`)
  for (const { from, to, tasks, bytes } of answer.streamed)
    lines.push(`streamed ${to} reads ${bytesText(bytes)} from ${from}, which cannot run ${plural(tasks, 'task')}`)
  for (const lost of answer.takeover) {
    const heirs = lost.next.length === 0 ? 'nobody' : lost.next.join(', ')
    const sole = lost.sole === 0 ? '' : `; ${countText(lost.sole)} of them only it can run: the job would wait for it`
    lines.push(`if lost  ${lost.name}: ${plural(lost.tasks, 'task')} to ${heirs}${sole}`)
  }
  for (const out of answer.leftOut) lines.push(`no tasks ${out.node}: ${out.why}`)
  for (const warning of answer.warnings) lines.push(`warning  ${warning}`)
  return lines
}

/** So many columns are named; the rest is counted. */
const NAMED = 10

function columnsText({ dataset, widened, lacking }: ExplainAnswer['columns'][number]): string {
  const named = (names: readonly string[]): string =>
    names.length <= NAMED
      ? names.join(', ')
      : `${names.slice(0, NAMED).join(', ')} and ${countText(names.length - NAMED)} more`
  const wider = widened.map(([path, as]) => `${path} as ${as}`)
  const parts = [
    ...(wider.length === 0 ? [] : [`${named(wider)}, the widest type of its files`]),
    ...(lacking.length === 0 ? [] : [`records of files without ${named(lacking)} are without`]),
  ]
  return `${dataset}: ${parts.join('; ')}`
}
