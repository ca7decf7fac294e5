import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { prepareJob } from '../../src/adapters/esbuild/prepare.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'shoal-prepare-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const write = (name: string, text: string): string => {
  const path = join(folder, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  return path
}
const head = "import { defineJob } from 'shoal/job'\n"
const refused = async (source: string): Promise<unknown> =>
  prepareJob(write(`bad-${Math.abs(source.length)}.ts`, source)).then(
    (job) => ({ code: 'none', ...job }),
    (error: unknown) => error,
  )

describe('prepareJob', () => {
  test('a job has the same bytes in two folders, through a link, and beside a tsconfig', async () => {
    const job = `${head}import { twice } from './lib/twice.ts'\nimport table from './table.json'\nexport default defineJob({ input: 'd/*.txt', map: (line: string, { emit }) => emit(twice(line), table.n) })`
    for (const place of ['one', 'deep/er/two']) {
      write(`${place}/job.ts`, job)
      write(`${place}/lib/twice.ts`, '// a comment\nexport const twice = (text: string): string => text + text\n')
      write(`${place}/table.json`, '{ "n": 7 }')
    }
    write('deep/er/two/tsconfig.json', '{ "compilerOptions": { "target": "es5", "useDefineForClassFields": false } }')
    symlinkSync(join(folder, 'one'), join(folder, 'linked'))
    const [one, two, linked] = await Promise.all(
      ['one', 'deep/er/two', 'linked'].map((place) => prepareJob(join(folder, place, 'job.ts'))),
    )
    expect(two!.bundle).toBe(one!.bundle)
    expect(linked!.bundle).toBe(one!.bundle)
    expect(one!.bundle).not.toContain(folder)
    expect(one).toMatchObject({ name: 'job', inputs: [{ alias: '', data: 'd/*.txt' }], combine: false, reduce: false })
  })

  test('what a job declares is read, inputs by alias in order', async () => {
    const source = `${head}export default defineJob({
      name: 'pay', params: { year: '2025' }, sort: true, partitions: 4, onBadRecord: 'skip', format: 'csv',
      input: { db: 'payments/*.csv', bank: { data: 'bank/*.ndjson', format: 'ndjson' } },
      map: { db: () => undefined, bank: () => undefined }, combine: (a: number) => a, reduce: () => undefined })`
    expect(await prepareJob(write('all.ts', source))).toMatchObject({
      ...{ name: 'pay', params: { year: '2025' }, sort: true, partitions: 4, onBadRecord: 'skip', format: 'csv' },
      ...{ combine: true, reduce: true },
      inputs: [
        { alias: 'bank', data: 'bank/*.ndjson', format: 'ndjson' },
        { alias: 'db', data: 'payments/*.csv' },
      ],
    })
  })

  test('a package is bundled, also one that asks politely for what is not there', async () => {
    write('pack/node_modules/polite/package.json', '{ "name": "polite", "version": "1.0.0", "main": "main.js" }')
    write(
      'pack/node_modules/polite/main.js',
      "let fs; try { fs = require('fs') } catch {}\nmodule.exports = { has: fs !== undefined, mode: process.env.NODE_ENV, now: Date.now(), random: Math.random() }",
    )
    const source = `${head}import polite from 'polite'\nexport default defineJob({ name: \`\${polite.mode}-\${polite.has}-\${polite.now}-\${polite.random}\`, input: 'd', map: () => undefined })`
    expect((await prepareJob(write('pack/job.ts', source))).name).toBe('production-false-0-0.5')
  })

  test.each<[string, string, object]>([
    [
      'a syntax error',
      `${head}export default defineJob({\n  input: ;\n})`,
      { code: 'JOB_BUILD', message: expect.stringMatching(/bad-\d+\.ts:3:10: Unexpected ";"/) },
    ],
    [
      'a module of Node',
      "import net from 'node:net'\nexport default net",
      { code: 'JOB_IMPORT', message: expect.stringContaining('"node:net"') },
    ],
    [
      'files',
      "import { readFile } from 'fs/promises'\nexport default readFile",
      { code: 'JOB_IMPORT', try: [expect.stringContaining('dataset')] },
    ],
    [
      'a package that is not there',
      "import x from 'lodahs'\nexport default x",
      { code: 'JOB_BUILD', try: [expect.stringContaining('npm install lodahs')] },
    ],
    [
      'the rest of Shoal',
      "import { runJob } from 'shoal/testing'\nexport default runJob",
      { code: 'JOB_IMPORT', try: [expect.stringContaining('shoal/job')] },
    ],
    ['a url', "import x from 'https://example.org/x.js'\nexport default x", { code: 'JOB_IMPORT' }],
    [
      'top-level await',
      'await Promise.resolve()\nexport default {}',
      { code: 'JOB_BUILD', message: expect.stringContaining('top-level await') },
    ],
    [
      'a throw while loading',
      'const a: any = undefined\n\nexport default a.b',
      { code: 'JOB_THREW', message: expect.stringMatching(/bad-\d+\.ts:3:18: .*TypeError/) },
    ],
    [
      'an endless module',
      'for (;;);\nexport default 1 as any',
      { code: 'JOB_THREW', message: expect.stringContaining('5 s') },
    ],
    [
      'no export',
      'export const job = 1',
      { code: 'JOB_BUILD', message: expect.stringContaining('does not export a job') },
    ],
    ['no map', "export default { input: 'd' }", { code: 'JOB_BUILD', message: 'the job has no map' }],
    ['no input', 'export default { map() {} }', { code: 'JOB_BUILD', message: 'the job has no input' }],
    [
      'a misspelt field',
      "export default { input: 'd', map() {}, redcue() {} }",
      { code: 'JOB_BUILD', try: ['reduce'] },
    ],
    [
      'an alias without a map',
      "export default { input: { a: 'd', b: 'e' }, map: { a() {} } }",
      { code: 'JOB_BUILD', message: 'input "b" has no map' },
    ],
    [
      'an alias without an input',
      "export default { input: { a: 'd' }, map: { a() {}, b() {} } }",
      { code: 'JOB_BUILD', message: expect.stringContaining('map.b') },
    ],
    [
      'data as an alias',
      "export default { input: { data: { data: 'd' } }, map: { data() {} } }",
      { code: 'JOB_BUILD', message: expect.stringContaining('"data"') },
    ],
    ['a map for an alias, one input', "export default { input: 'd', map: { a() {} } }", { code: 'JOB_BUILD' }],
    [
      'a param that is a number',
      "export default { input: 'd', map() {}, params: { n: 1 } }",
      { code: 'JOB_BUILD', message: expect.stringContaining('params.n') },
    ],
    ['no partitions', "export default { input: 'd', map() {}, partitions: 0 }", { code: 'PARTITIONS' }],
    ['too many partitions', "export default { input: 'd', map() {}, partitions: 100000 }", { code: 'PARTITIONS' }],
    ['half a partition', "export default { input: 'd', map() {}, partitions: 1.5 }", { code: 'PARTITIONS' }],
    [
      'an unknown format',
      "export default { input: 'd', map() {}, format: 'cvs' }",
      { code: 'JOB_BUILD', try: ["format: 'csv'"] },
    ],
    ['a delimiter of two', "export default { input: { data: 'd', delimiter: '::' }, map() {} }", { code: 'JOB_BUILD' }],
    [
      'a delimiter that is NUL',
      "export default { input: { data: 'd', delimiter: '\\0' }, map() {} }",
      { code: 'JOB_BUILD', message: 'delimiter is one character, not a NUL' },
    ],
  ])('%s', async (_, source, error) => {
    expect(await refused(source)).toMatchObject(error)
  })

  test('a job file that is not there is named, with its nearest neighbour', async () => {
    const path = write('near/revenue.ts', '')
    await expect(prepareJob(path.replace('revenue', 'revnue'))).rejects.toMatchObject({
      code: 'NO_JOB_FILE',
      try: [path],
    })
    await expect(prepareJob(join(folder, 'near'))).rejects.toMatchObject({ code: 'NO_JOB_FILE' })
  })
})
