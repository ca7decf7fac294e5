/** What this node knows, in the words of the public API. Everything here reads; nothing changes. */
import type { DatasetInfo, LeftOutInfo, MemberInfo, ShardInfo } from '../../control/api.ts'
import { livenessOf } from '../../core/members/liveness.ts'
import { compareUtf8 } from '../../core/plan/ranks.ts'
import type { CatalogBody, CatalogEntry } from '../../catalog/body.ts'
import { joinLeftOut, leftOutText } from '../../catalog/left-out.ts'
import { Readings } from '../../catalog/readings.ts'
import type { LeftOutFiles, NodeId } from '../../core/types.ts'
import { runtimesText } from '../../words/runtimes.ts'
import { nameOf, type Context } from '../context.ts'

export function membersOf(context: Context): MemberInfo[] {
  const { state } = context
  const infos = [...state.members.values()].map(({ node, record, connected }): MemberInfo => {
    const self = node === state.self.node
    return {
      id: node,
      name: record.name,
      state: livenessOf(state, node),
      self,
      addresses: record.addresses,
      shards: record.catalog.shards,
      bytes: record.catalog.bytes,
      version: record.shoal,
      runtime: runtimesText(record.runtimes),
      slots: record.slots,
      drained: record.drained,
      connected: self || connected,
    }
  })
  infos.push(...unreadable(context))
  return infos.sort((a, b) => compareUtf8(a.name, b.name) || compareUtf8(a.id, b.id))
}

/** Members whose record is damaged here, and that were not met since: all that is known is what they offer. */
function unreadable({ catalogs, state }: Context): MemberInfo[] {
  const lost = catalogs.lost().filter((node) => !state.members.has(node))
  return lost.map((id): MemberInfo => {
    const entries = (catalogs.get(id)?.datasets ?? []).flatMap((dataset) => dataset.entries)
    const bytes = entries.reduce((sum, entry) => sum + entry.size, 0)
    const unknown = { addresses: [], version: '', runtime: '', slots: 0, drained: false, connected: false }
    return { id, name: id, state: 'away', self: false, shards: entries.length, bytes, ...unknown }
  })
}

/** All datasets of all known nodes; shards of a node that is not there are `away`. */
export function datasetsOf(context: Context): DatasetInfo[] {
  const { catalogs, state } = context
  const datasets = new Map<string, { modes: Set<boolean>; shards: Map<string, ShardInfo>; leftOut: LeftOutInfo[] }>()
  const readings = new Readings({})
  for (const node of catalogs.nodes()) {
    const body = catalogs.get(node)!
    const present = state.members.get(node)?.record.drained !== true && livenessOf(state, node) !== 'away'
    for (const dataset of body.datasets) {
      const known = datasets.get(dataset.name) ?? {
        ...{ modes: new Set<boolean>(), shards: new Map<string, ShardInfo>() },
        leftOut: [] as LeftOutInfo[],
      }
      datasets.set(dataset.name, known)
      known.modes.add(dataset.replicated)
      for (const entry of dataset.entries) addEntry(context, known.shards, node, dataset, entry, present, readings)
      const leftOut = joinLeftOut(dataset.roots.flatMap((root) => root.leftOut))
      known.leftOut.push(...leftOut.map((one) => leftOutInfo(context, dataset.name, { node, ...one })))
    }
  }
  return [...datasets]
    .map(([name, { modes, shards, leftOut }]): DatasetInfo => {
      const replicated = modes.has(true)
      const mode = modes.size > 1 ? 'mixed' : replicated ? 'replicated' : 'own'
      const ordered = [...shards.values()].sort((a, b) => compareUtf8(a.path, b.path))
      return { name, replicated, mode, shards: ordered, leftOut }
    })
    .sort((a, b) => compareUtf8(a.name, b.name))
}

function addEntry(
  context: Context,
  shards: Map<string, ShardInfo>,
  node: NodeId,
  dataset: CatalogBody['datasets'][number],
  entry: CatalogEntry,
  present: boolean,
  readings: Readings,
): void {
  const away = !present || dataset.roots.some((root) => root.root === entry.root && root.state === 'away')
  const holder = nameOf(context, node)
  const id = dataset.replicated ? `${entry.path}\n${entry.hash ?? node}` : `${entry.path}\n${node}\n${entry.root}`
  const before = shards.get(id)
  if (before !== undefined) {
    const state = before.state === 'offered' || away ? before.state : entry.state
    shards.set(id, { ...before, state, holders: [...before.holders, holder] })
    return
  }
  shards.set(id, {
    path: entry.path,
    bytes: entry.size,
    mtime: entry.mtime,
    state: away ? 'away' : entry.state,
    ...formatOf(entry, readings),
    holders: [holder],
    ...(entry.why === undefined ? {} : { why: entry.why }),
  })
}

function formatOf({ path, look, doubt }: CatalogEntry, readings: Readings): Pick<ShardInfo, 'format' | 'read'> {
  if (look === undefined) return { format: '', read: false }
  const { format, problem } = readings.of(path, look)
  const wrong = problem ?? doubt
  if (wrong !== undefined) return { format: `looks like ${wrong.looks}`, read: false }
  const { encoding } = look
  const within = look.compression === 'none' ? '' : ` in ${look.compression}`
  return { format: `${format}${encoding === 'utf-8' ? '' : `, ${encoding}`}${within}`, read: true }
}

/** What is left out, for people. */
export function leftOutInfo(context: Context, dataset: string, files: LeftOutFiles): LeftOutInfo {
  return { dataset, ...files, node: nameOf(context, files.node), text: leftOutText(files) }
}
