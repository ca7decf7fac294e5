import { expect, it } from 'vitest'
import { NO_FACTS, type CatalogBody, type CatalogEntry } from '../../src/catalog/body.ts'
import type { Digest, NodeId, Shard, Witness } from '../../src/core/types.ts'
import type { Context } from '../../src/runtime/context.ts'
import { copiesHere } from '../../src/runtime/home/copies.ts'

const [self, other] = ['self', 'other'] as [NodeId, NodeId]
const [root, elsewhere] = ['a'.repeat(12), 'b'.repeat(12)]
const hash = 'c'.repeat(64) as Digest
const witness = (ino: string): Witness => ({ dev: '1', ino, mtimeNs: '1', ctimeNs: '1' })

function entry(over: Partial<CatalogEntry> = {}): CatalogEntry {
  const mtime = '2026-01-01T00:00:00.000Z'
  return { path: 'x', root, size: 1, witness: witness('new'), hash, cuts: { kind: 'lines' }, state: 'offered', mtime, ...over } // prettier-ignore
}

function here(entries: readonly CatalogEntry[], over: Partial<Shard> = {}, replicated = true) {
  const roots = [root, elsewhere].map((id) => ({ root: id, state: 'ok' as const, why: '', ...NO_FACTS }))
  const body: CatalogBody = { version: 1, datasets: [{ name: 'd', replicated, roots, entries }] }
  const context = { state: { self: { node: self } }, catalog: { record: () => body } } as unknown as Context
  const pinned = { node: other, root, witness: witness('theirs') }
  const shard: Shard = { dataset: 'd', path: 'x', size: 1, hash, cuts: { kind: 'lines' }, copies: [pinned], ...over }
  return copiesHere(context, shard).map((copy) => [copy.node, copy.root, copy.witness.ino])
}

const mine = (at: string) => ({ node: self, root: at, witness: witness('old') })

it('a file of the same dataset, path and content is a copy, whoever had it when the job was pinned', () => {
  expect(here([entry()])).toEqual([[self, root, 'new']])
})

it.each<[string, Parameters<typeof here>]>([
  ['other content', [[entry({ hash: 'd'.repeat(64) as Digest })]]],
  ['another path', [[entry({ path: 'y' })]]],
  ['another dataset', [[entry()], { dataset: 'e' }]],
  ['a file that is still being hashed', [[entry({ state: 'pending' })]]],
  ['a file in a dataset that is not replicated', [[entry()], {}, false]],
])('%s is none', (_what, [entries, over, replicated]) => {
  expect(here(entries, over, replicated)).toEqual([])
})

it('a shard of a dataset that is not replicated is where the snapshot says, and there alone', () => {
  const { hash: _hash, ...own } = entry()
  const shard = { hash: undefined, copies: [mine(root)] } as unknown as Partial<Shard>
  expect(here([own], shard, false)).toEqual([[self, root, 'old']])
})

it('a file that was copied anew with the same content is read as it is now; another folder is kept', () => {
  expect(here([entry()], { copies: [mine(root), mine(elsewhere)] })).toEqual([
    [self, root, 'new'],
    [self, elsewhere, 'old'],
  ])
})
