/** What fails, or has no room, is tried again: where it is worth it, and with what was finished kept. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from './command.ts'
import { countWords, Mesh, records, resultOf, WORD_COUNT, type MeshNode } from './mesh.ts'

const TEXT = Array.from({ length: 4_000 }, (_, i) => `word${i % 700} other${i % 90} and ${'x'.repeat(i % 30)}`).join(
  '\n',
)

/** Reduce keeps as much as it is told to; map is cheap. */
const GREEDY = `import { defineJob } from 'shoal/job'
export default defineJob({
  input: 'texts',
  map(line, { emit }) { emit(line.length % 5, 1) },
  reduce(key, ones, { emit, params }) {
    const kept = []
    for (let i = 0; i < Number(params.chunks); i++) kept.push(new Uint8Array(4_000_000).fill(i))
    let sum = 0
    for (const one of ones) sum += one
    emit(key, sum + kept.length)
  },
})
`

/** Gives about 1.5 MB that no compressor makes smaller. */
const LARGE = `import { defineJob } from 'shoal/job'
export default defineJob({
  input: 'texts',
  map(line, { emit, random }) { for (let i = 0; i < 8; i++) emit(line.length % 7, random() + ' ' + random() + ' ' + random()) },
  reduce(key, values, { emit }) { let last = ''; let n = 0; for (const v of values) { n++; if (v > last) last = v } emit(key, [n, last]) },
})
`

/** Attempts that began, by what they are: \`map 1/2\`. */
async function begun(node: MeshNode, id: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const { type, text } of await node.events(id)) {
    if (type !== 'started') continue
    const what = text.replace(' started', '')
    counts[what] = (counts[what] ?? 0) + 1
  }
  return counts
}

describe('a second try', { timeout: 300_000 }, () => {
  let mesh: Mesh
  let nodes: MeshNode[]

  beforeAll(async () => {
    mesh = new Mesh()
    nodes = await mesh.start(
      { name: 'a', data: { texts: { 'a.txt': TEXT } }, args: ['--memory', '400MB'] },
      { name: 'b', data: { texts: { 'b.txt': TEXT } }, args: ['--memory', '400MB'] },
    )
  })
  afterAll(() => mesh?.end())

  test('with more memory, from another node: the larger limit holds everywhere, and finished maps are kept', async () => {
    const [a, b] = nodes as [MeshNode, MeshNode]
    const job = mesh.job('greedy', GREEDY)
    const args = ['run', job, '--partitions', '2', '--param', 'chunks=40']
    const failed = await a.run(...args, '--task-memory', '120MB')
    expect(failed.code).toBe(1)
    expect(failed.stderr).toContain('error[TASK_MEMORY]')
    const { id } = (await a.jobs()).find(({ name }) => name.includes('greedy'))!
    const before = await begun(a, id)
    const done = await b.run(...args, '--task-memory', '350MB')
    expect(done.code).toBe(0)
    const sums = new Map<number, number>()
    for (const line of `${TEXT}\n${TEXT}`.split('\n')) sums.set(line.length % 5, (sums.get(line.length % 5) ?? 0) + 1)
    expect(records(done.stdout)).toEqual([...sums].sort(([x], [y]) => x - y).map(([key, sum]) => [key, sum + 40]))
    const after = await begun(b, id)
    for (const what of ['map 1/2', 'map 2/2']) {
      expect(before[what]).toBe(1)
      expect(after[what]).toBe(1)
    }
    const limits = await Promise.all(nodes.map(async (node) => (await node.job(id)).limits.taskMemory))
    expect(limits).toEqual([350_000_000, 350_000_000])
    // A third submission with less takes nothing away.
    expect((await a.run(...args, '--task-memory', '110MB')).code).toBe(0)
  })
})

describe('a task that kills its node each time', { timeout: 300_000 }, () => {
  test('ends the round after few deaths; the mesh lives, and a retry without the cause gives the answer', async () => {
    const mesh = new Mesh()
    try {
      const [only, other] = (await mesh.start(
        { name: 'only', data: { texts: { 'a.txt': TEXT } } },
        { name: 'other', args: ['--slots', '0'] },
      )) as [MeshNode, MeshNode]
      await only.restart({ hold: true })
      await mesh.ready()
      const id = await other.submit(mesh.job('words', WORD_COUNT), '--partitions', '1')
      for (let death = 1; death <= 4; death++) {
        expect(await only.held()).toBe('map 1/1')
        await only.restart({ hold: death < 4 })
      }
      const ended = await other.run('wait', id)
      expect(ended.code).toBe(1)
      expect(ended.stderr).toContain('error[TASK_POISON]')
      expect(ended.stderr).toContain('only')
      await mesh.ready()
      await other.ok('job', 'retry', id)
      expect((await other.run('wait', id)).code).toBe(0)
      expect(records(await other.ok('job', 'result', id))).toEqual(countWords([TEXT]))
    } finally {
      await mesh.end()
    }
  })
})

