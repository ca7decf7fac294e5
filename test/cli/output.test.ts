import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ResultChunk } from '../../src/control/api.ts'
import { formatFor, resolveTarget } from '../../src/cli/output/target.ts'
import { ShoalError } from '../../src/core/errors.ts'
import { RECEIPT, lines, shoal } from './fake.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shoal-output-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const read = (...path: string[]): string => readFileSync(join(folder, ...path), 'utf8')

describe('a folder', () => {
  test('parts, receipt and _SUCCESS', async () => {
    const ran = await shoal(['run', 'x.ts', '-o', 'out/'], { folder })
    expect(ran.code).toBe(0)
    expect(ran.stdout).toBe('')
    expect(readdirSync(join(folder, 'out')).sort()).toEqual([
      '_SUCCESS',
      'part-00000.ndjson',
      'part-00001.ndjson',
      'receipt.json',
    ])
    expect(read('out', 'part-00000.ndjson')).toBe('a=1\nb=2\n')
    expect(read('out', 'part-00001.ndjson')).toBe('')
    expect(JSON.parse(read('out', 'receipt.json'))).toEqual(RECEIPT)
  })

  test('an existing folder is one without the slash, too; the columns of csv are those of all records', async () => {
    mkdirSync(join(folder, 'out'))
    await shoal(['run', 'x.ts', '-o', 'out', '--format', 'csv'], { folder })
    expect(read('out', 'part-00000.csv')).toBe('a,b\na=1\nb=2\n')
    expect(read('out', 'part-00001.csv')).toBe('a,b\n')
  })

  test('one that holds something is refused before anything is submitted', async () => {
    mkdirSync(join(folder, 'out'))
    writeFileSync(join(folder, 'out', 'notes.txt'), 'mine')
    const calls: unknown[][] = []
    const ran = await shoal(['run', 'x.ts', '-o', 'out/'], { folder, calls })
    expect(ran.code).toBe(2)
    expect(ran.stderr).toContain('error[OUTPUT_EXISTS]')
    expect(calls).toEqual([])
  })

  test('--overwrite takes the place of an older result and leaves other files alone', async () => {
    mkdirSync(join(folder, 'out'))
    for (const name of ['part-00007.csv', '_SUCCESS', 'receipt.json', 'notes.txt'])
      writeFileSync(join(folder, 'out', name), 'old')
    const ran = await shoal(['run', 'x.ts', '-o', 'out/', '--overwrite'], { folder })
    expect(ran.code).toBe(0)
    expect(readdirSync(join(folder, 'out')).sort()).toEqual([
      '_SUCCESS',
      'notes.txt',
      'part-00000.ndjson',
      'part-00001.ndjson',
      'receipt.json',
    ])
  })

  test('a result that fails on the way leaves nothing, and an older one stays whole', async () => {
    const node = {
      async *result(): AsyncGenerator<ResultChunk> {
        yield { partition: 0, bytes: lines('a=1') }
        throw new ShoalError('RESULT_LOST', 'part 1 is gone')
      },
    }
    const ran = await shoal(['run', 'x.ts', '-o', 'new/'], { folder, node })
    expect(ran.code).toBe(3)
    expect(existsSync(join(folder, 'new'))).toBe(false)
    mkdirSync(join(folder, 'old'))
    writeFileSync(join(folder, 'old', 'part-00000.ndjson'), 'old')
    await shoal(['run', 'x.ts', '-o', 'old/', '--overwrite'], { folder, node })
    expect(readdirSync(join(folder, 'old'))).toEqual(['part-00000.ndjson'])
    expect(read('old', 'part-00000.ndjson')).toBe('old')
  })
})

