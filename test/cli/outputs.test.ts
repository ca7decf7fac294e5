/** Jobs of several outputs: each is written to a folder of its own. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { JobEvent, JobSummary, NodeApi, Receipt, ResultChunk } from '../../src/control/api.ts'
import { DETAIL, JOB_ID, lines, OUTCOME, PREPARED, RECEIPT, RESULT, shoal, SUMMARY } from './fake.ts'

describe('several outputs', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'shoal-stages-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const read = (...path: string[]): string => readFileSync(join(folder, ...path), 'utf8')
  const names = (...path: string[]): string[] => readdirSync(join(folder, ...path)).sort()

  /** A job whose outputs have these parts, each a list of records. */
  function job(
    outputs: Readonly<Record<string, readonly (readonly string[])[]>>,
  ): Pick<Parameters<typeof shoal>[1] & object, 'node' | 'engine' | 'folder'> {
    const said = Object.entries(outputs).map(([output, parts]) => ({ output, stage: output, partitions: parts.length }))
    const summary: JobSummary = { ...SUMMARY, outputs: said }
    const receipt: Receipt = {
      ...RECEIPT,
      outputs: said.map(({ output, stage }) => ({ output, stage, result: RESULT, records: 1, bytes: 1 })),
    }
    const prepared = { ...PREPARED, outputs: said.map(({ output: name }, stage) => ({ name, stage })), stages: [] }
    const parts = Object.values(outputs).flat()
    return {
      folder,
      engine: { prepareJob: () => Promise.resolve(prepared) },
      node: {
        receipt: () => Promise.resolve(receipt),
        job: () => Promise.resolve({ ...DETAIL, ...summary }),
        async *watch(): AsyncGenerator<JobEvent> {
          yield { ...(OUTCOME as Extract<JobEvent, { type: 'outcome' }>), summary }
        },
        async *result(): AsyncGenerator<ResultChunk> {
          for (const [partition, records] of parts.entries()) yield { partition, bytes: lines(...records) }
        },
      },
    }
  }
  const two = { homes: [['a=1'], ['b=2', 'c=3']], totals: [['d=4'], []] }

  test('each has a folder with its parts and _SUCCESS; the receipt is of the job', async () => {
    expect((await shoal(['run', 'x.ts', '-o', 'out/'], job(two))).code).toBe(0)
    expect(names('out')).toEqual(['_SUCCESS', 'homes', 'receipt.json', 'totals'])
    expect(names('out', 'homes')).toEqual(['_SUCCESS', 'part-00000.ndjson', 'part-00001.ndjson'])
    expect(names('out', 'totals')).toEqual(['_SUCCESS', 'part-00000.ndjson', 'part-00001.ndjson'])
    expect(read('out', 'homes', 'part-00001.ndjson')).toBe('b=2\nc=3\n')
    expect(read('out', 'totals', 'part-00000.ndjson')).toBe('d=4\n')
    expect(read('out', 'totals', 'part-00001.ndjson')).toBe('')
    expect(JSON.parse(read('out', 'receipt.json'))).toMatchObject({
      outputs: [{ output: 'homes' }, { output: 'totals' }],
    })
  })

  test('each has columns of its own', async () => {
    await shoal(['job', 'result', '7c', '-o', 'out/', '--format', 'csv'], job(two))
    expect(read('out', 'homes', 'part-00000.csv')).toBe('a,b,c\na=1\n')
    expect(read('out', 'totals', 'part-00000.csv')).toBe('d\nd=4\n')
  })

  test.each([
    ['stdout', ['run', 'x.ts']],
    ['stdout', ['run', 'x.ts', '-o', '-']],
    ['-o out.csv', ['run', 'x.ts', '-o', 'out.csv']],
    ['-o /dev/null', ['run', 'x.ts', '-o', '/dev/null']],
    ['stdout', ['job', 'result', '7c']],
    ['-o out.csv', ['job', 'result', '7c', '-o', 'out.csv']],
  ])('do not go to %s (%j): exit 2 before anything runs', async (where, argv) => {
    const calls: unknown[][] = []
    const { node = {}, ...rest } = job(two)
    const watched = { ...node, submit: () => Promise.reject(new Error('it was submitted')) }
    const ran = await shoal(argv, { ...rest, node: watched, calls })
    expect(ran).toMatchObject({ code: 2, stdout: '' })
    expect(ran.stderr).toBe(
      `error[USAGE]: the job has 2 outputs, and ${where} takes one\n  why:  its outputs are homes, totals\n` +
        '  try:  -o DIR/   has a folder for each of them\n  more: shoal help USAGE\n',
    )
  })

  test('--detach writes nothing, so that any job can be detached from', async () => {
    expect(await shoal(['run', 'x.ts', '--detach'], job(two))).toMatchObject({ code: 0, stdout: `${JOB_ID}\n` })
  })

  test('--overwrite takes the place of an earlier result with other outputs, and leaves other files alone', async () => {
    await shoal(['run', 'x.ts', '-o', 'out/'], job({ ...two, extra: [['e=5']], old: [['f=6']] }))
    writeFileSync(join(folder, 'out', 'old', 'notes.txt'), 'mine')
    expect(
      (await shoal(['run', 'x.ts', '-o', 'out/', '--overwrite'], job({ homes: [['z=9']], totals: [[]] }))).code,
    ).toBe(0)
    expect(names('out')).toEqual(['_SUCCESS', 'homes', 'old', 'receipt.json', 'totals'])
    expect(names('out', 'homes')).toEqual(['_SUCCESS', 'part-00000.ndjson'])
    expect(names('out', 'old')).toEqual(['notes.txt'])
    expect((await shoal(['run', 'x.ts', '-o', 'out/', '--overwrite'], { folder })).code).toBe(0)
    expect(names('out')).toEqual(['_SUCCESS', 'old', 'part-00000.ndjson', 'part-00001.ndjson', 'receipt.json'])
  })

  test('a result that fails on the way leaves nothing, and an older one stays whole', async () => {
    const broken = job(two)
    const node: Partial<NodeApi> = {
      ...broken.node,
      async *result(): AsyncGenerator<ResultChunk> {
        yield { partition: 0, bytes: lines('a=1') }
        throw new Error('gone')
      },
    }
    expect((await shoal(['run', 'x.ts', '-o', 'new/'], { ...broken, node })).code).not.toBe(0)
    expect(existsSync(join(folder, 'new'))).toBe(false)
    await shoal(['run', 'x.ts', '-o', 'old/'], job(two))
    await shoal(['run', 'x.ts', '-o', 'old/', '--overwrite'], { ...broken, node })
    expect(names('old')).toEqual(['_SUCCESS', 'homes', 'receipt.json', 'totals'])
    expect(read('old', 'homes', 'part-00001.ndjson')).toBe('b=2\nc=3\n')
  })

  test.each(['../x', 'receipt.json', '_SUCCESS', '', 'a/b'])(
    'a name that is no folder’s is refused: %j',
    async (name) => {
      mkdirSync(join(folder, 'out'))
      const ran = await shoal(['job', 'result', '7c', '-o', 'out/'], job({ [name]: [['a=1']], totals: [[]] }))
      expect(ran.code).toBe(1)
      expect(ran.stderr).toContain('no folder can have its name')
      expect(names('out')).toEqual([])
      expect(names()).toEqual(['out'])
    },
  )
})
