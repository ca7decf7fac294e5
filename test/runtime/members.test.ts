/** Which members a node misses after a start, by what is left of `members/` on its disk. */
import { expect, it } from 'vitest'
import { createMemoryIdentity, createMemoryNetwork } from '../../src/adapters/memory/mesh.ts'
import { encodeCatalog } from '../../src/catalog/codec.ts'
import { loadMembers, lookAtOwnRecord, markOwnRecord } from '../../src/runtime/boot.ts'
import type { Context } from '../../src/runtime/context.ts'
import { putKept } from '../../src/runtime/home/kept.ts'
import { Catalogs } from '../../src/runtime/peers/catalogs.ts'
import { toBytes } from '../../src/wire/codec.ts'
import { signRecord } from '../../src/wire/signed.ts'
import { recordOf } from '../core/one-node.ts'
import { bench } from './peer.ts'

const quiet = { gossip: () => {}, peer: () => {}, stream: () => {}, joinFailed: () => {} }

/** A home that knows one member, as it is after `change`. */
async function home(change: (disk: Awaited<ReturnType<typeof bench>>['disk'], member: string) => Promise<void>) {
  const node = await bench()
  const identity = createMemoryIdentity()
  const mesh = await createMemoryNetwork().start({ protocols: [], identity }, quiet)
  const { bytes: _bytes, signature: _signature, ...record } = recordOf(identity.id)
  const sealed = await signRecord(mesh, record)
  const member = `members/${identity.id}`
  await putKept(node.disk, `${member}.record`, toBytes({ bytes: sealed.bytes, signature: sealed.signature }))
  await putKept(node.disk, `${member}.catalog`, encodeCatalog({ version: 1, datasets: [] }))
  await change(node.disk, member)
  const { damage } = node.context
  const catalogs = new Catalogs(node.disk, damage)
  const context = { ...node.context, catalogs } as Context
  await lookAtOwnRecord(context)
  const known = await loadMembers(context)
  const ofMember = damage.list().filter(({ file }) => file.startsWith(member))
  return {
    known,
    lost: catalogs.lost(),
    damaged: ofMember.map(({ file }) => file.slice(member.length)),
    id: identity.id,
  }
}

it('one whose files are whole is dialled again', async () => {
  const { known, lost, damaged, id } = await home(async () => {})
  expect([known, lost, damaged]).toEqual([[id], [], []])
})

it.each<[string, Parameters<typeof home>[0]]>([
  ['damaged', async (disk, member) => disk.damage(`${member}.record`, (bytes) => bytes.fill(0, 30, 40))],
  ['gone', (disk, member) => disk.remove(`${member}.record`)],
])('one whose record is %s counts as away', async (_how, change) => {
  const { known, lost, damaged, id } = await home(change)
  expect([known, lost, damaged]).toEqual([[], [id], ['.record']])
})

it('all of them are missed by nobody where nothing is left: that is said; at a first start nothing is', async () => {
  const node = await bench()
  await lookAtOwnRecord(node.context)
  expect(node.context.damage.list()).toEqual([])
  await markOwnRecord(node.disk, node.self)
  await lookAtOwnRecord(node.context)
  expect(node.context.damage.list().map(({ file }) => file)).toEqual(['members'])
  // Of another identity, which this home had before, nothing is missed.
  const other = await bench()
  await markOwnRecord(other.disk, node.self)
  await lookAtOwnRecord(other.context)
  expect(other.context.damage.list()).toEqual([])
})

it('a catalog that another member has as well is not fetched', async () => {
  const node = await bench()
  node.peerServes = () => {
    throw new Error('a stream was opened')
  }
  const catalogs = new Catalogs(node.disk)
  const nothing = { version: 1, datasets: [] }
  const { hash } = catalogs.set(node.self, nothing)
  await catalogs.fetch(node.context, node.peer, hash, node.peer)
  expect(catalogs.get(node.peer)).toEqual(nothing)
})
