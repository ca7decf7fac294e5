/** What an attempt leaves, and what its errors say, with real task processes. */
import { appendFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Workshop } from './tasks-support.ts'

let shop: Workshop
beforeAll(async () => {
  shop = await Workshop.open(2)
})
afterAll(() => shop.close())

const job = (body: string): string =>
  `import { defineJob } from 'shoal/job'\nexport default defineJob({\n${body}\n} as any)`
const COUNT = job(`input: 'd',
  map(line: string, { emit }: any) { for (const word of line.split(' ')) emit(word, 1) },
  combine: (a: number, b: number) => a + b,
  reduce(word: string, counts: Iterable<number>, { emit }: any) { let n = 0; for (const c of counts) n += c; emit(word, n) }`)

describe('map and reduce', () => {
  test('word count is that of a plain loop, for any split and any number of partitions', async () => {
    const words = Array.from({ length: 3000 }, (_, i) => `w${(i * 7919) % 97}`)
    const text = words
      .map((word, i) => word + (i % 5 === 0 ? '\n' : ' '))
      .join('')
      .trimEnd()
    const expected = new Map<string, number>()
    for (const word of text.split(/[ \n]/)) expected.set(word, (expected.get(word) ?? 0) + 1)
    for (const [partitions, cuts] of [
      [1, [0]],
      [3, [0, 501, 502, 9000]],
    ] as const) {
      const splits = cuts.map((start, i) => ({ start, end: cuts[i + 1] ?? Buffer.byteLength(text) }))
      const { records, map } = await shop.run(COUNT, text, { partitions, splits })
      expect(new Map(records as [string, number][])).toEqual(expected)
      expect(map.splits.reduce((sum, split) => sum + split.emitted, 0)).toBe(3000)
    }
  })

  test('skips and bad records are counted, placed and sampled; counters of skipped records do not count', async () => {
    const source = job(`input: 'd', onBadRecord: 'skip',
      async map(row: any, { emit, counter, skip }: any) { counter('rows').add(); emit(row.k, 1); await null; if (row.k === 'b') skip('no b') }`)
    const lines = '{"k":"a"}\n{"k":"b"}\nnot json\n{"k":"c"}\n'
    const { records, map } = await shop.run(source, lines, { name: 'x.ndjson' })
    expect(records).toEqual([
      ['a', 1],
      ['c', 1],
    ])
    expect(map.counters).toEqual({ rows: 2 })
    expect(map.splits[0]).toMatchObject({
      records: 4,
      emitted: 2,
      skips: {
        count: 2,
        samples: [
          { place: 'data/x.ndjson:2', reason: 'no b', record: '{"k":"b"}' },
          { place: 'data/x.ndjson:3', record: 'not json' },
        ],
      },
    })
  })

  test('random numbers are a function of the work: of split and key, not of process or time', async () => {
    const source = job(`input: 'd', map: (line: string, { emit, random }: any) => emit(line, random()),
      reduce: (key: string, values: Iterable<number>, { emit, random }: any) => emit(key, [...values, random()])`)
    const [first, second] = [await shop.run(source, 'a\nb\n'), await shop.run(source, 'a\nb\n')]
    expect(first.records).toEqual(second.records)
    expect(new Set(first.records.flatMap(([, values]) => values as number[])).size).toBe(4)
    const other = await shop.run(source, 'a\nb\n', { params: { x: '1' } })
    expect(other.records).not.toEqual(first.records)
  })

  test('what the console gets is the log, its end if it is long', async () => {
    const source = job(
      `input: 'd', map(line: string) { console.log('line', line, { a: [1n, null] }); console.error(new Error('oops').message) }`,
    )
    expect((await shop.run(source, 'x\n')).log).toBe('line x {a: [1n, null]}\noops\n')
    const long = await shop.run(
      job(`input: 'd', map(line: string) { console.log(line.repeat(100)) }`),
      'abcdefghi\n'.repeat(1000),
    )
    expect(long.log.length).toBe(64 * 1024)
  })

  test('samples and bounds of a sort job', async () => {
    const source = await shop.job(
      job(`input: 'd', sort: true, map: (line: string, { emit }: any) => emit(Number(line), 1)`),
    )
    const numbers = Array.from({ length: 5000 }, (_, i) => `${(i * 7919) % 5000}\n`).join('')
    const path = shop.file(numbers)
    const spec = shop.spec(source, path)
    const { kind: _kind, bounds: _bounds, ...rest } = spec.work as typeof spec.work & { bounds: unknown }
    const sampling = shop.tasks.start({ ...spec, work: { kind: 'sample', ...(rest as object) } as never })
    const sample = await sampling.end
    if (!sample.ok) throw new Error(JSON.stringify(sample.failure))
    const files = [{ name: 'k0', path: sample.files[0]!.path }]
    const consumed = '0'.repeat(64) as never
    const bounding = shop.tasks.start({
      ...shop.spec(source, path),
      files,
      work: { kind: 'bounds', partitions: 4, samples: ['k0'], consumed },
    })
    const end = await bounding.end
    if (!end.ok || end.manifest.kind !== 'bounds') throw new Error(JSON.stringify(end))
    await sampling.release()
    await bounding.release()
    expect(end.manifest.bounds).toHaveLength(3)
    const { records, runs } = await shop.run(
      job(`input: 'd', map: (line: string, { emit }: any) => emit(Number(line), 1)`),
      numbers,
      { partitions: 4, bounds: end.manifest.bounds },
    )
    expect(records.map(([key]) => key)).toEqual(Array.from({ length: 5000 }, (_, i) => i))
    for (const run of runs) expect(run.records).toBeGreaterThan(500)
  })
})

