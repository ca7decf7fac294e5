/**
 * `shoal node --disk SIZE` on one of two nodes: jobs that ended first make room there, the last one never, and the other
 * node keeps them all. A finished job stays for a minute at least, so this takes more than one.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until, type Ended } from './command.ts'
import { countWords, Mesh, records, resultOf, type MeshNode } from './mesh.ts'

/** The same size whatever the salt is, and another job. */
const SALTED = `import { defineJob } from 'shoal/job'
export default defineJob({
  input: 'texts',
  params: { salt: '' },
  map(line, { emit, params }) { for (const word of line.match(/[A-Za-z]+/g) ?? []) emit(word + params.salt, 1) },
  combine: (a, b) => a + b,
  reduce(word, counts, { emit }) { let sum = 0; for (const count of counts) sum += count; emit(word, sum) },
})
`
const letters = (n: number): string => Array.from(String(n), (digit) => 'abcdefghij'[Number(digit)]).join('')
const text = (from: number): string => Array.from({ length: 9_000 }, (_, i) => `word ${letters(from + i)}\n`).join('')
const TEXTS = [text(0), text(4_500)] as const
const SALTS = ['a', 'b', 'c', 'd'] as const

const answerTo = (salt: string): [word: string, count: number][] =>
  countWords(TEXTS.map((all) => all.replaceAll('\n', `${salt}\n`).replaceAll('word', `word${salt}`)))

const isAnswer = ({ stdout }: Ended, salt: string): boolean => isDeepStrictEqual(records(stdout), answerTo(salt))

describe('what finished jobs may take', { timeout: 400_000 }, () => {
  let mesh: Mesh
  let job: string
  let roomy: MeshNode
  let narrow: MeshNode
  let kilobytes = 0
  const ids: string[] = []
  const runs: Ended[] = []

  const run = (node: MeshNode, salt: string, ...more: readonly string[]): Promise<Ended> =>
    node.run('run', job, '--partitions', '2', '--key', `key-${salt}`, '--param', `salt=${salt}`, ...more)

  /** Both parts of the job lie on both nodes. */
  const copied = async (id: string): Promise<void> => {
    await until('the parts are on two nodes', async () => {
      const parts = (await narrow.job(id)).tasks.filter(({ kind }) => kind === 'reduce')
      return parts.every(({ holders }) => holders.length === 2) ? true : null
    })
  }

  const known = async (node: MeshNode): Promise<string[]> =>
    (await node.jobs()).map(({ id }) => SALTS[ids.indexOf(id)] ?? id).toSorted()

  const bounded = async (size: string): Promise<void> => {
    await narrow.kill()
    narrow.start(['--disk', size])
    await mesh.ready()
  }

  beforeAll(async () => {
    mesh = new Mesh()
    job = mesh.job('salted', SALTED)
    const nodes = await mesh.start(
      { name: 'roomy', data: { texts: { 'x.txt': TEXTS[0] } } },
      { name: 'narrow', data: { texts: { 'x.txt': TEXTS[1] } } },
    )
    roomy = nodes[0]!
    narrow = nodes[1]!
    for (const salt of SALTS) {
      const ran = await run(roomy, salt)
      expect([ran.code, isAnswer(ran, salt)], ran.stderr).toEqual([0, true])
      ids.push((await roomy.jobs()).find(({ id }) => !ids.includes(id))!.id)
      runs.push(ran)
      await copied(ids.at(-1)!)
    }
  })
  afterAll(() => mesh?.end())

  test('without a bound all stay, and status says what they take', async () => {
    // About 40 kB each.
    const bytes = await until('all four are measured', async () => {
      const { disk, jobs } = await narrow.status()
      return jobs.open === 0 && disk.finished > 150_000 ? disk.finished : null
    })
    kilobytes = Math.ceil(bytes / SALTS.length / 1_000)
    expect(await narrow.ok('status')).toMatch(/^disk +\d+ kB of finished jobs, kept for 7 days; 0 B of open ones$/m)
    expect(await known(narrow)).toEqual([...SALTS])
  })

  test('those that ended first make room, on this node alone; status says how many', async () => {
    const most = Math.floor(2.5 * kilobytes)
    await bounded(`${most}KB`)
    await until('two have made room', async () => ((await narrow.jobs()).length === 2 ? true : null))
    expect(await known(narrow)).toEqual(['c', 'd'])
    await until('their folders are gone', () => (readdirSync(join(narrow.home, 'jobs')).length === 2 ? true : null))
    const { disk } = await narrow.status()
    expect(disk).toMatchObject({ most: most * 1_000, early: 2 })
    expect(disk.finished).toBeLessThanOrEqual(most * 1_000)
    expect(await narrow.ok('status')).toContain('2 jobs forgotten early for want of room')
    expect(await known(roomy)).toEqual([...SALTS])
    expect((await roomy.status()).disk).toMatchObject({ most: null, early: 0 })
  })

  test('the last one stays, though it is larger than the bound', async () => {
    await bounded('1KB')
    await until('one is left', async () => ((await narrow.jobs()).length === 1 ? true : null))
    expect(await known(narrow)).toEqual(['d'])
    const { disk } = await narrow.status()
    expect(disk.finished).toBeGreaterThan(disk.most!)
    expect((await narrow.ok('job', 'result', ids[3]!)) === runs[3]!.stdout).toBe(true)
  })

  test('who asks here for one that is forgotten hears so, and has it from the other node', async () => {
    const asked = await narrow.run('--json', 'job', 'result', ids[0]!)
    expect([asked.code, asked.stdout]).toEqual([2, ''])
    expect(JSON.parse(asked.stderr.trim().split('\n').at(-1)!)).toMatchObject({ code: 'NO_SUCH_JOB', exit: 2 })
    expect((await roomy.ok('job', 'result', ids[0]!)) === runs[0]!.stdout).toBe(true)
    // The same job again is that job: the other node has its result.
    const again = await run(narrow, 'a')
    expect([again.code, again.stdout === runs[0]!.stdout], again.stderr).toEqual([0, true])
    expect(resultOf(again)).toBe(resultOf(runs[0]!))
  })
})
