/**
 * A bad line: two nodes whose only way to each other is a relay of ours that delays every byte, over cables that are
 * slow and lose a fifth of all packets. Slow, and exact.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { countWords, Mesh, records, resultOf, WORD_COUNT, type MeshNode } from './mesh.ts'
import { Lan, sayLoudly, whyNoNamespaces, type Place } from './namespaces.ts'

const why = whyNoNamespaces()
if (why !== null) sayLoudly('nodes at the ends of a bad line (test/e2e/cuts-far.test.ts)', why)

const RELAY = fileURLToPath(new URL('delaying-relay.ts', import.meta.url))
const PORT = '4001'
const DELAY_MS = '10'
const LOSS = 0.2

const text = (seed: number): string =>
  Array.from({ length: 2_000 }, (_, i) => `word${(i * seed) % 9001} line${i % 7} seed${seed}\n`).join('')
const texts = { 'a.txt': text(3), 'b.txt': text(5) }
const words = countWords(Object.values(texts))

describe.skipIf(why !== null)('a bad line', { timeout: 300_000 }, () => {
  let lan: Lan
  let mesh: Mesh
  let relay: ChildProcess
  let near: MeshNode
  let far: MeshNode
  let places: [near: Place, far: Place, line: Place]

  beforeAll(async () => {
    lan = new Lan()
    mesh = new Mesh()
    places = [lan.place(), lan.place(), lan.place()]
    lan.cut(places[0], places[1])
    const [one] = await mesh.start({ name: 'near', data: { texts: { 'a.txt': texts['a.txt'] } }, ...places[0] })
    near = one!
    const [, host, port, id] = /\/ip4\/([\d.]+)\/tcp\/(\d+)\/p2p\/(\w+)/.exec((await near.listens())[0]!)!
    const line = places[2].address
    const words = [...places[2].within, process.execPath, RELAY, line, PORT, host!, port!, DELAY_MS]
    relay = spawn(words[0]!, words.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] })
    await once(relay.stdout!, 'data')
    far = mesh.add({ name: 'far', data: { texts: { 'b.txt': texts['b.txt'] } }, ...places[1] })
    far.start(['--join', (await near.ok('ticket')).trim(), '--join', `/ip4/${line}/tcp/${PORT}/p2p/${id!}`])
    await mesh.ready()
  })
  afterAll(async () => {
    await mesh?.end()
    relay?.kill('SIGKILL')
    lan?.end()
  })

  test('the answer comes, and is the one that a good line gives', async () => {
    const job = mesh.job('words', WORD_COUNT)
    const all = mesh.folder('all', texts)
    const local = await mesh.command(['run', job, '--partitions', '6', '--local', '--data', `texts=${all}`])
    expect(records(local.stdout)).toEqual(words)
    for (const place of places) {
      lan.lose(place, LOSS)
      lan.slow(place, '8mbit')
    }
    const ran = await near.run('run', job, '--partitions', '6', '--copies', '1', '--wait-for-data', '60s')
    expect(ran.code, ran.stderr).toBe(0)
    expect(resultOf(ran)).toBe(resultOf(local))
    expect(records(ran.stdout)).toEqual(words)
    for (const place of places) expect(lan.dropped(place)).toBeGreaterThan(0)
  })
})
