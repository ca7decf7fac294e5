import { expect, it } from 'vitest'
import { takeSnapshot } from '../../src/catalog/snapshot.ts'
import { NO_FACTS, type CatalogBody } from '../../src/catalog/body.ts'
import type { NodeId } from '../../src/core/types.ts'
import { scanMesh } from '../../src/runtime/api/scan-mesh.ts'
import { recordOf } from '../core/one-node.ts'
import { bench } from './peer.ts'

const away = 'away' as NodeId

const own: CatalogBody = {
  version: 1,
  datasets: [
    {
      name: 'logs',
      replicated: false,
      roots: [{ root: 'a'.repeat(12), state: 'ok', why: '', ...NO_FACTS }],
      entries: [
        {
          path: 'a.log',
          root: 'a'.repeat(12),
          size: 1,
          witness: { dev: '1', ino: '1', mtimeNs: '1', ctimeNs: '1' },
          cuts: { kind: 'lines' },
          state: 'offered',
          mtime: '2025-01-01T00:00:00.000Z',
        },
      ],
    },
  ],
}

it.each([
  ['a member that is away counts, also where its catalog never came here', 3, 'INCOMPLETE'],
  ['a member that offers nothing is not missed', 0, null],
])('%s', async (_what, shards, refused) => {
  const node = await bench()
  const answer = { body: own, fresh: true, settled: true, walk: 1, progress: 1, described: [] }
  const context = {
    ...node.context,
    catalog: { answerScan: () => Promise.resolve(answer) },
    catalogs: { get: () => null, nodes: () => [], lost: () => [] },
  } as unknown as typeof node.context
  const catalog = { version: 1, hash: recordOf(away).catalog.hash, shards, bytes: shards }
  context.dispatch({
    type: 'message',
    from: node.peer,
    message: { type: 'records', records: [recordOf(away, { catalog })] },
  })
  const input = { dataset: 'logs', glob: '', options: {} }
  const sources = await scanMesh(context, [input])
  const outcome = takeSnapshot([{ alias: '', ...input }], sources, { allowPartial: false, now: Date.now() } as never)
  expect(outcome.ok ? null : outcome.refusal.code).toBe(refused)
})
