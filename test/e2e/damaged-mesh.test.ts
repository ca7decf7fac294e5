/** Damage where another node can help: found, named, and had again from it. And homes that were copied, or set back. */
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DoctorAnswer } from '../../src/control/api.ts'
import { until } from './command.ts'
import { countWords, Mesh, records, resultOf, WORD_COUNT, type MeshNode } from './mesh.ts'

const [first, second] = ['one fish two fish\n'.repeat(40), 'red fish blue fish\n'.repeat(40)]
const PARTITIONS = ['--partitions', '3']

/** Without these a node is another one, or must not guess what it offers: it does not start, and says why. */
const needed = (file: string): boolean => /^(identity\.key|mesh\.key|catalog\/)/.test(file)
/** Written anew at each start; the task program has a test of its own (install-program.test.ts). */
const passing = (file: string): boolean => /^(lock|control-socket|slots\/|runner\/|\.tmp)/.test(file)

function filesUnder(home: string): string[] {
  return readdirSync(home, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(home, join(entry.parentPath, entry.name)))
    .filter((file) => !passing(file))
}

function flip(path: string): void {
  const bytes = readFileSync(path)
  bytes[bytes.length >> 1]! ^= 0x10
  writeFileSync(path, bytes)
}

describe('a mesh', { timeout: 300_000 }, () => {
  const mesh = new Mesh()
  let words: string
  let [a, b] = [] as unknown as [MeshNode, MeshNode]
  let id: string
  let expected: string
  const counts = countWords([first, second])

  beforeAll(async () => {
    words = mesh.job('words', WORD_COUNT.replace('map(line, { emit }) {', "map(line, { emit }) { console.log('hi');"))
    const nodes = await mesh.start(
      { name: 'a', data: { texts: { '1.txt': first } } },
      { name: 'b', data: { texts: { '2.txt': second } } },
    )
    ;[a, b] = nodes as [MeshNode, MeshNode]
    const ran = await a.run('run', words, ...PARTITIONS)
    expected = resultOf(ran)
    expect(records(ran.stdout)).toEqual(counts)
    id = (await a.jobs())[0]!.id
    await b.ok('data', 'freeze', 'texts')
    await held(b)
    // Runs that are still there would go at the next start, some of them before they are read.
    const isRun = (file: string): boolean => /\/run-\d+$/.test(file)
    await until('its runs have gone', () => (filesUnder(b.home).some(isRun) ? null : true))
  })
  afterAll(() => mesh.end())

  /** It has a copy of every part. */
  const held = async (node: MeshNode, of: string = id): Promise<void> => {
    await until('it has all parts', async () => {
      const { tasks } = await node.job(of)
      const parts = tasks.filter(({ kind }) => kind === 'reduce')
      return parts.every(({ holders }) => holders.includes(node.name)) ? true : null
    })
  }
  const damaged = async (node: MeshNode): Promise<string> => {
    const { checks } = await node.json<DoctorAnswer>('doctor').catch(async () => {
      const ended = await node.run('--json', 'doctor')
      return JSON.parse(ended.stdout) as DoctorAnswer
    })
    return checks.find(({ name }) => name === 'files')!.detail
  }

  test('a byte flipped in every file of a home: each is named, and the answer is right on that node', async () => {
    await b.kill()
    // Without a job's record, or a part's manifest, nothing behind it is looked at: records and parts come below.
    const hurt = filesUnder(b.home).filter((file) => !needed(file) && !/\/(record\.json|part)$/.test(file))
    for (const file of hurt) flip(join(b.home, file))
    expect(hurt.length).toBeGreaterThan(12)
    // Its port and the other's address are among what is gone.
    b.start(['--join', (await a.ok('ticket')).trim()])
    await mesh.ready()
    const unnamed = (): string[] => hurt.filter((file) => !b.log.includes(`${join(b.home, file)} is damaged`))
    await until('all of it is named', () => (unnamed().length === 0 ? true : null)).catch(() => undefined)
    expect(unnamed()).toEqual([])
    expect(records(await b.ok('job', 'result', id))).toEqual(counts)
    expect((await b.receipt(id)).result).toBe(expected)
    await held(b)
    const mended = (file: string): boolean => /bundle\.(js|map)$/.test(file)
    await until('what others have is had again', async () => {
      const detail = await damaged(b)
      return hurt.filter(mended).some((file) => detail.includes(file)) ? null : true
    })
    // All of it from its own disk.
    await a.kill()
    expect(records(await b.ok('job', 'result', id))).toEqual(counts)
    a.start()
    await mesh.ready()
    expect(resultOf(await b.run('run', words, ...PARTITIONS, '--key', 'after'))).toBe(expected)
  })

  test('what a job is, damaged: another node brings it, and what else was here of it counts', async () => {
    await Promise.all([a.kill(), b.kill()])
    const record = filesUnder(b.home).find((file) => file.includes(id) && file.endsWith('record.json'))!
    flip(join(b.home, record))
    b.start()
    const refused = await until('it listens', async () => {
      const ended = await b.run('--json', 'job', 'result', id)
      return ended.code === 1 ? JSON.parse(ended.stderr.trim().split('\n').at(-1)!) : null
    })
    expect(refused).toMatchObject({ code: 'DAMAGED', message: expect.stringContaining(record) })
    a.start()
    await mesh.ready()
    await held(b)
    await a.kill()
    expect(records(await b.ok('job', 'result', id))).toEqual(counts)
    a.start()
    await mesh.ready()
  })

  test('a part damaged while the node runs is had from the other, and again on its own disk', async () => {
    const parts = filesUnder(b.home).filter((file) => file.includes(id) && file.endsWith('/part'))
    for (const file of parts) flip(join(b.home, file))
    expect(records(await b.ok('job', 'result', id))).toEqual(counts)
    expect((await b.events(id)).some(({ type, text }) => type === 'damaged' && text.includes(parts[0]!))).toBe(true)
    await until('they are whole again', async () => {
      const detail = await damaged(b)
      return parts.some((file) => detail.includes(file)) ? null : true
    })
    expect((await b.json<{ ok: boolean }>('job', 'verify', id)).ok).toBe(true)
  })

  test('parts that nobody has any more: RESULT_LOST, and `job retry` makes them again', async () => {
    for (const node of [a, b])
      for (const file of filesUnder(node.home))
        if (file.includes(id) && file.endsWith('/part')) flip(join(node.home, file))
    const lost = await a.run('--json', 'job', 'result', id)
    expect(lost.code).toBe(3)
    expect(JSON.parse(lost.stderr.trim().split('\n').at(-1)!)).toMatchObject({ code: 'RESULT_LOST', exit: 3 })
    await until('both know', async () => ((await b.run('job', 'result', id)).code === 3 ? true : null))
    await until('it is made again', async () => {
      await a.ok('job', 'retry', id)
      const waited = await b.run('wait', id, '--timeout', '120s')
      expect(resultOf(waited)).toBe(expected)
      return (await b.run('job', 'result', id)).code === 0 ? true : null
    })
    for (const node of [a, b]) expect(records(await node.ok('job', 'result', id))).toEqual(counts)
  })

  test.each(['identity.key', 'mesh.key', 'catalog'])(
    '%s damaged: the node does not start, and says why',
    async (what) => {
      await b.kill()
      const file = filesUnder(b.home).find((one) => one.startsWith(what))!
      const path = join(b.home, file)
      const before = readFileSync(path)
      flip(path)
      b.start()
      expect(await b.ended).toBe(1)
      expect(b.log).toContain(path)
      writeFileSync(path, before)
      b.start()
      await mesh.ready()
    },
  )

  test('a home set back to an earlier day: its count goes on above what peers know, and jobs end right', async () => {
    await b.kill()
    const attic = join(mesh.root, 'attic')
    cpSync(b.home, attic, { recursive: true })
    b.start()
    await mesh.ready()
    for (let life = 0; life < 2; life++) {
      await b.restart()
      await mesh.ready()
    }
    expect(resultOf(await a.run('run', words, ...PARTITIONS, '--key', 'the later days'))).toBe(expected)
    const later = await livesOf(b)
    // What only b has is lost with its later days.
    const [last] = (await a.jobs()).toSorted((x, y) => (x.submitted < y.submitted ? 1 : -1))
    await held(a, last!.id)
    await b.kill()
    rmSync(b.home, { recursive: true })
    cpSync(attic, b.home, { recursive: true })
    b.start()
    await mesh.ready()
    expect(resultOf(await b.run('run', words, ...PARTITIONS, '--key', 'after the earlier day'))).toBe(expected)
    await until('it lives above what peers know', async () => ((await livesOf(b)) > later ? true : null))
    const forgotten = await a.submit(words, ...PARTITIONS, '--key', 'the later days')
    // It is told anew of what it has forgotten with a round of anti-entropy.
    await until('it hears of the job', async () => ((await b.jobs()).some((job) => job.id === forgotten) ? true : null))
    expect(resultOf(await b.run('wait', forgotten))).toBe(expected)
  })

  test('a home that runs twice: both are named, and end', async () => {
    const clone = mesh.add({ name: 'b-again', data: { texts: { '2.txt': second } } })
    cpSync(b.home, clone.home, { recursive: true })
    rmSync(join(clone.home, 'port'))
    clone.start()
    expect(await Promise.all([clone.ended, b.ended])).toEqual([6, 6])
    for (const { log } of [clone, b]) expect(log).toContain('IDENTITY_TWICE')
    b.start()
    await mesh.ready()
    expect(resultOf(await a.run('run', words, ...PARTITIONS, '--key', 'one again'))).toBe(expected)
  })
})

/** The count in the home, behind the line that holds its checksum. */
async function livesOf(node: MeshNode): Promise<number> {
  return Number(readFileSync(join(node.home, 'incarnation'), 'utf8').split('\n')[1])
}
