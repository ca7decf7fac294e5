/** Submission's fresh look at the data: every live node that offers a named dataset is asked to scan it now. */
import { NO_FACTS, type CatalogDataset, type ScanAnswer, type ScanInput } from '../../catalog/body.ts'
import { decodeScanAnswer } from '../../catalog/codec.ts'
import type { SnapshotSource } from '../../catalog/candidates.ts'
import { isLive } from '../../core/members/liveness.ts'
import { LIMITS } from '../../core/limits.ts'
import { compareUtf8 } from '../../core/plan/ranks.ts'
import type { NodeId } from '../../core/types.ts'
import type { Context } from '../context.ts'
import { pause, signalledWithin } from '../pause.ts'
import { callPeer } from '../peers/rpc.ts'

/**
 * The catalogs of all known nodes: fresh from those that answer, remembered from those that do not (a node silent for
 * LIMITS.scanRpcMs is away). Waits while pending entries move, up to LIMITS.scanStillMs without a move.
 */
export async function scanMesh(context: Context, inputs: readonly ScanInput[]): Promise<SnapshotSource[]> {
  const { state, catalogs } = context
  const names = new Set(inputs.map((input) => input.dataset))
  const known = new Set<NodeId>([state.self.node, ...state.members.keys(), ...catalogs.nodes()])
  const sources = await Promise.all(
    [...known].map(async (node): Promise<SnapshotSource | null> => {
      const remembered = catalogs.get(node)
      const offers = remembered === null || remembered.datasets.some((dataset) => names.has(dataset.name))
      if (node === state.self.node || (offers && isAsked(context, node))) {
        const answer = await scanNode(context, node, inputs)
        if (answer !== null)
          return { node, live: true, fresh: answer.fresh, body: answer.body, described: answer.described }
      }
      return remembered === null ? null : { node, live: !offers, body: remembered }
    }),
  )
  const told = sources.filter((source) => source !== null)
  return [...told, ...untold(context, told, names)]
}

/**
 * Members that offer shards, but are away, and of which it is not known here what these are: any of the named datasets
 * may be among them. Left out without a word, they would be missing from the result.
 */
function untold(
  { state, catalogs }: Context,
  told: readonly SnapshotSource[],
  names: ReadonlySet<string>,
): readonly SnapshotSource[] {
  const heard = new Set(told.map((source) => source.node))
  const why = 'its node is away, and what it offers is not known here'
  const datasets = [...names].sort(compareUtf8).map((name): CatalogDataset => {
    const others = told.flatMap((source) => source.body.datasets).find((dataset) => dataset.name === name)
    return {
      name,
      replicated: others?.replicated ?? false,
      roots: [{ root: '0'.repeat(12), state: 'away', why, ...NO_FACTS }],
      entries: [],
    }
  })
  const known = [...state.members.values()].filter(({ record }) => record.catalog.shards > 0)
  const nodes = [...known.map(({ node }) => node), ...catalogs.lost().filter((node) => !state.members.has(node))]
  return nodes
    .filter((node) => node !== state.self.node && !heard.has(node))
    .map((node) => ({ node, live: false, body: { version: 0, datasets } }))
}

/** A drained node lives, but its shards are away. */
function isAsked(context: Context, node: NodeId): boolean {
  const member = context.state.members.get(node)
  return member !== undefined && !member.record.drained && isLive(context.state, node)
}

/** One node's answer, asked again while its scan moves; null when it is silent. */
async function scanNode(context: Context, node: NodeId, inputs: readonly ScanInput[]): Promise<ScanAnswer | null> {
  const { clock } = context
  let walk: number | null = null
  let progress = -1
  let movedAt = clock.now()
  for (;;) {
    const answer = await askOnce(context, node, inputs, walk)
    if (answer === null) return null
    if (answer.progress !== progress) {
      progress = answer.progress
      movedAt = clock.now()
    }
    if (answer.settled || clock.now() - movedAt >= LIMITS.scanStillMs) return answer
    walk = answer.walk
    await pause(clock, LIMITS.scanPollMs)
  }
}

async function askOnce(
  context: Context,
  node: NodeId,
  inputs: readonly ScanInput[],
  walk: number | null,
): Promise<ScanAnswer | null> {
  const { state, catalog, catalogs, clock } = context
  if (node === state.self.node)
    return signalledWithin(clock, LIMITS.scanRpcMs, (signal) => catalog.answerScan(inputs, walk, signal))
  try {
    const { body } = await callPeer(context, node, { call: 'scan', inputs, walk }, undefined, LIMITS.scanRpcMs)
    const answer = decodeScanAnswer(body)
    catalogs.set(node, answer.body)
    return answer
  } catch (error) {
    context.dropped('scan', error)
    return null
  }
}
