/** The rest of the commands, and a look whether any command that `--help` lists is driven by no test of this folder. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { countWords, Mesh, records, resultOf, WORD_COUNT, type Files } from './mesh.ts'

const TEXTS: Files = {
  'a.txt': 'one two two\n',
  'b.txt': 'three three three\n',
  'c.txt': 'one two\n',
  'd.txt': 'five five five five five\n',
}

describe('commands', { timeout: 500_000 }, () => {
  let mesh: Mesh
  let words: string
  beforeAll(() => {
    mesh = new Mesh()
    words = mesh.job('words', WORD_COUNT)
  })
  afterAll(() => mesh?.end())

  /** Names in the list of commands of a help text. */
  const listed = async (...path: string[]): Promise<string[]> => {
    const help = await mesh.command([...path, '--help'])
    expect(help.code).toBe(0)
    const [, list = ''] = help.stdout.split('\nCommands:\n')
    return [...list.split('\n\n')[0]!.matchAll(/^ {2}([a-z]+)/gm)].map((found) => found[1]!)
  }

  test('every command that --help lists is driven by a test here', async () => {
    const sources = readdirSync(import.meta.dirname)
      .filter((file) => file.endsWith('.ts'))
      .map((file) => readFileSync(join(import.meta.dirname, file), 'utf8'))
      .join('\n')
    const commands = (await listed()).map((name) => [name])
    expect(commands.length).toBeGreaterThan(10)
    const families = commands.flat().filter((name) => ['job', 'data', 'members', 'sim'].includes(name))
    expect(families).toHaveLength(4)
    for (const family of families)
      for (const name of await listed(family)) if (name !== 'help') commands.push([family, name])
    const driven = (command: readonly string[]): boolean =>
      new RegExp(command.map((word) => `'${word}'`).join('.*')).test(sources)
    expect(commands.filter((command) => !driven(command)).map((command) => command.join(' '))).toEqual([])
  })

  test('version, and help on a code', async () => {
    const version = await mesh.command(['--json', 'version'])
    expect(JSON.parse(version.stdout)).toMatchObject({ schema: 'shoal.version/1', node: process.version })
    expect((await mesh.command(['--version'])).stdout.trim()).toMatch(/^\d+\.\d+\.\d+/)
    const help = await mesh.command(['help', 'SHARD_CHANGED'])
    expect([help.code, help.stdout.includes('SHARD_CHANGED')]).toEqual([0, true])
    expect((await mesh.command(['help', 'run'])).stdout).toContain('--partitions')
  })

  test('init writes a starter that runs as it stands', async () => {
    const folder = join(mesh.root, 'starter')
    expect((await mesh.command(['init', folder])).code).toBe(0)
    const files = readdirSync(folder, { recursive: true }).map(String)
    const job = files.find((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))!
    const source = readFileSync(join(folder, job), 'utf8')
    const dataset = /input: '([a-z]+)/.exec(source)![1]!
    const ran = await mesh.command([
      'run',
      join(folder, job),
      '--local',
      '--data',
      `${dataset}=${join(folder, 'data')}`,
    ])
    expect(ran.code, ran.stderr).toBe(0)
    expect(ran.stdout).not.toBe('')
  })

  test('doctor finds that a node on loopback alone cannot be dialled, and nothing else', async () => {
    const [node] = await mesh.start({ name: 'well', data: { texts: TEXTS } })
    const ended = await node!.run('--json', 'doctor')
    const { checks } = JSON.parse(ended.stdout) as { checks: { name: string; ok: boolean }[] }
    expect(ended.code).toBe(1)
    // A loaded machine may have stalled it.
    const bad = checks.filter(({ ok, name }) => !ok && name !== 'event loop')
    expect(bad.map(({ name }) => name)).toEqual(['dialable'])
    await node!.stop('SIGTERM')
  })

  test('sim run: with --kill and without, the same bytes; the kill is told', async () => {
    const dir = mesh.folder('texts', TEXTS)
    const calm = await mesh.command(['sim', '--nodes', '2', '--data', `texts=${dir}`, 'run', words])
    expect(calm.code, calm.stderr).toBe(0)
    expect(records(calm.stdout)).toEqual(countWords(Object.values(TEXTS) as string[]))
    const killed = await mesh.command([
      ...['sim', '--nodes', '3', '--kill', '1', '--seed', '7', '--data', `texts=${dir}`, 'run', words],
    ])
    expect(killed.code, killed.stderr).toBe(0)
    expect(killed.stderr).toMatch(/^killed \S+ pid \d+ at (map|reduce) \d+\/\d+/m)
    expect([resultOf(killed), killed.stdout]).toEqual([resultOf(calm), calm.stdout])
    const none = await mesh.command(['sim', '--nodes', '2', '--kill', '2', '--data', `texts=${dir}`, 'run', words])
    expect(none.code).toBe(2)
  })

  test('sim up: a mesh until Ctrl-C, and nothing is left', async () => {
    const before = readdirSync(join(mesh.root, 'tmp'))
    const ended = await mesh.command(['sim', 'up', '--nodes', '2'], {}, { interruptAt: /Ctrl-C/ })
    expect(ended.code, ended.stderr).toBe(0)
    expect(readdirSync(join(mesh.root, 'tmp'))).toEqual(before)
  })

  test('a closed pipe ends quietly; --json is one object; -q is ids', async () => {
    const local = ['run', words, '--local', '--data', `texts=${mesh.folder('texts', TEXTS)}`]
    const quiet = await mesh.command([...local, '-q'])
    expect(records(quiet.stdout)).toEqual(countWords(Object.values(TEXTS) as string[]))
    const events = await mesh.command([...local, '--progress=json'])
    const told = events.stderr.split('\n').filter((line) => line.startsWith('{'))
    for (const line of told) expect(JSON.parse(line)).toMatchObject({ schema: 'shoal.event/1' })
    expect(told.length).toBeGreaterThan(0)
  })
})