describe('a file', () => {
  test('parts in order, in one file, replaced at the end', async () => {
    writeFileSync(join(folder, 'out.ndjson'), 'old')
    const ran = await shoal(['run', 'x.ts', '-o', 'out.ndjson'], { folder })
    expect(ran).toMatchObject({ code: 0, stdout: '' })
    expect(read('out.ndjson')).toBe('a=1\nb=2\n')
    expect(readdirSync(folder)).toEqual(['out.ndjson'])
  })

  test('a link is kept, what it leads to is replaced', async () => {
    mkdirSync(join(folder, 'real'))
    writeFileSync(join(folder, 'real', 'file'), 'old')
    symlinkSync(join('real', 'file'), join(folder, 'link'))
    await shoal(['run', 'x.ts', '-o', 'link'], { folder })
    expect(read('real', 'file')).toBe('a=1\nb=2\n')
    expect(readdirSync(folder).sort()).toEqual(['link', 'real'])
  })

  test('a result that fails on the way leaves the old file', async () => {
    writeFileSync(join(folder, 'out'), 'old')
    const ran = await shoal(['job', 'result', '7c', '-o', 'out'], {
      folder,
      node: {
        async *result(): AsyncGenerator<ResultChunk> {
          yield { partition: 0, bytes: lines('a=1') }
          throw new ShoalError('RESULT_LOST', 'gone')
        },
      },
    })
    expect(ran.code).toBe(3)
    expect(read('out')).toBe('old')
    expect(readdirSync(folder)).toEqual(['out'])
  })

  test('no folder for it, or a link that leads nowhere: exit 1 before anything is submitted', async () => {
    symlinkSync('nothing', join(folder, 'dangling'))
    for (const path of ['no/such/file', 'dangling', 'x.ts/y']) {
      const calls: unknown[][] = []
      const ran = await shoal(['run', 'x.ts', '-o', path], { folder, calls })
      expect(ran.code, path).toBe(1)
      expect(ran.stderr).toContain('error[OUTPUT]')
      expect(calls).toEqual([])
    }
  })

  test('a full disk is exit 1 and says how to fetch the result again', async () => {
    const ran = await shoal(['run', 'x.ts', '-o', '/dev/full'], { folder })
    expect(ran.code).toBe(1)
    expect(ran.stderr).toContain('error[OUTPUT]')
    expect(ran.stderr).toContain('the disk is full')
    expect(ran.stderr).toMatch(/shoal job result \S+ -o/)
    expect(existsSync('/dev/full')).toBe(true)
  })

  test('a device is written in place, never replaced', async () => {
    expect((await shoal(['run', 'x.ts', '-o', '/dev/null'], { folder })).code).toBe(0)
    expect(existsSync('/dev/null')).toBe(true)
  })

  test.skipIf(process.getuid?.() === 0)('a folder without write permission is exit 1', async () => {
    mkdirSync(join(folder, 'shut'))
    chmodSync(join(folder, 'shut'), 0o500)
    expect((await shoal(['run', 'x.ts', '-o', 'shut/out'], { folder })).code).toBe(1)
  })
})

describe('stdout', () => {
  test.each([[[]], [['-o', '-']]])('is the default, and data only (%j)', async (flags) => {
    const ran = await shoal(['run', 'x.ts', ...flags], { folder })
    expect(ran.stdout).toBe('a=1\nb=2\n')
    expect(ran.stderr.trimEnd().split('\n').at(-1)).toMatch(/^142\/142 shards .* result sha256:[0-9a-f]{64}$/)
  })
})

describe('the format', () => {
  const of = (given: string | undefined, asked?: 'csv', job: string | null = null): string =>
    formatFor(asked, resolveTarget(given, folder, false), job)

  test('--format, else the suffix, else the job’s, else ndjson', () => {
    expect(of('x.json', 'csv', 'text')).toBe('csv')
    expect(of('x.json', undefined, 'text')).toBe('json')
    expect(of('x.JSONL')).toBe('ndjson')
    expect(of('x.parquet')).toBe('parquet')
    expect(of('x.csv')).toBe('csv')
    expect(of('x.txt')).toBe('text')
    expect(of('x.dat', undefined, 'text')).toBe('text')
    expect(of('out.csv/', undefined, null)).toBe('ndjson')
    expect(of(undefined)).toBe('ndjson')
  })

  test('a packed suffix would lie', () => {
    expect(() => of('x.csv.gz')).toThrow(/not compressed/)
  })
})
