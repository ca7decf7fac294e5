/** Builders of catalogs, and of what is asked of them, for the tests of snapshots. */
import {
  NO_FACTS,
  type CatalogBody,
  type CatalogDataset,
  type CatalogEntry,
  type CatalogRoot,
} from '../../src/catalog/body.ts'
import { PLAIN_TEXT } from '../../src/core/look.ts'
import type { SnapshotRequest, SnapshotSource } from '../../src/catalog/candidates.ts'
import { takeSnapshot, type SnapshotOutcome } from '../../src/catalog/snapshot.ts'
import type { Cuts, Digest, NodeId, Snapshot, Witness } from '../../src/core/types.ts'

export const NOW: number = Date.UTC(2026, 0, 2)
const OLD = Date.UTC(2026, 0, 1)
export const LINES: Cuts = { kind: 'lines' }
export const hash = (digit: string): Digest => digit.repeat(64) as Digest

export const witness = (ino: number, modified: number = OLD): Witness => ({
  dev: '1',
  ino: `${ino}`,
  mtimeNs: `${modified}000000`,
  ctimeNs: '1',
})
let inode = 0
export const entry = (path: string, facts: Partial<CatalogEntry> = {}): CatalogEntry => ({
  path,
  root: 'r1',
  size: 10,
  witness: witness(++inode),
  cuts: LINES,
  look: PLAIN_TEXT,
  state: 'offered',
  mtime: '2026-01-01T00:00:00.000Z',
  ...facts,
})
export const copy = (path: string, digit: string, facts: Partial<CatalogEntry> = {}): CatalogEntry =>
  entry(path, { hash: hash(digit), ...facts })
export const dataset = (
  name: string,
  entries: CatalogEntry[],
  facts: Partial<CatalogDataset> = {},
): CatalogDataset => ({
  name,
  replicated: entries.some((one) => one.hash !== undefined),
  roots: [{ root: 'r1', state: 'ok', why: '', ...NO_FACTS }],
  entries,
  ...facts,
})
export const body = (...datasets: CatalogDataset[]): CatalogBody => ({ version: 1, datasets })
export const source = (
  node: string,
  datasets: CatalogDataset[],
  facts: Partial<SnapshotSource> = {},
): SnapshotSource => ({
  node: node as NodeId,
  live: true,
  body: body(...datasets),
  ...facts,
})
export const input = (glob = '', facts: Partial<SnapshotRequest> = {}): SnapshotRequest => ({
  alias: '',
  dataset: 'logs',
  glob,
  options: {},
  ...facts,
})
export const take = (requests: SnapshotRequest[], sources: SnapshotSource[], allowPartial = false): SnapshotOutcome =>
  takeSnapshot(requests, sources, { allowPartial, now: NOW })
export const taken = (outcome: SnapshotOutcome): Snapshot => {
  if (!outcome.ok) throw outcome.refusal
  return outcome.snapshot
}
/** node:root:path of each copy of each shard, by input. */
export const listed = (outcome: SnapshotOutcome): string[][] =>
  taken(outcome).inputs.map(({ shards }) =>
    shards.map(({ path, copies }) => `${path} ${copies.map(({ node, root }) => `${node}/${root}`).join(' ')}`),
  )
export const refusal = (outcome: SnapshotOutcome): object => {
  if (outcome.ok) throw new Error('it was not refused')
  const { code, message, why } = outcome.refusal
  return { code, message, why }
}
export const AWAY: CatalogRoot = { root: 'r1', state: 'away', why: '/data is missing', ...NO_FACTS }
