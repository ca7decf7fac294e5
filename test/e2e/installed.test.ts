/** What `npm pack` gives, installed as a user would: one command, nothing to approve, and it works there. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { prepareJob } from '../../src/index.ts'
import { plainEnvironment, program, type Ended } from './command.ts'

const ROOT = join(import.meta.dirname, '../..')
/** The command from its sources, not bundled. */
const SOURCES = ['--conditions=development', join(ROOT, 'src/cli/main.ts')]
const PURCHASES = join(ROOT, 'examples/data/purchases/machine-1')

let scratch: string
let installing: Ended
const prefix = (): string => join(scratch, 'prefix')
const home = (): string => join(scratch, 'user')

/** A user's own environment: without what npm tells the scripts that it runs. */
function environment(): NodeJS.ProcessEnv {
  const own = Object.entries(plainEnvironment({ HOME: home(), npm_config_cache: join(scratch, 'cache') }))
  return Object.fromEntries(own.filter(([name]) => !/^(npm_(?!config_cache)|INIT_CWD$)/.test(name)))
}

const command = (file: string, args: readonly string[], folder = home()): Promise<Ended> =>
  program(file, args, { folder, environment: environment() })

const shoal = (...args: readonly string[]): Promise<Ended> => command(join(prefix(), 'bin/shoal'), args)

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'shoal-installed-'))
  mkdirSync(home())
  const packed = await command('npm', ['pack', '--pack-destination', scratch], ROOT)
  expect(packed.code, packed.stderr).toBe(0)
  const tarball = readdirSync(scratch).find((name) => name.endsWith('.tgz')) ?? ''
  installing = await command('npm', ['install', '--global', '--prefix', prefix(), join(scratch, tarball)])
})

afterAll(() => rmSync(scratch, { recursive: true, force: true }))

describe('the installed package', () => {
  it('came with one command, without a warning and without a script to approve', () => {
    expect(installing.code, installing.stderr).toBe(0)
    expect(installing.stderr).not.toMatch(/warn|deprecated|script/i)
    expect(installing.stdout).toMatch(/^added \d+ packages in/m)
  })

  it('tells its version', async () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
    expect((await shoal('version')).stdout).toMatch(new RegExp(`^shoal ${version}\n`))
  })

  it('runs a job, with the result that the sources give', async () => {
    const args = [
      'run',
      join(ROOT, 'examples/revenue.ts'),
      '--local',
      '--data',
      `purchases=${PURCHASES}`,
      '--progress',
      'none',
    ]
    const installed = await shoal(...args)
    expect(installed.code, installed.stderr).toBe(0)
    const sources = await command(process.execPath, [...SOURCES, ...args])
    expect(installed.stdout).toBe(sources.stdout)
    const said = /result (sha256:[0-9a-f]{64})/
    expect(said.exec(installed.stderr)?.[1]).toMatch(/^sha256/)
    expect(said.exec(installed.stderr)?.[1]).toBe(said.exec(sources.stderr)?.[1])
  })

  it('starts nodes by itself', async () => {
    const nodes = ['sim', '--nodes', '2', '--data', `purchases=${PURCHASES}`]
    const ran = await shoal(...nodes, 'run', join(ROOT, 'examples/revenue.ts'), '--progress', 'none')
    expect(ran.code, ran.stderr).toBe(0)
    expect(ran.stdout.split('\n').length).toBeGreaterThan(100)
  })

  it('reads Parquet, whose decoder is a package of its own', async () => {
    writeFileSync(
      join(home(), 'count.ts'),
      `import { defineJob } from 'shoal/job'
export default defineJob({ input: 'rows', map: (row, { emit }) => emit('rows', 1n), reduce(key, ones, { emit }) {
  let n = 0n
  for (const one of ones) n += one
  emit(key, n)
} })
`,
    )
    const from = join(ROOT, 'test/fixtures/formats')
    const file = readdirSync(from, { recursive: true, encoding: 'utf8' }).find((name) =>
      name.endsWith('alltypes_plain.parquet'),
    )
    const data = join(home(), 'rows')
    mkdirSync(data)
    cpSync(join(from, file ?? ''), join(data, 'a.parquet'))
    const ran = await shoal('run', 'count.ts', '--local', '--data', `rows=${data}`, '--progress', 'none')
    expect(ran).toMatchObject({ code: 0, stdout: '{"key":"rows","value":8}\n' })
  })

  it('writes a starter whose types an editor finds', async () => {
    expect(await shoal('init', 'starter')).toMatchObject({ code: 0 })
    expect(existsSync(join(home(), 'starter/shoal-job.d.ts'))).toBe(true)
    const tsc = join(ROOT, 'node_modules/.bin/tsc')
    const flags = ['--noEmit', '--strict', '--target', 'es2024', '--module', 'esnext', '--types', '', '--ignoreConfig']
    const files = [join(home(), 'starter/job.ts'), join(home(), 'starter/shoal-job.d.ts')]
    const checked = await command(tsc, [...flags, ...files])
    expect(checked.code, checked.stdout).toBe(0)
  })

  it('is a library, types and all, and makes the same bundle of a job as the sources: the same id on every node', async () => {
    const folder = join(scratch, 'library')
    mkdirSync(join(folder, 'node_modules'), { recursive: true })
    cpSync(join(prefix(), 'lib/node_modules/shoal'), join(folder, 'node_modules/shoal'), { recursive: true })
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
    writeFileSync(
      join(folder, 'use.ts'),
      `import { prepareJob, ShoalError } from 'shoal'
import { defineJob, toCents } from 'shoal/job'
import { runJob } from 'shoal/testing'
const job = defineJob<string, string, number>({ input: 'a', map: (line, { emit }) => emit(line, 1), reduce(key, ones, { emit }) { let n = 0; for (const one of ones) n += one; emit(key, n) } })
const { records } = await runJob(job, ['x', 'y', 'x'])
console.log(JSON.stringify(records), String(toCents('1.25')))
console.log((await prepareJob(process.argv[2] ?? '')).bundle)
try { await prepareJob('none.ts') } catch (error) { console.log((error as ShoalError).code) }
`,
    )
    const job = join(ROOT, 'examples/sort-lines.ts')
    const { bundle } = await prepareJob(job)
    const ran = await command(process.execPath, ['use.ts', job], folder)
    expect(ran).toMatchObject({
      code: 0,
      stdout: `[{"key":"x","value":2},{"key":"y","value":1}] 125\n${bundle}\nNO_JOB_FILE\n`,
    })
    const tsc = join(ROOT, 'node_modules/.bin/tsc')
    const flags = [
      '--noEmit',
      '--strict',
      '--target',
      'es2024',
      '--module',
      'nodenext',
      '--typeRoots',
      join(ROOT, 'node_modules/@types'),
    ]
    const checked = await command(tsc, [...flags, '--types', 'node', '--ignoreConfig', 'use.ts'], folder)
    expect(checked.code, checked.stdout).toBe(0)
  })
})
