/** What a job was bundled of: the same wherever it lies, and for ever what it is here, whatever bundles it. */
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { bundleJob } from '../../src/adapters/esbuild/bundle.ts'
import type { Source } from '../../src/control/api.ts'

const root = mkdtempSync(join(tmpdir(), 'shoal-source-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

let made = 0
async function sourceOf(files: Readonly<Record<string, string>>, entry = 'job.ts'): Promise<Source> {
  const folder = join(root, String(made++))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return (await bundleJob(join(folder, entry))).source
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

const JOB = `import { defineJob } from 'shoal/job'
import table from './table.csv'
import { twice } from 'twice'
import { RATE } from './lib/rate.ts'
import type { Row } from './row.ts'
export default defineJob({ input: 'd', map: (line: Row, { emit }) => emit(twice(line) + table, RATE) })
`
const FILES = {
  'job.ts': JOB,
  'lib/rate.ts': 'export const RATE = 7\n',
  'table.csv': 'a,b\n1,2\n',
  'row.ts': 'export type Row = string\n',
  'node_modules/twice/package.json': '{ "name": "twice", "main": "main.js", "sideEffects": false }',
  'node_modules/twice/main.js': "export { twice } from './twice.js'\nexport { never } from './never.js'\n",
  'node_modules/twice/twice.js': 'export const twice = (text) => text + text\n',
  'node_modules/twice/never.js': 'export const never = 0\n',
}

describe('the source of a job', () => {
  test('is of every file that is imported, also where the bundle has constants of it alone, or nothing', async () => {
    const source = await sourceOf(FILES)
    const { 'row.ts': _row, 'node_modules/twice/package.json': _package, ...bundled } = FILES
    expect(source.files).toEqual(Object.values(bundled).map(sha256).toSorted())
    // Form 1, written out: the job file, then what it imports by name (lib/rate.ts, table.csv, then the package).
    const own = (name: keyof typeof FILES, imports: readonly (readonly [string, number | null])[]): unknown => [
      sha256(FILES[name]),
      imports,
    ]
    const form = [
      own('job.ts', [
        ['./lib/rate.ts', 1],
        ['./table.csv', 2],
        ['shoal/job', null],
        ['twice', 3],
      ]),
      own('lib/rate.ts', []),
      own('table.csv', []),
      own('node_modules/twice/main.js', [
        ['./never.js', 4],
        ['./twice.js', 5],
      ]),
      own('node_modules/twice/never.js', []),
      own('node_modules/twice/twice.js', []),
    ]
    expect(source.digest).toBe(sha256(`shoal:source/1:${JSON.stringify(form)}`))
    expect(source.digest).toBe('0ab5f72088969cd1aa4be4965fc55b425d914514744bb431d8b65fee9f4bff34')
  })

  test('is the same in another folder, under another name, and with its packages elsewhere', async () => {
    const { digest } = await sourceOf(FILES)
    const { 'job.ts': job, ...others } = FILES
    expect((await sourceOf({ ...others, 'renamed.ts': job }, 'renamed.ts')).digest).toBe(digest)
    const deeper = Object.entries(FILES).map(([name, text]) => [name.startsWith('node') ? name : `deep/${name}`, text])
    expect((await sourceOf(Object.fromEntries(deeper) as typeof FILES, 'deep/job.ts')).digest).toBe(digest)
    expect((await sourceOf({ ...FILES, 'row.ts': 'export type Row = any\n', 'tsconfig.json': '{}' })).digest).toBe(
      digest,
    )
  })

  test('is another with each file that changes, and where two files change places', async () => {
    const { 'row.ts': _row, 'node_modules/twice/package.json': _package, ...bundled } = FILES
    const all = await Promise.all([
      sourceOf(FILES),
      ...Object.entries(bundled).map(([name, text]) => sourceOf({ ...FILES, [name]: `${text}\n` })),
      sourceOf({
        ...FILES,
        'node_modules/twice/twice.js': FILES['node_modules/twice/never.js'].replace('never', 'twice'),
        'node_modules/twice/never.js': FILES['node_modules/twice/twice.js'].replace('twice', 'never'),
      }),
    ])
    expect(new Set(all.map(({ digest }) => digest)).size).toBe(all.length)
    const two = { 'job.ts': "import a from './a.txt'\nimport b from './b.txt'\nexport default [a, b]\n" }
    const [one, other] = await Promise.all([
      sourceOf({ ...two, 'a.txt': '1', 'b.txt': '2' }),
      sourceOf({ ...two, 'a.txt': '2', 'b.txt': '1' }),
    ])
    expect(other.files).toEqual(one.files)
    expect(other.digest).not.toBe(one.digest)
  })

  test('has a file that imports in a circle, twice, or as `require`, once', async () => {
    const { files } = await sourceOf({
      'job.ts':
        "import './a.js'\nimport { b } from './b.js'\nimport * as again from './b.js'\nexport default [b, again]\n",
      'a.js': "import './job.ts'\nconst b = require('./b.js')\nexport const a = b\n",
      'b.js': "export const b = 1\nexport const load = () => import('./b.js')\n",
    })
    expect(files).toHaveLength(3)
  })
})
