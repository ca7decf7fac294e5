/** What jobs and their data can do wrong, on one machine: by `--local`, so that nothing but the job is in question. */
import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until, type Ended } from './command.ts'
import { Mesh, records, WORD_COUNT, type Files, type MeshNode } from './mesh.ts'

interface Failure {
  readonly code: string
  readonly exit: number
  readonly message: string
  readonly why?: string
}

const failure = (ended: Ended): Failure => JSON.parse(ended.stderr.trim().split('\n').at(-1)!) as Failure

const lines = (n: number, line: (i: number) => string): string => {
  let text = ''
  for (let i = 0; i < n; i++) text += `${line(i)}\n`
  return text
}

const job = (body: string): string => `import { defineJob } from 'shoal/job'\nexport default defineJob({\n${body}\n})\n`

let mesh: Mesh
beforeAll(() => {
  mesh = new Mesh()
})
afterAll(() => mesh?.end())

// Each in processes and a folder of its own.
describe.concurrent('jobs and data that go wrong', { timeout: 500_000 }, () => {
  let count = 0
  /** Runs a job over files, alone. */
  const local = (source: string, files: Files, ...args: string[]): Promise<Ended> => {
    const name = `case-${++count}`
    return mesh.command([
      ...['--json', 'run', mesh.job(name, source), '--local', '--data', `in=${mesh.folder(name, files)}`],
      ...['--slots', '1', '--memory', '300MB', ...args],
    ])
  }

  test('a throw names file, line, record, and place; exit 1, nothing on stdout', async () => {
    const source = job(`  input: 'in/*.ndjson',
  map(row, { emit }) {
    if (row.n === 1700) {
      throw new RangeError('I do not like ' + row.n)
    }
    emit(row.n % 3, 1)
  },`)
    const ended = await local(source, { 'a.ndjson': lines(2000, (n) => JSON.stringify({ n })) })
    expect([ended.code, ended.stdout, failure(ended).code]).toEqual([1, '', 'JOB_THREW'])
    const { message, why = '' } = failure(ended)
    expect(message).toContain('I do not like 1700')
    expect(message).toContain('.ts:6:')
    expect(why).toContain('in/a.ndjson:1701')
    expect(why).toContain('{"n":1700}')
    const told = message + why
    expect(told).not.toContain('node_modules')
  })

  test('a throw in reduce names the line and the key', async () => {
    const source = job(`  input: 'in',
  map(line, { emit }) { emit(line, 1) },
  reduce(key, values, { emit }) {
    if (key === 'bad') throw new Error('no such key, please')
    emit(key, 1)
  },`)
    const ended = await local(source, { 'a.txt': 'good\nbad\n' })
    expect([ended.code, failure(ended).code]).toEqual([1, 'JOB_THREW'])
    expect(JSON.stringify(failure(ended))).toMatch(/no such key, please.*/)
    expect(JSON.stringify(failure(ended))).toContain('.ts:6')
    expect(JSON.stringify(failure(ended))).toContain('bad')
  })

  test('a job that emits nothing is done, with an empty result and a hash', async () => {
    const ended = await local(job(`  input: 'in',\n  map() {},`), { 'a.txt': 'x\ny\n' })
    expect([ended.code, ended.stdout]).toEqual([0, ''])
  })

  test('no records at all: empty files, only a header, no final newline, CRLF', async () => {
    const source = job(`  input: 'in/*.csv',\n  map(row, { emit }) { emit(row.a, row.b) },`)
    const ended = await local(source, {
      'empty.csv': '',
      'header.csv': 'a,b\n',
      'crlf.csv': 'a,b\r\n1,one\r\n2,"two\r\nlines"\r\n',
      'cut.csv': 'a,b\n3,three',
      'bom.csv': '\ufeffa,b\n4,four\n',
    })
    expect(ended.code, ended.stderr).toBe(0)
    expect(records(ended.stdout)).toEqual([
      ['1', 'one'],
      ['2', 'two\r\nlines'],
      ['3', 'three'],
      ['4', 'four'],
    ])
  })

  test('an endless loop ends by --task-timeout', async () => {
    const source = job(`  input: 'in',\n  map(line) { for (;;) if (line === '') break },`)
    const ended = await local(source, { 'a.txt': 'x\n' }, '--task-timeout', '1s')
    expect([ended.code, failure(ended).code]).toEqual([1, 'TASK_TIMEOUT'])
  })

  test.each([
    ['process.exit', 'process.exit(0)'],
    ['require', "require('node:fs')"],
    ['a way out by a constructor', "emit.constructor.constructor('return process')().exit(0)"],
    ['the clock', 'emit(Date.now(), 1)'],
    ['randomness', 'emit(Math.random(), 1)'],
    ['a timer', 'setTimeout(() => {}, 1)'],
    ['undefined as a value', 'emit(line, undefined)'],
  ])('%s is not to be had', async (_, code) => {
    const ended = await local(job(`  input: 'in',\n  map(line, { emit }) { ${code} },`), { 'a.txt': 'x\n' })
    expect([ended.code, ended.stdout]).toEqual([1, ''])
    expect(failure(ended).exit).toBe(1)
  })

  test('what a job cannot import is said at submission; so is what does not compile, or is no job', async () => {
    const importing = await local(
      `import { readFileSync } from 'node:fs'\n${job(`  input: 'in',\n  map(l, { emit }) { emit(readFileSync(l), 1) },`)}`,
      {
        'a.txt': 'x\n',
      },
    )
    expect([importing.code, failure(importing).code]).toEqual([1, 'JOB_IMPORT'])
    expect(JSON.stringify(failure(importing))).toContain('node:fs')
    const broken = await local(`${job(`  input: 'in',`)}const = 3\n`, { 'a.txt': 'x\n' })
    expect([broken.code, failure(broken).code]).toEqual([1, 'JOB_BUILD'])
    expect(JSON.stringify(failure(broken))).toMatch(/case-\d+\.ts:5/)
    const none = await local('export default 3\n', { 'a.txt': 'x\n' })
    expect([none.code, failure(none).code]).toEqual([1, 'JOB_BUILD'])
  })

  test('one key with many values, and many keys with one', async () => {
    const source = job(`  input: 'in',
  map(line, { emit }) { emit('all', BigInt(line)); emit(line, line.length) },
  reduce(key, values, { emit }) { let n = 0; let sum = 0n; for (const v of values) { n++; sum += BigInt(v) } emit(key, [n, sum]) },`)
    const n = 60_000
    const ended = await local(source, { 'a.txt': lines(n, (i) => String(i)) }, '--partitions', '3', '--memory', '96MB')
    expect(ended.code, ended.stderr).toBe(0)
    const found = new Map(records(ended.stdout) as [string, [number, number]][])
    expect(found.size).toBe(n + 1)
    expect(found.get('all')).toEqual([n, (n * (n - 1)) / 2])
    for (let i = 0; i < n; i++) if (found.get(String(i))?.[1] !== String(i).length) throw new Error(`key ${i}`)
  })

  const ROWS = job(`  input: 'in/*.ndjson',\n  map(row, { emit }) { emit(row.a, 1) },`)
  const BAD = '{"a":1}\n{"a":\n{"a":3}\n'

  test('a bad NDJSON line fails the job and names its place', async () => {
    const ended = await local(ROWS, { 'a.ndjson': BAD })
    expect([ended.code, failure(ended).code]).toEqual([1, 'BAD_RECORD'])
    expect(JSON.stringify(failure(ended))).toContain('in/a.ndjson:2')
  })

  test("onBadRecord: 'skip' counts and samples it in the receipt; ctx.skip too", async () => {
    const source = job(`  input: 'in/*.ndjson',
  onBadRecord: 'skip',
  map(row, { emit, skip, counter }) { emit(row.a, 1); counter('seen').add(1); if (row.a === 3) skip('three') },`)
    const out = join(mesh.root, 'skipped')
    const ended = await local(source, { 'a.ndjson': BAD }, '-o', `${out}/`)
    expect(ended.code, ended.stderr).toBe(0)
    expect(records(readFileSync(join(out, 'part-00000.ndjson'), 'utf8'))).toEqual([[1, 1]])
    const receipt = JSON.parse(readFileSync(join(out, 'receipt.json'), 'utf8')) as {
      skipped: { count: number; samples: { place: string; reason: string }[] }
      counters: Record<string, number>
    }
    expect(receipt.skipped.count).toBe(2)
    expect(receipt.skipped.samples.map(({ place }) => place)).toEqual(['in/a.ndjson:2', 'in/a.ndjson:3'])
    expect(receipt.skipped.samples[1]!.reason).toBe('three')
    expect(receipt.counters).toEqual({ seen: 1 })
  })

  const zipped = gzipSync(lines(5000, (i) => `line ${i}`))
  test.each<[string, string, Uint8Array]>([
    ['cut short', 'a.txt.gz', zipped.subarray(0, zipped.length - 20)],
    ['a bit turned', 'a.txt.gz', Buffer.from(zipped.map((byte, i) => (i === 3000 ? byte ^ 4 : byte)))],
    ['no gzip at all', 'a.txt.gz', Buffer.from('00ff10fe05'.repeat(20), 'hex')],
    ['rubbish after the end', 'a.txt.gz', Buffer.concat([zipped, Buffer.from('rubbish')])],
    ['no zstd', 'a.txt.zst', Buffer.from('00ff10fe05'.repeat(20), 'hex')],
    ['nothing at all', 'a.txt.gz', Buffer.alloc(0)],
    ['no Parquet', 'a.parquet', Buffer.from('PAR1 but not really PAR1')],
  ])('a damaged container is DAMAGED, 1, also with skip: %s', async (_, name, bytes) => {
    const source = job(`  input: 'in',\n  onBadRecord: 'skip',\n  map(line, { emit }) { emit(1, 1) },`)
    const ended = await local(source, { [name]: bytes })
    expect([ended.code, ended.stdout, failure(ended).code]).toEqual([1, '', 'DAMAGED'])
    expect(JSON.stringify(failure(ended))).toContain(name)
  })

  test.each(['a.txt.gz', 'a.txt.zst', 'a.parquet'])('a text that is called %s is FILE_KIND, 2', async (name) => {
    const source = job(`  input: 'in',\n  onBadRecord: 'skip',\n  map(line, { emit }) { emit(1, 1) },`)
    const ended = await local(source, { [name]: Buffer.from('plain text\n') })
    expect([ended.code, ended.stdout, failure(ended).code]).toEqual([2, '', 'FILE_KIND'])
    expect(JSON.stringify(failure(ended))).toContain(`in/${name} looks like text, not`)
  })
})

