import { expect, it } from 'vitest'
import { until } from '../../contracts/mesh.ts'
import { useBench } from './bench.ts'
import { startProxy } from './proxy.ts'

const bench = useBench()

it('notices a cut that neither end is told of, and connects anew by another address', async () => {
  // No shorter: on a machine that is loaded tenfold an answer takes so long before the cut, too.
  const probe = { afterMs: 500, probeMs: 1_500 }
  const [a, b] = [await bench.start({ probe }), await bench.start({ probe })]
  const proxy = await startProxy(b.mesh.port ?? 0)
  try {
    a.mesh.keepDialling(null, [`/ip4/127.0.0.1/tcp/${proxy.port}`])
    await until('connected', () => a.mesh.peers().length === 1 && b.mesh.peers().length === 1)
    const stream = await a.mesh.open(b.mesh.self, 'held')
    await stream.write(Buffer.from('before the cut'))
    proxy.cut()
    await expect(stream.read()).rejects.toThrow()
    await until('anew', () => a.seen.peers.length === 3)
    expect(a.seen.peers.map((event) => event.connected)).toEqual([true, false, true])
    const again = await a.mesh.open(b.mesh.self, 'echo')
    await again.end()
    expect(await again.read()).toBe(null)
  } finally {
    proxy.close()
  }
})

it('leaves a silent connection alone as long as probes are answered', async () => {
  const probe = { afterMs: 50, probeMs: 30_000 }
  const [a, b] = [await bench.start({ probe }), await bench.start({ probe })]
  const proxy = await startProxy(b.mesh.port ?? 0)
  try {
    a.mesh.keepDialling(null, [`/ip4/127.0.0.1/tcp/${proxy.port}`])
    await until('connected', () => a.mesh.peers().length === 1 && b.mesh.peers().length === 1)
    const before = proxy.passed()
    await until('probes and answers', () => proxy.passed() > before + 40)
    expect(a.seen.peers).toEqual([{ peer: b.mesh.self, connected: true }])
    expect(b.seen.peers).toEqual([{ peer: a.mesh.self, connected: true }])
  } finally {
    proxy.close()
  }
})
