import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { allFlags, commandFirst } from '../../src/cli/command.ts'
import { TREE } from '../../src/cli/commands.ts'
import { DATA, HOME, JSON_OUTPUT, MEMORY, NO_COLOR, TIMEOUT, environmentName } from '../../src/cli/flags.ts'
import { Settings, readConfigFile } from '../../src/cli/settings.ts'
import { shoal } from './fake.ts'

const folders: string[] = []

function folderWith(config: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-settings-'))
  folders.push(folder)
  writeFileSync(join(folder, 'shoal.config.ts'), config)
  return folder
}

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

describe('flags in any position', () => {
  const order = (line: string): string => commandFirst(line.split(' '), TREE.commands).join(' ')

  test.each([
    ['--home X run a.ts', 'run --home X a.ts'],
    ['run a.ts --timeout 5s -o out/', 'run a.ts --timeout 5s -o out/'],
    ['--timeout 5s wait 7c', 'wait --timeout 5s 7c'],
    [
      'sim --nodes 5 --kill 1 --data l=d run a.ts --param k=v',
      'sim run --nodes 5 --kill 1 --data l=d a.ts --param k=v',
    ],
    ['--json job -q show 7c', 'job show --json -q 7c'],
    ['run -o - a.ts', 'run -o - a.ts'],
    ['node --join - --name run', 'node --join - --name run'],
    ['help run', 'help run'],
    ['run status', 'run status'],
    ['members forget data-1', 'members forget data-1'],
    ['run -- --odd.ts', 'run -- --odd.ts'],
    ['--home=X --json status', 'status --home=X --json'],
  ])('shoal %s', (given, ordered) => expect(order(given)).toBe(ordered))

  test('every position of --json and --timeout gives the same answer', async () => {
    const words = ['wait', '7c']
    const flags = [['--json'], ['--timeout', '5s'], ['--home', '/x']]
    const answers = new Set<string>()
    for (let at = 0; at <= 2; at++) {
      const ran = await shoal([...words.slice(0, at), ...flags.flat(), ...words.slice(at)])
      answers.add(JSON.stringify(ran))
    }
    expect([...answers]).toHaveLength(1)
  })
})

describe('flag over environment over file over default', () => {
  const at = (
    given: [string, string[]][],
    environment: Record<string, string>,
    config: [string, string[]][],
  ): Settings => new Settings(new Map(given), environment, new Map(config))

  test('each source covers those below it', () => {
    const environment = { SHOAL_HOME: '/env' }
    expect(at([['home', ['/flag']]], environment, [['home', ['/file']]]).get(HOME)).toBe('/flag')
    expect(at([], environment, [['home', ['/file']]]).get(HOME)).toBe('/env')
    expect(at([], {}, [['home', ['/file']]]).get(HOME)).toBe('/file')
    expect(at([], {}, []).get(HOME)).toBeUndefined()
    expect(at([], environment, []).origin(HOME)).toBe('environment')
  })

  test('switches, also those that say no', () => {
    expect(at([['json', ['true']]], {}, []).on(JSON_OUTPUT)).toBe(true)
    expect(at([], { SHOAL_JSON: '1' }, []).on(JSON_OUTPUT)).toBe(true)
    expect(at([], { SHOAL_JSON: 'false' }, [['json', ['true']]]).on(JSON_OUTPUT)).toBe(false)
    expect(at([], { SHOAL_NO_COLOR: 'yes' }, []).on(NO_COLOR)).toBe(true)
    expect(at([], { SHOAL_JSON: '' }, []).on(JSON_OUTPUT)).toBe(false)
  })

  test('several values in one variable: by line or semicolon', () => {
    expect(at([], { SHOAL_DATA: 'a=/x;b=/y z' }, []).all(DATA)).toEqual(['a=/x', 'b=/y z'])
    expect(at([], { SHOAL_DATA: 'a=/x;y\nb=/z\n' }, []).all(DATA)).toEqual(['a=/x;y', 'b=/z'])
  })

  test('an error names where the value came from: USAGE for a flag, CONFIG elsewhere', () => {
    expect(() => at([['memory', ['much']]], {}, []).get(MEMORY)).toThrow(/--memory: "much" is not a size/)
    expect(() => at([], { SHOAL_TIMEOUT: 'long' }, []).get(TIMEOUT)).toThrow(/SHOAL_TIMEOUT: "long" is not a duration/)
    expect(() => at([], {}, [['memory', ['much']]]).get(MEMORY)).toThrow(/shoal.config.ts: memory/)
  })

  test('every flag of every command has a variable of its own', () => {
    const named = allFlags(TREE.commands).filter(({ lineOnly }) => !lineOnly)
    const names = named.map((flag) => environmentName(flag.name))
    expect(new Set(names).size).toBe(names.length)
    expect(names).toContain('SHOAL_TASK_TIMEOUT')
  })
})

describe('shoal.config.ts', () => {
  const flags = allFlags(TREE.commands)

  test('names in either case; strings, numbers, booleans, lists', async () => {
    const folder = folderWith(
      `const sizes: string = '256MB'\nexport default { home: '/h', taskTimeout: '5s', 'no-mdns': true, slots: 2, data: ['a=/x', 'b=/y'], memory: sizes }`,
    )
    expect(Object.fromEntries(await readConfigFile(folder, flags))).toEqual({
      home: ['/h'],
      'task-timeout': ['5s'],
      'no-mdns': ['true'],
      slots: ['2'],
      data: ['a=/x', 'b=/y'],
      memory: ['256MB'],
    })
  })

  test.each([
    [`export default { taskTimeuot: '5s' }`, /task-timeout {3}is one/],
    [`export default { home: {} }`, /home is neither text/],
    [`export const home = 1`, /no default export/],
    [`throw new Error('boom')`, /boom/],
  ])('%s is refused with exit 2', async (text, said) => {
    const ran = await shoal(['status'], { folder: folderWith(text) })
    expect(ran.code).toBe(2)
    expect(ran.stderr).toMatch(/error\[CONFIG\]/)
    expect(ran.stderr).toMatch(said)
  })

  test('it sets what the flags leave open', async () => {
    const ran = await shoal(['status'], { folder: folderWith('export default { json: true }') })
    expect(JSON.parse(ran.stdout)).toMatchObject({ schema: 'shoal.status/1' })
  })

  test('no file, nothing set', async () => {
    expect((await readConfigFile('/nowhere', flags)).size).toBe(0)
  })
})
