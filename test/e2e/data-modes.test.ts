/** What counts, and how often: own and replicated datasets, copies that differ, nodes and files that are away. */
import { chmodSync, mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until, type Ended } from './command.ts'
import { countWords, Mesh, records, resultOf, WORD_COUNT, type MeshNode } from './mesh.ts'

const SAME = 'one two two three\nthree three\n'

function refusal(ended: Ended): { code: string; exit: number; message: string; why?: string; try: string[] } {
  return JSON.parse(ended.stderr.trim().split('\n').at(-1)!) as ReturnType<typeof refusal>
}

describe('own, replicated, away', { timeout: 500_000 }, () => {
  let mesh: Mesh
  let words: string
  let a: MeshNode
  let b: MeshNode

  beforeAll(async () => {
    mesh = new Mesh()
    words = mesh.job('words', WORD_COUNT)
    const nodes = await mesh.start(
      {
        name: 'a',
        data: {
          own: { 'access.log': SAME },
          'twins,replicated': { 'access.log': SAME },
          'copies,replicated': { 'x.txt': 'left\n', 'same.txt': 'both\n' },
          mixed: { 'x.txt': 'x\n' },
          purchases: { 'p.txt': 'p\n' },
          names: {
            'with space.txt': 'alpha\n',
            'quo\'te".txt': 'beta\n',
            'line\nbreak.txt': 'gamma\n',
            'st*r.txt': 'delta\n',
            'ünïcode 🦊.txt': 'epsilon\n',
            'two..dots.txt': 'zeta\n',
            '.hidden': 'not offered\n',
            'deep/er/[x]{y}.txt': 'eta\n',
            'stXr.txt': 'theta\n',
          },
        },
      },
      {
        name: 'b',
        data: {
          own: { 'access.log': SAME },
          'twins,replicated': { 'access.log': SAME },
          'copies,replicated': { 'x.txt': 'right\n', 'same.txt': 'both\n' },
          'mixed,replicated': { 'x.txt': 'x\n' },
          late: { 'l.txt': 'soon\n' },
        },
      },
    )
    a = nodes[0]!
    b = nodes[1]!
  })
  afterAll(() => mesh?.end())

  test('the same file name on two machines counts twice', async () => {
    const ran = await a.run('run', words, '--input', 'own')
    expect(ran.stderr).toContain('2/2 shards')
    expect(records(ran.stdout)).toEqual(countWords([SAME, SAME]))
  })

  test('`,replicated` counts it once', async () => {
    const ran = await b.run('run', words, '--input', 'twins')
    expect(ran.stderr).toContain('1/1 shards')
    expect(records(ran.stdout)).toEqual(countWords([SAME]))
    const shards = (await a.datasets()).find(({ name }) => name === 'twins')!.shards
    expect(shards.map(({ path, holders }) => [path, holders.toSorted()])).toEqual([['access.log', ['a', 'b']]])
  })

  test('copies that differ are REPLICA_DIVERGED, 2; a glob around them works', async () => {
    const ran = await a.run('--json', 'run', words, '--input', 'copies')
    expect([ran.code, ran.stdout]).toEqual([2, ''])
    expect(refusal(ran)).toMatchObject({ code: 'REPLICA_DIVERGED', exit: 2 })
    expect(JSON.stringify(refusal(ran))).toContain('x.txt')
    const around = await a.run('run', words, '--input', 'copies/same.txt')
    expect(records(around.stdout)).toEqual([['both', 1]])
  })

  test('own here and replicated there is DATASET_MODE, 2', async () => {
    const ran = await b.run('--json', 'run', words, '--input', 'mixed')
    expect(ran.code).toBe(2)
    expect(refusal(ran)).toMatchObject({ code: 'DATASET_MODE', exit: 2 })
  })

  test('a misspelt dataset gets the nearest name, 2; so does a glob without files', async () => {
    const ran = await b.run('run', words, '--input', 'purchasse')
    expect([ran.code, ran.stdout]).toEqual([2, ''])
    expect(ran.stderr).toContain('error[NO_DATA]')
    expect(ran.stderr).toContain('purchases')
    expect((await b.run('run', words, '--input', 'own/*.parquet')).code).toBe(2)
  })

  test('names with spaces, quotes, newlines, stars, and unicode', async () => {
    const ran = await b.run('run', words, '--input', 'names')
    expect(ran.code, ran.stderr).toBe(0)
    expect(records(ran.stdout)).toEqual(
      ['alpha', 'beta', 'delta', 'epsilon', 'eta', 'gamma', 'theta', 'zeta'].map((word) => [word, 1]),
    )
    const shards = (await b.datasets()).find(({ name }) => name === 'names')!.shards
    expect(shards.map(({ path }) => path)).toContain('line\nbreak.txt')
    expect((await b.ok('data', 'ls', 'names')).split('\n').filter((line) => line.startsWith('break'))).toEqual([])
  })

  test.skipIf(process.getuid?.() === 0)(
    'a file that cannot be read refuses the job, 3 (skipped for root, who reads everything)',
    async () => {
      a.write('purchases', 'closed.txt', 'closed\n')
      chmodSync(join(a.data('purchases'), 'closed.txt'), 0o000)
      const ran = await b.run('--json', 'run', words, '--input', 'purchases')
      expect(refusal(ran)).toMatchObject({ code: 'INCOMPLETE', exit: 3 })
      chmodSync(join(a.data('purchases'), 'closed.txt'), 0o600)
    },
  )

  test('a snapshot that was frozen is what later jobs read; a changed file is SHARD_CHANGED, 1', async () => {
    b.write('late', 'log.txt', 'first\n')
    const frozen = await until('the scan has seen the file', async () => {
      const ended = await a.run('--json', 'data', 'freeze', 'late')
      const answer = JSON.parse(ended.stdout) as { snapshot: string; shards: number }
      return answer.shards === 2 ? answer : null
    })
    b.write('late', 'more.txt', 'second\n')
    expect(records(await a.ok('run', words, '--input', `late@${frozen.snapshot.slice(0, 12)}`))).toEqual([
      ['first', 1],
      ['soon', 1],
    ])
    expect(await a.ok('data', 'show', '-q')).toContain(frozen.snapshot)
    expect(records(await a.ok('run', words, '--input', 'late'))).toEqual([
      ['first', 1],
      ['second', 1],
      ['soon', 1],
    ])
    b.write('late', 'log.txt', 'changed since\n')
    const changed = await a.run('--json', 'run', words, '--input', `late@${frozen.snapshot}`, '--key', 'changed')
    expect(changed.code, changed.stderr).toBe(1)
    expect(refusal(changed)).toMatchObject({ code: 'SHARD_CHANGED', exit: 1 })
    expect(JSON.stringify(refusal(changed))).toContain('late/log.txt')
  })

  test('a directory that is away counts as away until data forget', async () => {
    renameSync(a.data('purchases'), `${a.data('purchases')}.gone`)
    const refused = await until('it is missed', async () => {
      const ended = await b.run('--json', 'run', words, '--input', 'purchases')
      return ended.code === 3 ? ended : null
    })
    expect(refusal(refused)).toMatchObject({ code: 'INCOMPLETE' })
    mkdirSync(a.data('purchases'))
    expect((await b.run('run', words, '--input', 'purchases')).code).toBe(3)
    expect((await a.run('data', 'forget', 'purchases')).code).toBe(0)
    await until('it counts no more', async () =>
      (await b.run('run', words, '--input', 'purchases')).code === 2 ? true : null,
    )
  })

  test('a node that is away: INCOMPLETE 3, --allow-partial says so on its face, --wait-for-data waits', async () => {
    await b.kill()
    await until('b is away', async () => {
      const found = (await a.members()).find(({ name }) => name === 'b')
      return found?.state === 'away' ? true : null
    })
    const refused = await a.run('--json', 'run', words, '--input', 'own', '--key', 'away')
    expect([refused.code, refused.stdout]).toEqual([3, ''])
    expect(refusal(refused)).toMatchObject({ code: 'INCOMPLETE', exit: 3 })
    expect(JSON.stringify(refusal(refused))).toContain('own/access.log on b')
    expect(
      (await a.datasets())
        .find(({ name }) => name === 'own')!
        .shards.map((s) => s.state)
        .toSorted(),
    ).toEqual(['away', 'offered'])

    const before = (await a.jobs()).length
    const patient = ['--wait-for-data', '60s', '--timeout', '2s']
    const late = await a.run('--json', 'run', words, '--input', 'own', ...patient)
    expect([late.code, refusal(late).code]).toEqual([5, 'TIMEOUT'])
    expect(refusal(late).why).toContain('waits for the data no longer')

    const partial = await a.run('run', words, '--input', 'own', '--allow-partial')
    expect(partial.code).toBe(0)
    expect(records(partial.stdout)).toEqual(countWords([SAME]))
    expect(partial.stderr).toContain('1/2 shards')
    expect(partial.stderr).toMatch(/own\/access\.log.*\bb\b/)
    const [job] = await a.jobs()
    expect((await a.receipt(job!.id)).coverage).toMatchObject({
      shards: 1,
      of: 2,
      omitted: [{ dataset: 'own', path: 'access.log', node: 'b' }],
    })

    const waiting = a.run('run', words, '--input', 'own', '--wait-for-data', '120s', '--partitions', '2')
    b.start()
    const whole = await waiting
    expect(whole.code, whole.stderr).toBe(0)
    expect(records(whole.stdout)).toEqual(countWords([SAME, SAME]))
    expect(resultOf(whole)).not.toBe(resultOf(partial))
    // Of the one that was left while it waited nothing came.
    expect(await a.jobs()).toHaveLength(before + 2)
  })

  test('a member that was forgotten is missed no more', async () => {
    await mesh.ready()
    await b.kill()
    await until('b is away', async () =>
      (await a.members()).find(({ name }) => name === 'b')?.state === 'away' ? true : null,
    )
    expect((await a.run('members', 'forget', 'nobody')).code).toBe(2)
    expect((await a.run('members', 'forget', 'b')).code).toBe(0)
    expect(await a.ok('members', '-q')).toBe('a\n')
    expect(records(await a.ok('run', words, '--input', 'own', '--key', 'forgotten'))).toEqual(countWords([SAME]))
  })
})
