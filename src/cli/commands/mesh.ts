import type { DatasetInfo, MemberInfo, ShardInfo } from '../../control/api.ts'
import { ShoalError } from '../../core/errors.ts'
import type { Context } from '../context.ts'
import { nearestOne } from '../../words/nearest.ts'
import { tinted } from '../line.ts'
import type { Column } from '../table.ts'
import { bytesText, countText, plural } from '../units.ts'

function memberColumns(self: MemberInfo | undefined): readonly Column<MemberInfo>[] {
  return [
    { title: '', cell: (member) => (member.self ? '*' : '') },
    { title: 'NAME', cell: (member) => member.name },
    { title: 'STATE', cell: (member) => `${member.state}${member.drained ? ', drained' : ''}` },
    { title: 'LINK', cell: (member) => (member.self ? 'self' : member.connected ? 'open' : '') },
    { title: 'SHARDS', right: true, cell: (member) => countText(member.shards) },
    { title: 'DATA', right: true, cell: (member) => bytesText(member.bytes) },
    { title: 'SLOTS', right: true, cell: (member) => String(member.slots) },
    { title: 'VERSION', cell: (member) => member.version },
    // Only nodes of one runtime run each other's tasks: what counts is who differs, and in what.
    { title: 'RUNTIME', flexible: true, cell: (member) => runtimeText(member, self) },
    { title: 'ADDRESS', flexible: true, cell: (member) => shortAddress(member.addresses[0] ?? '') },
    { title: 'ID', cell: (member) => member.id },
  ]
}

function runtimeText(member: MemberInfo, self: MemberInfo | undefined): string {
  return member.runtime === self?.runtime ? 'same' : member.runtime
}

function shortAddress(address: string): string {
  return address.replace(/\/p2p\/[^/]+$/, '')
}

/** `shoal members` */
export async function members(context: Context): Promise<number> {
  const list = await context.node().members()
  if (context.json) await context.printJson({ schema: 'shoal.members/1', members: list })
  else if (context.quiet) for (const member of list) await context.print(member.name)
  else await context.printTable(list, memberColumns(list.find((member) => member.self)))
  return 0
}

/** `shoal members forget NODE`: its shards no longer count, and jobs no longer wait for it. */
export async function forgetMember(context: Context, [node = '']: readonly string[]): Promise<number> {
  await context.node().forgetMember(node)
  return await saidDone(
    context,
    node,
    'is forgotten here: its data counts no more for jobs submitted on this node, until it comes back (one that lives does at once)',
  )
}

interface ShardRow extends ShardInfo {
  readonly dataset: DatasetInfo
}

const SHARD_COLUMNS: readonly Column<ShardRow>[] = [
  { title: 'DATASET', cell: ({ dataset }) => dataset.name },
  { title: 'MODE', cell: ({ dataset }) => dataset.mode },
  { title: 'PATH', flexible: true, cell: (row) => row.path },
  { title: 'SIZE', right: true, cell: (row) => bytesText(row.bytes) },
  {
    title: 'FORMAT',
    flexible: true,
    cell: (row) => (row.read || row.format === '' ? row.format : `not read: ${row.format}`),
  },
  { title: 'MODIFIED', cell: (row) => row.mtime },
  { title: 'STATE', cell: (row) => `${row.state}${row.why === undefined ? '' : `: ${row.why}`}` },
  { title: 'HELD BY', flexible: true, cell: (row) => row.holders.join(' ') },
]

/** `shoal data ls [DATASET]` */
export async function listData(context: Context, [name]: readonly string[]): Promise<number> {
  const all = await context.node().datasets()
  const datasets = name === undefined ? all : all.filter((dataset) => dataset.name === name)
  if (name !== undefined && datasets.length === 0) throw noDataset(name, all)
  const rows = datasets.flatMap((dataset) => dataset.shards.map((shard) => ({ ...shard, dataset })))
  if (context.json) await context.printJson({ schema: 'shoal.data/1', datasets })
  else if (context.quiet) for (const dataset of datasets) await context.print(dataset.name)
  else if (rows.length === 0) context.hint('no node offers any file: shoal node --data NAME=DIR does')
  else await context.printTable(rows, SHARD_COLUMNS)
  for (const { leftOut } of datasets)
    for (const { dataset, node, text } of leftOut) context.hint(`${dataset} on ${node}: ${text}`)
  return 0
}