describe('odd sizes', () => {
  test('a partition without runs gives an empty part', async () => {
    const counting = await shop.job(COUNT)
    const skips = { count: 0, samples: [] }
    const upstream = [{ step: 0, whole: true, bytes: 0, records: 0, gave: 0, counters: {}, skips }]
    const attempt = shop.tasks.start({
      ...shop.spec(counting, shop.file('')),
      files: [],
      work: {
        kind: 'reduce',
        partition: 7,
        ...{ stage: '', runs: [], parts: [], keyed: false, sides: [], sortValues: false, combine: false },
        aliases: [''],
        edges: [0],
        reduce: true,
        consumed: '0'.repeat(64) as never,
        upstream,
      },
    })
    const end = await attempt.end
    expect(end).toMatchObject({
      ok: true,
      manifest: { partition: 7, records: 0, groups: 0, took: [0], bytes: 0, upstream },
    })
    await attempt.release()
  })

  test('hundreds of small splits in one task, each in a world of its own', async () => {
    const source = `import { defineJob } from 'shoal/job'\nlet n = 0\nexport default defineJob<string>({ input: 'd', map: (line, { emit }) => emit(line, ++n) })`
    const lines = Array.from({ length: 500 }, (_, i) => `${i}\n`)
    let at = 0
    const splits = lines.map((line) => ({ start: at, end: (at += line.length) }))
    const { records } = await shop.run(source, lines.join(''), { splits, memory: 128_000_000 })
    expect(records).toHaveLength(500)
    expect(records.every(([, n]) => n === 1)).toBe(true)
  })

  test('records that outgrow the memory of the task go through its disk', async () => {
    const lines = Array.from({ length: 400_000 }, (_, i) => `${(i * 7919) % 400_000}`)
    const source = `import { defineJob } from 'shoal/job'\nexport default defineJob<string>({ input: 'd', map: (line, { emit }) => emit(Number(line), line.padEnd(40, '.')), reduce: (key, values, { emit }) => emit(key, [...values].length) })`
    const { records } = await shop.run(source, lines.join('\n'), { memory: 96_000_000 })
    expect(records).toEqual(Array.from({ length: 400_000 }, (_, i) => [i, 1]))
  })
})

