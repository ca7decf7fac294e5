/** Every example, through the command line, against an answer that other tools computed. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { CASES, type Counters, type ExampleCase, type OutputRecord } from './cases.ts'
import { resultHash, ROOT, shoal } from './shoal.ts'

const dataFlags = (example: ExampleCase): string[] =>
  Object.entries(example.data).flatMap(([name, folder]) => ['--data', `${name}=${join('examples/data', folder)}`])

function expected(example: ExampleCase): string[] {
  return readFileSync(join(ROOT, 'examples/expected', `${example.name}.tsv`), 'utf8')
    .split('\n')
    .slice(0, -1)
}

function records(ndjson: string): OutputRecord[] {
  return ndjson
    .split('\n')
    .slice(0, -1)
    .map((text) => JSON.parse(text) as OutputRecord)
}

/** What `run -o DIR/` wrote: of one output its parts, of several a folder for each. */
function written(folder: string): { records: OutputRecord[]; counters: Counters } {
  const { counters } = JSON.parse(readFileSync(join(folder, 'receipt.json'), 'utf8')) as { counters: Counters }
  const parts = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ndjson'))
    .sort()
  const all = parts.flatMap((path) => {
    const [output = '', part] = path.split('/')
    const own = records(readFileSync(join(folder, path), 'utf8'))
    return part === undefined ? own : own.map((record) => ({ ...record, output }))
  })
  return { records: all, counters }
}

/** Lines where their order says nothing are compared as sorted by code unit, on both sides. */
function inOrder(example: ExampleCase, lines: readonly string[]): string[] {
  return example.ordered === true ? [...lines] : [...lines].sort()
}

async function runLocal(
  example: ExampleCase,
  ...flags: string[]
): Promise<{ lines: string[]; hash: string | undefined }> {
  const job = join('examples', `${example.name}.ts`)
  const folder = mkdtempSync(join(scratch, example.name))
  const ran = await shoal(['run', job, '--local', ...dataFlags(example), '-o', `${folder}/`, ...flags])
  expect(ran.code, ran.stderr).toBe(0)
  expect(ran.stderr).toContain('this machine only')
  return { lines: linesOf(example, folder), hash: resultHash(ran.stderr) }
}

function linesOf(example: ExampleCase, folder: string): string[] {
  const { records: all, counters } = written(folder)
  return example.lines(all, counters)
}

const scratch = mkdtempSync(join(tmpdir(), 'shoal-examples-'))

describe('examples', () => {
  afterAll(() => rmSync(scratch, { recursive: true, force: true }))

  test('each job has a case here', () => {
    const jobs = readdirSync(join(ROOT, 'examples')).filter((name) => name.endsWith('.ts'))
    expect(CASES.map(({ name }) => `${name}.ts`).sort()).toEqual(jobs.sort())
  })

  test.concurrent.each(CASES)('$name is what other tools say', async (example) => {
    const { lines, hash } = await runLocal(example)
    expect(inOrder(example, lines)).toEqual(inOrder(example, expected(example)))
    expect(hash).toBeDefined()
  })

  test('a sort over several parts is one order', async () => {
    const example = CASES.find(({ name }) => name === 'sort-lines')!
    const { lines } = await runLocal(example, '--partitions', '5')
    expect(lines).toEqual(expected(example))
  })

  test('memory and partitions change no record', async () => {
    const example = CASES.find(({ name }) => name === 'url-frequency')!
    const small = await runLocal(example, '--partitions', '3', '--task-memory', '128MB')
    const large = await runLocal(example, '--partitions', '3', '--task-memory', '512MB')
    expect(small.hash).toBe(large.hash)
    expect(inOrder(example, small.lines)).toEqual(inOrder(example, expected(example)))
  })

  test('three nodes give what one gives', async () => {
    const example = CASES.find(({ name }) => name === 'url-frequency')!
    const books = CASES.find(({ name }) => name === 'word-count')!
    const enrich = CASES.find(({ name }) => name === 'enrich')!
    for (const { example: one, flags } of [
      { example: books, flags: ['--partitions', '4'] },
      { example, flags: [] },
      { example: enrich, flags: [] },
    ]) {
      const job = join('examples', `${one.name}.ts`)
      const folder = mkdtempSync(join(scratch, one.name))
      const ran = await shoal(['sim', '--nodes', '3', ...dataFlags(one), 'run', job, '-o', `${folder}/`, ...flags])
      expect(ran.code, ran.stderr).toBe(0)
      expect(inOrder(one, linesOf(one, folder))).toEqual(inOrder(one, expected(one)))
      expect(resultHash(ran.stderr)).toBe((await runLocal(one, ...flags)).hash)
    }
  })
})
