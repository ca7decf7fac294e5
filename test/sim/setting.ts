/** What a simulated mesh begins with: nodes, who holds which shards, and what is asked of it. */
import type { SubmitRequest } from '../../src/control/api.ts'
import type { JobRecord, NodeId, StageSpec } from '../../src/core/types.ts'
import type { SimStage } from './graphs.ts'
import { paramsOf } from './programs.ts'
import type { Random } from './random.ts'
import type { Scenario, SimJob } from './scenario.ts'
import { nameOf, type SimShard } from './workload.ts'

const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

/** Ids of the right form, in an order that the seed gives. */
export function nodeIds(count: number, random: Random): NodeId[] {
  const draw = (): string => BASE58[random.below(BASE58.length)]!
  return Array.from({ length: count }, () => `S${Array.from({ length: 45 }, draw).join('')}` as NodeId)
}

export function shardsOf(dataset: string, ids: readonly NodeId[], { jobs }: Scenario, copies: number): SimShard[] {
  const count = Math.max(...jobs.map((job) => job.shards))
  return Array.from({ length: count }, (_, i) => ({
    path: `${dataset}-${String(i).padStart(3, '0')}`,
    nodes: Array.from({ length: Math.min(copies, ids.length) }, (_unused, k) => ids[(i + k) % ids.length]!),
  }))
}

export function isSoleHolder({ snapshot }: JobRecord, node: NodeId): boolean {
  return snapshot.inputs.some(({ shards }) =>
    shards.some(({ copies }) => copies.length === 1 && copies[0]!.node === node),
  )
}

export function requestFor(job: SimJob): SubmitRequest {
  const { graph } = job
  const one = [{ alias: '', shards: job.shards }]
  const dataset = job.replicated ? 'copies' : 'own'
  return {
    job: {
      name: nameOf(job.name, job.code),
      bundle: `count words ${job.name}`,
      sourceMap: '',
      params: graph === null ? {} : paramsOf(graph.stages),
      inputs: (graph?.inputs ?? one).map(({ alias, shards }) => ({ alias, data: `${dataset}/${globFor(shards)}` })),
      partitions: job.partitions,
      combine: job.combine,
      reduce: true,
      sort: job.sort,
      onBadRecord: 'fail',
      format: null,
      ...(graph === null ? {} : { stages: graph.stages.map(specOf), outputs: graph.outputs }),
    },
    key: job.key,
    allowPartial: false,
    waitForDataMs: 0,
    limits: { copies: job.copies, taskMemory: null, taskTimeoutMs: null },
  }
}

/** The first so many shards of a dataset; more than nine: all of them. */
function globFor(shards: number): string {
  return `*-0${shards > 9 ? '*' : `0[0-${shards - 1}]`}`
}

function specOf({ does: _, ...stage }: SimStage): StageSpec {
  return stage
}
