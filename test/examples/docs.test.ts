/**
 * The code in README and docs: each block of TypeScript is a module that compiles, all of a page in one program, and
 * those of docs/jobs.md give what is said of them. A block that begins with `// name.ts` is a file of that name.
 */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'
import { runJob, type TestedJob, type TestInput, type TestOptions } from '../../src/testing.ts'
import { ROOT } from './shoal.ts'

const PAGES = ['README.md', ...readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`)]

const folder = mkdtempSync(join(tmpdir(), 'shoal-docs-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Writes the blocks of all pages, as a project that has the packages of this one. */
function writeBlocks(): string[] {
  const written = PAGES.flatMap((page) => {
    const blocks = [...readFileSync(join(ROOT, page), 'utf8').matchAll(/^```ts\n([^]*?)^```$/gm)].map(
      ([, code = '']) => code,
    )
    return blocks.map((code, i) => {
      const [, name = `block-${i + 1}.ts`] = /^\/\/ (\S+\.ts)\n/.exec(code) ?? []
      const path = join(page.replace(/\W/g, '-'), name)
      mkdirSync(join(folder, path, '..'), { recursive: true })
      writeFileSync(join(folder, path), code, { flag: 'wx' })
      return path
    })
  })
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  const source = (file: string): string[] => [join(ROOT, 'src', file)]
  const compilerOptions = {
    declaration: false,
    isolatedDeclarations: false,
    paths: { 'shoal/job': source('job.ts'), 'shoal/testing': source('testing.ts'), shoal: source('index.ts') },
  }
  const config = { extends: join(ROOT, 'tsconfig.json'), compilerOptions, include: ['.'], exclude: ['node_modules'] }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  return written
}

const blocks = writeBlocks()

async function job(name: string): Promise<TestedJob> {
  const module = (await import(join(folder, 'docs-jobs-md', name))) as { default: TestedJob }
  return module.default
}

const USERS = [
  { user: 'ada', country: 'FR' },
  { user: 'bob', country: 'DE' },
]
const PURCHASES = [
  { user: 'ada', cents: 300, day: '2026-11-01' },
  { user: 'bob', cents: 250, day: '2026-11-02' },
  { user: 'ada', cents: 75, day: '2026-11-02' },
]
const AMOUNTS = [
  { user: 'ada', amount: 100 },
  { user: 'bob', amount: 100 },
  { user: 'ada', amount: 21 },
]
const PAID_ABROAD = [
  { user: 'ada', country: 'FR', cents: 10 },
  { user: 'ada', country: 'CH', cents: 20 },
  { user: 'bob', country: 'US', cents: 5 },
  { user: 'eve', country: 'US', cents: 1 },
]

/** The jobs of docs/jobs.md, and what they give, as [key, value]. */
const RUNS: readonly [name: string, input: TestInput, gives: readonly unknown[], options?: TestOptions][] = [
  [
    'sum.ts',
    AMOUNTS,
    [
      ['ada', 121],
      ['bob', 100],
    ],
  ],
  ['large-sums.ts', AMOUNTS, [['ada', 121]]],
  [
    'longest-visits.ts',
    [3, 1, 2].map((seconds, i) => ({ page: '/', user: `u${i}`, seconds })),
    [
      [
        '/',
        [
          { page: '/', user: 'u0', seconds: 3 },
          { page: '/', user: 'u2', seconds: 2 },
          { page: '/', user: 'u1', seconds: 1 },
        ],
      ],
    ],
  ],
  [
    'spend.ts',
    PURCHASES,
    [
      ['ada', 375],
      ['bob', 250],
    ],
  ],
  [
    'unpaid.ts',
    {
      invoices: [
        { invoice: '1', customer: 'ada' },
        { invoice: '2', customer: 'bob' },
      ],
      payments: [
        { invoice: '1', cents: 10 },
        { invoice: '3', cents: 5 },
      ],
    },
    [['2', 'bob']],
  ],
  [
    'abroad.ts',
    { abroad: PAID_ABROAD, rates: [{ country: 'CH', rate: 3 }], homes: USERS },
    [
      ['ada', 60],
      ['bob', 5],
    ],
  ],
  [
    'report.ts',
    { spend: PURCHASES, homes: USERS },
    [
      ['DE', 250],
      ['FR', 375],
      ['ada', 375],
      ['bob', 250],
    ],
  ],
  [
    'daily.ts',
    [{ user: 'ada', cents: 300, day: '2026-11-01', country: 'FR' }],
    [['ada', { user: 'ada', cents: 300, day: '2026-11-01', country: 'FR' }]],
  ],
  [
    'since.ts',
    PURCHASES,
    [
      ['2026-11-01', 300],
      ['2026-11-02', 325],
    ],
    { params: { by: 'day' } },
  ],
  [
    'ranks.ts',
    {
      products: ['pen', 'ink', 'pen'].flatMap((product) => [
        { user: 'ada', product },
        { user: 'eve', product },
      ]),
      homes: USERS,
    },
    [[2, ['ada (FR)', 'eve (unknown)']]],
  ],
]

describe('code in the docs', () => {
  test('compiles, each page in one program', async () => {
    expect(blocks.length).toBeGreaterThan(8)
    const tsc = [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', folder]
    const said = await promisify(execFile)(process.execPath, tsc).then(
      ({ stdout }) => stdout,
      ({ stdout }: { readonly stdout: string }) => stdout,
    )
    expect(said).toBe('')
  })

  test.each(RUNS)('%s gives what it says', async (name, input, gives, options) => {
    const { records } = await runJob(await job(name), input, options)
    expect(records.map(({ key, value }) => [key, value])).toEqual(gives)
  })

  // Its own test.
  describe('by-country.ts', async () => {
    await import(join(folder, 'docs-jobs-md/by-country.test.ts'))
  })
})
