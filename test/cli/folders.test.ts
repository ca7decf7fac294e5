/** Outputs in folders, `day=2026-11-01`: where their records go, and what they leave behind. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { JobEvent, JobSummary, ResultChunk } from '../../src/control/api.ts'
import { DETAIL, OUTCOME, shoal, SUMMARY } from './fake.ts'

type Outside = Parameters<typeof shoal>[1] & object
/** [folder, [key, value]], or [key, value] of an output without folders. */
type Line = readonly [string, unknown]

describe('outputs in folders', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'shoal-folders-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  /** All files below `out`, with what they hold. */
  const tree = (): Record<string, string> =>
    Object.fromEntries(
      readdirSync(join(folder, 'out'), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.name !== 'receipt.json')
        .map((entry) => join(entry.parentPath, entry.name))
        .toSorted()
        .map((path) => [path.slice(join(folder, 'out').length + 1), readFileSync(path, 'utf8')]),
    )

  /** A job with such parts, each a list of chunks of records. */
  function job(summary: Partial<JobSummary>, parts: readonly (readonly (readonly Line[])[])[]): Outside {
    return {
      folder,
      engine: {
        *decodeRecords(bytes) {
          yield* JSON.parse(Buffer.from(bytes).toString()) as [unknown, unknown][]
        },
      },
      node: {
        job: () => Promise.resolve({ ...DETAIL, ...summary }),
        async *watch(): AsyncGenerator<JobEvent> {
          yield { ...(OUTCOME as Extract<JobEvent, { type: 'outcome' }>), summary: { ...SUMMARY, ...summary } }
        },
        async *result(): AsyncGenerator<ResultChunk> {
          for (const [partition, chunks] of parts.entries())
            for (const records of chunks) yield { partition, bytes: Buffer.from(JSON.stringify(records)) }
        },
      },
    }
  }
  const one = (...parts: readonly (readonly (readonly Line[])[])[]): Outside =>
    job({ folders: true, partitions: parts.length }, parts)
  const days = (): Outside =>
    one(
      [
        [
          ['day=1', ['a', '1']],
          ['day=1', ['b', '2']],
        ],
        [
          ['day=1', ['c', '3']],
          ['country=DE/day=2', ['d', '4']],
        ],
      ],
      [[]],
      [[['country=DE/day=3', ['e', '5']]], [['country=FR/day=2', ['f', '6']]]],
    )

  test('each has the records of its part, and the root alone _SUCCESS; a part without records has no file', async () => {
    expect((await shoal(['run', 'x.ts', '-o', 'out/'], days())).code).toBe(0)
    expect(tree()).toEqual({
      _SUCCESS: '',
      'country=DE/day=2/part-00000.ndjson': 'd=4\n',
      'country=DE/day=3/part-00002.ndjson': 'e=5\n',
      'country=FR/day=2/part-00002.ndjson': 'f=6\n',
      'day=1/part-00000.ndjson': 'a=1\nb=2\nc=3\n',
    })
    expect(existsSync(join(folder, 'out', 'receipt.json'))).toBe(true)
  })

  test('all files have the columns of all records', async () => {
    await shoal(['job', 'result', '7c', '-o', 'out/', '--format', 'csv'], days())
    expect(tree()).toMatchObject({
      'country=DE/day=2/part-00000.csv': 'a,b,c,d,e,f\nd=4\n',
      'day=1/part-00000.csv': 'a,b,c,d,e,f\na=1\nb=2\nc=3\n',
    })
  })

  test('stdout and a file have the records without folders', async () => {
    expect((await shoal(['run', 'x.ts'], days())).stdout).toBe('a=1\nb=2\nc=3\nd=4\ne=5\nf=6\n')
    await shoal(['run', 'x.ts', '-o', 'all.csv'], days())
    expect(readFileSync(join(folder, 'all.csv'), 'utf8')).toBe('a,b,c,d,e,f\na=1\nb=2\nc=3\nd=4\ne=5\nf=6\n')
  })

  test('one of several outputs has them in its own folder, and its parts are counted from 0', async () => {
    const outputs = [
      { output: 'daily', stage: 'daily.folders', partitions: 2, folders: true as const },
      { output: 'plain', stage: 'plain', partitions: 1 },
      { output: 'users', stage: 'users.folders', partitions: 1, folders: true as const },
    ]
    const parts = [
      [[['day=1', ['a', '1']] as const]],
      [[['day=2', ['b', '2']] as const]],
      [[['c', '3'] as const]],
      [[['user=x', ['d', '4']] as const]],
    ]
    await shoal(['job', 'result', '7c', '-o', 'out/'], job({ outputs, partitions: 4 }, parts))
    expect(tree()).toEqual({
      _SUCCESS: '',
      'daily/_SUCCESS': '',
      'daily/day=1/part-00000.ndjson': 'a=1\n',
      'daily/day=2/part-00001.ndjson': 'b=2\n',
      'plain/_SUCCESS': '',
      'plain/part-00000.ndjson': 'c=3\n',
      'users/_SUCCESS': '',
      'users/user=x/part-00000.ndjson': 'd=4\n',
    })
  })

  test('--overwrite takes the parts of an earlier result and folders that are empty then, and no other file', async () => {
    const mine = ['day=1/notes.txt', 'day=1/part-1.ndjson', 'year=2/x/part-00000.ndjson', 'keep/part-00000.ndjson']
    await shoal(['run', 'x.ts', '-o', 'out/'], days())
    for (const path of mine) {
      mkdirSync(dirname(join(folder, 'out', path)), { recursive: true })
      writeFileSync(join(folder, 'out', path), 'mine')
    }
    mkdirSync(join(folder, 'out', 'empty'))
    const later = one([[['country=DE/day=3', ['z', '9']]]])
    expect((await shoal(['run', 'x.ts', '-o', 'out/', '--overwrite'], later)).code).toBe(0)
    expect(tree()).toEqual({
      _SUCCESS: '',
      'country=DE/day=3/part-00000.ndjson': 'z=9\n',
      ...Object.fromEntries(mine.map((path) => [path, 'mine'])),
    })
    expect(readdirSync(join(folder, 'out'))).not.toContain('country=FR')
    expect(readdirSync(join(folder, 'out'))).toContain('empty')
  })

  test('a result that fails on the way leaves nothing, and an older one stays whole', async () => {
    const broken = one([[['a=1/b=2', ['a', '1']]], [['../x=1', ['b', '2']]]])
    expect((await shoal(['run', 'x.ts', '-o', 'out/'], broken)).code).toBe(1)
    expect(readdirSync(folder)).toEqual([])
    await shoal(['run', 'x.ts', '-o', 'out/'], days())
    const before = tree()
    expect((await shoal(['run', 'x.ts', '-o', 'out/', '--overwrite'], broken)).code).toBe(1)
    expect(tree()).toEqual(before)
    expect(readdirSync(join(folder, 'out'))).not.toContain('a=1')
  })

  const pair = ['k', 'v'] as const
  test.each<[string, readonly Line[], string]>([
    ['leads out', [['../day=1', pair]], 'it is not NAME=VALUE, or several of these with / between them'],
    ['is a path from the root', [['/day=1', pair]], 'it is not NAME=VALUE, or several of these with / between them'],
    ['has no name', [['day', pair]], 'it is not NAME=VALUE, or several of these with / between them'],
    ['has a NUL', [['day=\u0000', pair]], 'it is not NAME=VALUE, or several of these with / between them'],
    ['is no text', [[7 as never, pair]], 'it has a record that is not [folder, [key, value]]'],
    ['has no pair', [['day=1', 'v']], 'it has a record that is not [folder, [key, value]]'],
    [
      'comes again',
      [
        ['day=1', pair],
        ['day=2', pair],
        ['day=1', pair],
      ],
      'its records do not lie side by side in the result',
    ],
  ])('a folder that %s is refused: a job comes from anybody', async (_, records, why) => {
    const ran = await shoal(['job', 'result', '7c', '-o', 'out/'], one([records]))
    expect(ran.code).toBe(1)
    expect(ran.stderr).toContain(`  why:  ${why}\n`)
    expect(readdirSync(folder)).toEqual([])
  })
})