describe('jobs on a node', { timeout: 500_000 }, () => {
  let node: MeshNode
  beforeAll(async () => {
    const nodes = await mesh.start({ name: 'one', data: { in: { 'a.txt': 'hello\n' } } })
    node = nodes[0]!
  })

  test('console goes to the logs of the job; a summary of a piped run is lines', async () => {
    const file = mesh.job(
      'talks',
      job(`  input: 'in',\n  map(line, { emit }) { console.log('saw', line); emit(line, 1) },`),
    )
    const id = await node.submit(file, '--input', 'in/a.txt')
    expect((await node.run('wait', id)).code).toBe(0)
    expect(await node.ok('job', 'logs', id)).toContain('one| saw hello')
  })

  /** Its first record takes far longer than a command, and its shard is changed meanwhile. */
  const shardUnderWay = async (change: () => void): Promise<Ended> => {
    node.write('in', 'under-way.txt', 'one two\n')
    await node.restart()
    await mesh.ready()
    const slow = mesh.job(
      'slow',
      WORD_COUNT.replace("'texts'", "'in/under-way.txt'").replace(
        'map(line, { emit }) {',
        "map(line, { emit }) { if (line === 'wait') { let x = 1; for (let i = 0; i < 1e9; i++) x = (x * 7) % 11; emit(String(x), 0) }",
      ),
    )
    node.write('in', 'under-way.txt', `wait\n${lines(200_000, (i) => `word${i % 26}`)}`)
    const id = await until('its scan is done', async () => await node.submit(slow, '--task-timeout', '10m'))
    // Journaled before it starts. To ask by a command could take as long as the map does.
    const journal = join(node.home, 'jobs', id, 'attempts.log')
    await until('the map has begun', () => (existsSync(journal) ? true : null))
    change()
    return await node.run('--json', 'wait', id)
  }

  test('a shard that grows while the job reads it is SHARD_CHANGED, 1', async () => {
    const ended = await shardUnderWay(() => appendFileSync(join(node.data('in'), 'under-way.txt'), 'more\n'))
    expect([ended.code, failure(ended).code], ended.stderr).toEqual([1, 'SHARD_CHANGED'])
    expect(JSON.stringify(failure(ended))).toContain('in/under-way.txt')
  })

  test('a shard that vanishes while the job reads it is SHARD_CHANGED, 1', async () => {
    const ended = await shardUnderWay(() => rmSync(join(node.data('in'), 'under-way.txt')))
    expect([ended.code, failure(ended).code], ended.stderr).toEqual([1, 'SHARD_CHANGED'])
  })
})
