/** What people do to jobs: cancel, retry, keys, two at once, rm; what each node says then. Two nodes, one slot each. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until, type Ended } from './command.ts'
import { countWords, Mesh, records, resultOf, WORD_COUNT, type MeshNode } from './mesh.ts'

const code = (ended: Ended): string => {
  const found = /"code":"([A-Z_]+)"/.exec(ended.stderr)
  return found?.[1] ?? ''
}

const TEXTS = ['one two two\nthree three three\n', 'four\nfour four four\n']

/** Throws on one node's file as long as that says so: only what a retry has to do again is new. */
const CAREFUL = `import { defineJob } from 'shoal/job'
export default defineJob({
  input: 'texts',
  map(line, { emit, params }) {
    if (params.bad !== undefined && line.startsWith(params.bad)) throw new Error('not ' + params.bad)
    emit(line, 1)
  },
})
`

describe('the life of a job', { timeout: 500_000 }, () => {
  let mesh: Mesh
  let words: string
  let a: MeshNode
  let b: MeshNode

  beforeAll(async () => {
    mesh = new Mesh()
    words = mesh.job('words', WORD_COUNT)
    const nodes = await mesh.start(
      { name: 'a', data: { texts: { 'x.txt': TEXTS[0]! } } },
      { name: 'b', data: { texts: { 'x.txt': TEXTS[1]! } } },
    )
    a = nodes[0]!
    b = nodes[1]!
  })
  afterAll(() => mesh?.end())

  test('two submissions of one job from two nodes at once are one job', async () => {
    const ids = await Promise.all([a.submit(words, '--partitions', '3'), b.submit(words, '--partitions', '3')])
    expect(ids[1]).toBe(ids[0])
    expect(await a.jobs()).toHaveLength(1)
    expect((await b.run('wait', ids[0])).code).toBe(0)
    expect(records(await b.ok('job', 'result', ids[0]))).toEqual(countWords(TEXTS))
  })

  test('--key attaches, also when the data has changed since; another key is another job', async () => {
    const first = await a.run('run', words, '--key', 'november')
    expect(first.code, first.stderr).toBe(0)
    a.write('texts', 'late.txt', 'five\n')
    await until('the file is seen', async () =>
      (await b.datasets()).find(({ name }) => name === 'texts')!.shards.length === 3 ? true : null,
    )
    const second = await b.run('run', words, '--key', 'november')
    expect(resultOf(second)).toBe(resultOf(first))
    expect(second.stdout).toBe(first.stdout)
    const december = await b.run('run', words, '--key', 'december')
    expect(records(december.stdout)).toEqual(countWords([...TEXTS, 'five\n']))
    expect((await b.jobs()).filter(({ name }) => name === 'words')).toHaveLength(3)
  })

  test('cancel: wait, watch, result and run mirror it with 8, everywhere; retry keeps finished tasks', async () => {
    await b.restart({ hold: true })
    await mesh.ready()
    const id = await a.submit(words, '--key', 'to-cancel')
    await b.held()
    const mapOfA = await until(
      "a's map is done",
      async () =>
        (await a.job(id)).tasks.find(({ kind, owner, state }) => kind === 'map' && owner === 'a' && state === 'done') ??
        null,
    )
    const waiting = b.run('--json', 'wait', id)
    expect((await a.run('job', 'cancel', id)).code).toBe(0)
    expect((await waiting).code).toBe(8)
    for (const node of [a, b]) {
      for (const command of [['wait'], ['watch'], ['job', 'result']]) {
        const ended = await node.run('--json', ...command, id)
        expect([node.name, command[0], ended.code]).toEqual([node.name, command[0], 8])
        expect(ended.stdout.includes('"value"')).toBe(false)
      }
      expect((await node.job(id)).state).toBe('cancelled')
      expect(await node.ok('job', 'why', id)).toContain('cancelled')
    }
    await b.restart()
    await mesh.ready()
    expect((await b.run('job', 'retry', id)).code).toBe(0)
    expect((await a.run('wait', id)).code).toBe(0)
    const again = await a.job(id)
    expect(again.round).toBe(2)
    const kept = again.tasks[mapOfA.task]!
    expect([kept.digest, kept.state]).toEqual([mapOfA.digest, 'done'])
    const ran = (await a.events(id)).filter((e) => e.node === 'a' && e.task === mapOfA.task && e.type === 'started')
    expect(ran).toHaveLength(1)
    expect(records(await b.ok('job', 'result', id))).toEqual(countWords([...TEXTS, 'five\n']))
  })

  test('a job that fails says why alike everywhere, with 1; run again opens the next round', async () => {
    const careful = mesh.job('careful', CAREFUL)
    const ran = await a.run('--json', 'run', careful, '--param', 'bad=four')
    expect([ran.code, code(ran), ran.stdout]).toEqual([1, 'JOB_THREW', ''])
    const job = (await a.jobs()).find(({ name }) => name === 'careful')!
    for (const node of [a, b]) {
      const ended = await node.run('--json', 'wait', job.id)
      expect([ended.code, code(ended)]).toEqual([1, 'JOB_THREW'])
      expect(await node.ok('job', 'why', job.id)).toContain('not four')
      expect((await node.run('job', 'receipt', job.id)).code).toBe(1)
    }
    expect((await b.run('run', careful, '--param', 'bad=four')).code).toBe(1)
    expect((await a.job(job.id)).round).toBe(2)
    expect((await b.run('run', careful)).code).toBe(0)
  })

  test('a time to wait that is over is 5, and the job runs on', async () => {
    await b.restart({ hold: true })
    await mesh.ready()
    const ended = await a.run('--json', 'run', words, '--key', 'slow', '--timeout', '1s')
    expect([ended.code, code(ended)]).toEqual([5, 'TIMEOUT'])
    const job = (await a.jobs()).find(({ state }) => state === 'running' || state === 'waiting')!
    await b.held()
    const early = await a.run('--json', 'job', 'rm', job.id)
    expect([early.code, code(early)]).toEqual([2, 'USAGE'])
    await b.restart()
    expect((await a.run('wait', job.id, '--timeout', '120s')).code).toBe(0)
  })

  test('verify reads the whole result, on any node; diff says what is another', async () => {
    const done = (await a.jobs()).filter(({ state, name }) => state === 'done' && name === 'words')
    const november = (await Promise.all(done.map(({ id }) => a.job(id)))).find(({ key }) => key === 'november')!
    const december = (await Promise.all(done.map(({ id }) => a.job(id)))).find(({ key }) => key === 'december')!
    for (const node of [a, b]) expect((await node.run('job', 'verify', november.id)).code).toBe(0)
    const same = await b.run('job', 'diff', november.id, november.id)
    expect([same.code, same.stdout]).toEqual([0, 'one job: nothing differs\n'])
    const differing = await b.run('job', 'diff', november.id, december.id)
    expect(differing.code).toBe(0)
    expect(differing.stdout).toContain('late.txt')
    expect(differing.stdout).toContain(december.result)
  })

  test('rm forgets a job that is over, and it does not come back from the other node', async () => {
    await mesh.ready()
    const { id } = (await a.jobs()).find(({ state }) => state === 'done')!
    expect((await a.run('job', 'rm', id)).code).toBe(0)
    expect((await a.run('job', 'show', id)).code).toBe(2)
    await until('the other node drops it too', async () => ((await b.run('job', 'show', id)).code === 2 ? true : null))
    expect((await a.jobs()).map((job) => job.id)).not.toContain(id)
  })
})