/** A small disk at this folder; null, and said loudly, where this machine lets nobody mount one. */
function smallDisk(folder: string): (() => void) | null {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=48m,mode=700', 'tmpfs', folder], { stdio: 'pipe' })
  } catch (error) {
    console.warn(`SKIPPED: no tmpfs can be mounted here: ${(error as Error).message.split('\n')[0]}`)
    return null
  }
  return () => execFileSync('umount', ['-l', folder])
}

describe('a full disk', { timeout: 300_000 }, () => {
  test('holds the job up, which says so, and goes on by itself once there is room', async (context) => {
    const mesh = new Mesh()
    const node = mesh.add({ name: 'full', data: { texts: { 'a.txt': TEXT } } })
    const unmount = smallDisk(node.home)
    try {
      if (unmount === null) return context.skip()
      node.start()
      await mesh.ready()
      const job = mesh.job('words', WORD_COUNT)
      const big = mesh.job('big', LARGE)
      const ballast = join(node.home, 'ballast')
      fill(ballast, 700_000)
      const id = await node.submit(big, '--partitions', '1')
      const why = await until('the job says that there is no room', async () => {
        const text = await node.why(id)
        return text.includes('no space is left') ? text : null
      })
      expect(why).toContain('node full could not run map 1/1')
      rmSync(ballast)
      expect((await node.run('wait', id)).code).toBe(0)
      const local = await mesh.command([
        'run',
        big,
        '--partitions',
        '1',
        '--local',
        '--data',
        `texts=${node.data('texts')}`,
      ])
      expect((await node.json<{ result: string }>('job', 'receipt', id)).result).toBe(resultOf(local))
      expect((await node.run('run', job)).code).toBe(0)
    } finally {
      await mesh.nodes[0]!.kill()
      unmount?.()
      await mesh.end()
    }
  })
})

/** Writes zeros until no more than so many bytes are free. */
function fill(file: string, free: number): void {
  const block = Buffer.alloc(100_000)
  for (let size = 0; ; size += block.length) {
    try {
      writeFileSync(file, block, { flag: 'a' })
    } catch {
      truncateSync(file, Math.max(0, size - free))
      return
    }
  }
}

describe('a holder without slots that dies', { timeout: 300_000 }, () => {
  /** Two splits of long lines: their bytes take a while, their records do not. */
  const lines = Array.from({ length: 1_600 }, (_, i) => `${'y'.repeat(50_000 - (i % 9))} word${i % 11}`)

  test('while it is read over a stream: the job waits for it, and ends with the same hash', async () => {
    const mesh = new Mesh()
    try {
      const [worker, holder] = (await mesh.start(
        { name: 'worker' },
        { name: 'holder', data: { texts: { 'long.txt': `${lines.join('\n')}\n` } }, args: ['--slots', '0'] },
      )) as [MeshNode, MeshNode]
      const id = await worker.submit(mesh.job('words', WORD_COUNT), '--partitions', '1')
      const spool = join(worker.home, 'jobs', id, 'spool')
      await until('some of the shard has come', () => (bytesIn(spool) > 0 ? true : null))
      await holder.kill()
      const why = await until('the job waits', async () => {
        const text = await worker.why(id)
        return text.startsWith('waits') ? text : null
      })
      expect(why.trim()).toBe('waits for texts/long.txt on holder (away)')
      holder.start()
      expect((await worker.run('wait', id)).code).toBe(0)
      expect(records(await worker.ok('job', 'result', id))).toEqual(countWords(lines))
      await until('what had come is removed', () => (bytesIn(spool) === 0 ? true : null))
      const tasks = (await worker.job(id)).tasks.filter(({ kind }) => kind === 'map')
      expect(tasks.map(({ owner }) => owner)).toEqual(['worker', 'worker'])
    } finally {
      await mesh.end()
    }
  })
})

function bytesIn(folder: string): number {
  if (!existsSync(folder)) return 0
  let bytes = 0
  for (const name of readdirSync(folder, { recursive: true }) as string[]) {
    const facts = statSync(join(folder, name), { throwIfNoEntry: false })
    if (facts?.isFile() === true) bytes += facts.size
  }
  return bytes
}
