import type { DiffAnswer } from '../../control/api.ts'
import type { Context } from '../context.ts'
import { tinted } from '../line.ts'
import { plural } from '../units.ts'

const NAME_CELLS = 11

/** `shoal job verify ID`: exit 1 when a check fails. */
export async function verify(context: Context, [id = '']: readonly string[]): Promise<number> {
  const answer = await context.node().verify(id)
  if (context.json) await context.printJson(answer)
  else if (context.quiet) await context.print(answer.result)
  else {
    const cells = Math.max(NAME_CELLS, ...answer.checks.map(({ name }) => name.length))
    for (const { name, ok, detail } of answer.checks)
      await context.print([ok ? tinted('green', 'ok  ') : tinted('red', 'FAIL'), `  ${name.padEnd(cells)}  ${detail}`])
  }
  return answer.ok ? 0 : 1
}

/** `shoal job diff A B`: exit 0 whether they differ or not. */
export async function diff(context: Context, [a = '', b = '']: readonly string[]): Promise<number> {
  const answer = await context.node().diff(a, b)
  if (context.json) await context.printJson(answer)
  else for (const line of diffLines(answer)) await context.print(line)
  return 0
}

function diffLines(answer: DiffAnswer): string[] {
  if (answer.same) return ['one job: nothing differs']
  const lines = answer.fields.flatMap(({ field, a, b }) => [`${field}`, `  - ${a}`, `  + ${b}`])
  const shards = (sign: string, what: string, list: DiffAnswer['changed']): string[] =>
    list.count === 0
      ? []
      : [`${plural(list.count, 'shard')} ${what}`, ...list.shards.map((name) => `  ${sign} ${name}`)]
  lines.push(...shards('-', 'only in the first', answer.onlyA), ...shards('+', 'only in the second', answer.onlyB))
  lines.push(...shards('~', 'with other content', answer.changed))
  lines.push(resultLine(answer))
  return lines
}

function resultLine({ result, parts, outputs }: DiffAnswer): string {
  if (result.equal) return `result equal: ${result.a}`
  if (result.a === null || result.b === null) return `result ${result.a ?? 'none yet'} and ${result.b ?? 'none yet'}`
  const which =
    outputs === undefined ? inParts(parts) : outputs.map((one) => `, ${one.output} in ${partsText(one.parts)}`).join('')
  return `result differs${which}: ${result.a} and ${result.b}`
}

function inParts(parts: readonly number[]): string {
  return parts.length === 0 ? '' : `, in ${partsText(parts)}`
}

function partsText(parts: readonly number[]): string {
  return `${plural(parts.length, 'part')}: ${parts.slice(0, 20).join(' ')}`
}