describe('errors of a job', () => {
  test('a throw names file, line and column in TypeScript, and the record with its place', async () => {
    const source = `import { defineJob } from 'shoal/job'\n\ntype Row = { n: number }\n\nexport default defineJob<Row>({\n  input: 'd',\n  map(row, { emit }) {\n    emit((row.n as any).deep.er, 1)\n  },\n})`
    const failing = await shop.job(source, 'deep.ts')
    const end = await shop.map(failing, shop.file('{"n":{"deep":{"er":1}}}\n{"n":7}\n', 'rows.ndjson'))
    expect(end).toMatchObject({
      ok: false,
      failure: {
        blame: 'user',
        place: 'data/rows.ndjson:2',
        error: {
          code: 'JOB_THREW',
          message: "deep.ts:8:30: TypeError: Cannot read properties of undefined (reading 'er')",
          why: 'emit((row.n as any).deep.er, 1)\ndata/rows.ndjson:2: {"n":7}',
        },
      },
    })
  })

  test.each<[string, string, string, RegExp]>([
    ['the clock', 'map: () => { Date.now() }', 'JOB_THREW', /Date\.now\(\) is not available .*--param/],
    [
      'a date of now',
      'map: (line: string, { emit }: any) => emit(line, new Date())',
      'JOB_THREW',
      /the clock is not available .*--param/,
    ],
    ['a formatter of now', "map: () => { new Intl.DateTimeFormat('en').format() }", 'JOB_THREW', /without a date/],
    [
      'Temporal.Now',
      'map: () => { (globalThis as any).Temporal.Now.instant() }',
      'JOB_THREW',
      /Temporal\.Now\.instant/,
    ],
    ['randomness', 'map: () => { Math.random() }', 'JOB_THREW', /Math\.random\(\) .*ctx\.random/],
    ['a timer', 'map: () => { setTimeout(() => 0) }', 'JOB_THREW', /setTimeout\(\) is not available/],
    ['the network', "map: () => fetch('http://x')", 'JOB_THREW', /fetch is not available/],
    [
      'a late emit',
      'map: (line: string, { emit }: any) => { Promise.resolve().then(() => emit(line, 1)).catch(() => 0) }',
      'JOB_THREW',
      /after its call has settled/,
    ],
    [
      'an emit of an earlier call',
      'map: (() => { let old: any; return async (line: string, { emit }: any) => { await null; old?.(line, 1); old = emit } })()',
      'JOB_THREW',
      /after its call has settled/,
    ],
    ['a promise that never settles', 'map: () => new Promise(() => 0)', 'JOB_THREW', /never ends/],
    ['a rejection that no one sees', "map: () => { void Promise.reject(new Error('lost')) }", 'JOB_THREW', /lost/],
    [
      'a function as a value',
      'map: (line: string, { emit }: any) => emit(line, () => 0)',
      'USER_VALUE',
      /job\.ts:3:\d+: .*function/,
    ],
    [
      'undefined as a key',
      'map: (line: string, { emit }: any) => { try { emit(undefined, 1) } catch {} }',
      'USER_VALUE',
      /undefined/,
    ],
    [
      'a getter that throws',
      "map: (line: string, { emit }: any) => emit(line, { get x() { throw new Error('got') } })",
      'JOB_THREW',
      /got/,
    ],
    [
      'a getter that emits',
      'map: (line: string, { emit }: any) => emit(line, { get x() { emit(1, 1); return 1 } })',
      'JOB_THREW',
      /while a value is being read/,
    ],
    [
      'a combine that throws',
      "map: (line: string, { emit }: any) => emit(1, line), combine: () => { throw new Error('fold') }",
      'JOB_THREW',
      /fold/,
    ],
    [
      'a combine without a value',
      'map: (line: string, { emit }: any) => emit(1, line), combine: () => undefined',
      'USER_VALUE',
      /undefined/,
    ],
    ['a text that is thrown', "map: () => { throw 'plain' }", 'JOB_THREW', /plain/],
    ['an object without a text', 'map: () => { throw Object.create(null) }', 'JOB_THREW', /a value without a text/],
    [
      'a thrown proxy that bites',
      'map: () => { throw new Proxy({}, { get() { throw 1 }, getPrototypeOf() { throw 2 } }) }',
      'JOB_THREW',
      /./,
    ],
    [
      'a getter that throws one',
      "map: (line: string, { emit }: any) => emit(line, { get x() { const e = new Error('p'); Object.setPrototypeOf(e, new Proxy({}, { get() { throw 1 }, getPrototypeOf() { throw 2 } })); throw e } })",
      'JOB_THREW',
      /./,
    ],
    [
      'too many counters',
      'map: (line: string, { counter }: any) => { for (let i = 0; i < 2000; i++) counter(`c${i}`).add() }',
      'JOB_THREW',
      /at most 1000 counters/,
    ],
  ])('%s', async (_, body, code, message) => {
    const failure = await shop.failure(job(`input: 'd', ${body}`), 'a\nb\n')
    expect(failure).toMatchObject({ blame: 'user', error: { code } })
    expect(failure.error.message).toMatch(message)
  })

  test('a value without a form: its place in the code, the line, the record, what is allowed and what helps', async () => {
    const failure = await shop.failure(
      job(`input: 'd', map(line: string, { emit }: any) {\nemit(line, { at: [() => 0] })\n}`),
    )
    expect(failure).toEqual({
      blame: 'user',
      error: {
        schema: 'shoal.error/1',
        code: 'USER_VALUE',
        message: 'job.ts:4:1: value.at[0] is a function',
        why: [
          'emit(line, { at: [() => 0] })',
          'data/lines.txt:1: a',
          'a key or value is null, boolean, number, bigint, string, Uint8Array, Date, or an array or plain object of these',
        ].join('\n'),
        try: ['emit plain data', 'leave the field out, or use null'],
        retryable: false,
        exit: 1,
      },
      place: 'data/lines.txt:1',
    })
  })

  test('a throw in reduce names the key', async () => {
    const source = job(
      `input: 'd', map: (line: string, { emit }: any) => emit({ at: line }, 1), reduce: () => { throw new Error('no') }`,
    )
    await expect(shop.run(source, 'a\n')).rejects.toThrow(/JOB_THREW.*key \{\\*"at\\*":\\*"a\\*"\}/)
  })
})