function noDataset(name: string, all: readonly DatasetInfo[]): ShoalError {
  const names = all.map((dataset) => dataset.name)
  const meant = nearestOne(name, names)
  return new ShoalError('NO_DATA', `no node offers a dataset ${JSON.stringify(name)}`, {
    why: names.length === 0 ? 'no node offers any' : `there are ${names.join(', ')}`,
    try: meant === null ? ['shoal data ls'] : [meant],
  })
}

/** `shoal data freeze DATASET[/GLOB]`: names the files as they are now, for later jobs. */
export async function freeze(context: Context, [data = '']: readonly string[]): Promise<number> {
  const frozen = await context.node().freeze(data)
  if (context.json) await context.printJson({ schema: 'shoal.snapshot/1', data, ...frozen })
  else await context.print(frozen.snapshot)
  context.hint(
    `${plural(frozen.shards, 'shard')}, ${bytesText(frozen.bytes)}. Use it: shoal run JOB.ts --input ${data}@${frozen.snapshot.slice(0, 12)}`,
  )
  return 0
}

/** `shoal data show [SNAPSHOT]`: what has been frozen. */
export async function showSnapshots(context: Context, [prefix = '']: readonly string[]): Promise<number> {
  const all = await context.node().snapshots()
  const found = all.filter((one) => one.snapshot.startsWith(prefix) || one.data === prefix)
  if (prefix !== '' && found.length === 0) {
    throw new ShoalError('NO_DATA', `no snapshot begins with ${JSON.stringify(prefix)}`, { try: ['shoal data show'] })
  }
  if (context.json) await context.printJson({ schema: 'shoal.snapshots/1', snapshots: found })
  else if (context.quiet) for (const one of found) await context.print(one.snapshot)
  else if (found.length === 0) context.hint('nothing is frozen: shoal data freeze DATASET does')
  else {
    await context.printTable(found, [
      { title: 'SNAPSHOT', cell: (one) => one.snapshot },
      { title: 'DATA', flexible: true, cell: (one) => one.data },
      { title: 'SHARDS', right: true, cell: (one) => countText(one.shards) },
      { title: 'SIZE', right: true, cell: (one) => bytesText(one.bytes) },
    ])
  }
  return 0
}

/** `shoal data forget DATASET`: what of it is away on this node counts no more. */
export async function forgetData(context: Context, [dataset = '']: readonly string[]): Promise<number> {
  await context.node().forgetData(dataset)
  return await saidDone(context, dataset, 'on this node: what is away there counts no more')
}

/** `shoal ticket`: one line, for --join. */
export async function ticket(context: Context): Promise<number> {
  const text = await context.node().ticket()
  if (context.json) await context.printJson({ schema: 'shoal.ticket/1', ticket: text })
  else await context.print(text)
  return 0
}

/** `shoal drain`: hands over what only this node holds, then the node ends. */
export async function drain(context: Context): Promise<number> {
  const node = context.node()
  const { name } = await node.status()
  await node.drain()
  return await saidDone(context, name, 'is drained and ends')
}

/** `shoal doctor`: exit 1 when something is not well. */
export async function doctor(context: Context): Promise<number> {
  const answer = await context.node().doctor()
  if (context.json) await context.printJson(answer)
  else {
    for (const check of answer.checks) {
      if (context.quiet && check.ok) continue
      const mark = check.ok ? tinted('green', 'ok  ') : tinted('red', 'BAD ')
      await context.print([mark, ` ${check.name}: ${check.detail}`])
      if (!check.ok && check.try !== undefined) await context.print(`     try: ${check.try}`)
    }
  }
  return answer.checks.every((check) => check.ok) ? 0 : 1
}

async function saidDone(context: Context, name: string, what: string): Promise<number> {
  if (context.json) await context.printJson({ schema: 'shoal.done/1', name })
  else if (context.quiet) await context.print(name)
  else context.note(`${name} ${what}`)
  return 0
}
