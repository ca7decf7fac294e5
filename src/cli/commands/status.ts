import type { NodeStatus } from '../../control/api.ts'
import type { Context } from '../context.ts'
import { tinted } from '../line.ts'
import { bytesText, periodText, plural } from '../units.ts'

/** `shoal status` */
export async function status(context: Context): Promise<number> {
  const answer = await context.node().status()
  if (context.json) await context.printJson(answer)
  else if (context.quiet) await context.print(answer.id)
  else
    for (const [label, text] of statusLines(answer)) await context.print([tinted('dim', label.padEnd(8)), ` ${text}`])
  return 0
}

/** All that the JSON form says, in lines. */
export function statusLines(status: NodeStatus): [label: string, text: string][] {
  const lines: [string, string][] = [
    ['node', `${status.name}  ${status.id}`],
    ['state', `${stateText(status)}   pid ${status.pid}   shoal ${status.version}   runtime ${status.runtime}`],
    ['home', status.home],
    ...status.listen.map((address): [string, string] => ['listen', address]),
    ['members', `${status.members}, of them alive ${status.alive}${status.joined ? '' : '   (none met yet)'}`],
    ['work', `${status.busy} of ${plural(status.slots, 'slot')} busy, ${bytesText(status.memory)} for their tasks`],
    ['jobs', `${status.jobs.open} open, ${status.jobs.known} known`],
    ['disk', diskText(status.disk)],
    ...status.datasets.map((one): [string, string] => [
      'data',
      `${one.name}  ${plural(one.shards, 'shard')}  ${bytesText(one.bytes)}` +
        `${one.replicated ? '  replicated' : ''}${one.pending > 0 ? `  ${one.pending} pending` : ''}`,
    ]),
  ]
  const dropped = Object.entries(status.dropped).filter(([, count]) => count > 0)
  if (dropped.length > 0) lines.push(['dropped', dropped.map(([what, count]) => `${what} ${count}`).join(', ')])
  return [...lines, ...status.warnings.map((warning): [string, string] => ['warning', warning])]
}

function diskText({ open, finished, most, retentionMs, early }: NodeStatus['disk']): string {
  const bound = most === null ? '' : ` of at most ${bytesText(most)}`
  const gone = early === 0 ? '' : `, ${plural(early, 'job')} forgotten early for want of room`
  return `${bytesText(finished)}${bound} of finished jobs, kept for ${periodText(retentionMs)}; ${bytesText(open)} of open ones${gone}`
}

function stateText(status: NodeStatus): string {
  if (status.draining) return 'draining'
  return status.ready ? 'ready' : `not ready: ${status.why}`
}