describe('input that cannot be read', () => {
  test('a bad record fails the job at its place', async () => {
    const source = await shop.job(job(`input: 'd', map() {}`))
    const end = await shop.map(source, shop.file('{"a":1}\n{"a":\n', 'x.ndjson'))
    expect(end).toMatchObject({
      ok: false,
      failure: { blame: 'input', place: 'data/x.ndjson:2', error: { code: 'BAD_RECORD' } },
    })
  })

  test('a damaged file fails the job', async () => {
    const source = await shop.job(job(`input: 'd', map() {}`))
    const end = await shop.map(source, shop.file('no gzip', 'x.txt.gz'))
    expect(end).toMatchObject({ ok: false, failure: { blame: 'input', error: { code: 'DAMAGED' } } })
  })

  test.each<[string, (path: string) => void]>([
    ['grown', (path) => appendFileSync(path, 'more\n')],
    ['gone', (path) => rmSync(path)],
    ['another of the same size', (path) => (rmSync(path), writeFileSync(path, 'abc\n'))],
    ['edited in place', (path) => writeFileSync(path, 'abc\n', { flag: 'r+' })],
  ])('a file that is %s is SHARD_CHANGED', async (_, change) => {
    const source = await shop.job(job(`input: 'd', map() {}`))
    const path = shop.file('xyz\n')
    const { dev, ino, mtimeNs, ctimeNs } = statSync(path, { bigint: true })
    const spec = shop.spec(source, path, { splits: [{ witness: `${dev}:${ino}:${mtimeNs}:${ctimeNs}` }] })
    change(path)
    const attempt = shop.tasks.start(spec)
    expect(await attempt.end).toMatchObject({
      ok: false,
      failure: { blame: 'input', error: { code: 'SHARD_CHANGED' } },
    })
    await attempt.release()
  })
})
