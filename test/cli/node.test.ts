import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { main } from '../../src/cli/program.ts'
import { capacityOf } from '../../src/control/capacity.ts'
import type { NodeOptions, RunningNode, SimulatedNodeOptions } from '../../src/control/node-options.ts'
import { ShoalError } from '../../src/core/errors.ts'
import { STATUS, fakeNode, outside, terminal, type Terminal, type TerminalForm } from './fake.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shoal-node-'))
  mkdirSync(join(folder, 'logs'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

interface Started {
  readonly here: Terminal
  readonly code: Promise<number>
  readonly options: Promise<NodeOptions | SimulatedNodeOptions>
  readonly drained: PromiseWithResolvers<void>
  readonly ended: PromiseWithResolvers<void>
  /** Resolves when stderr holds the text. */
  said(text: string): Promise<void>
}

/** `shoal node` with a node that drains when the test says so. */
function start(argv: readonly string[] = [], form: TerminalForm = {}, changes: Partial<RunningNode> = {}): Started {
  const here = terminal({ folder, ...form })
  const options = Promise.withResolvers<NodeOptions | SimulatedNodeOptions>()
  const drained = Promise.withResolvers<void>()
  const ended = Promise.withResolvers<void>()
  const startNode = (given: NodeOptions | SimulatedNodeOptions): Promise<RunningNode> => {
    options.resolve(given)
    const api = fakeNode({ drain: () => drained.promise.then(() => ended.resolve()) })
    return Promise.resolve({ api, ended: ended.promise, stop: () => Promise.resolve(), ...changes })
  }
  const words = ['node', '--home', join(folder, 'home'), '--memory', '256MB', '--slots', '2', ...argv]
  const code = main(words, here.io, outside({}, { startNode, startSimulatedNode: startNode }))
  code.then(() => options.reject(new Error(here.stderr()))).catch(() => {})
  const said = async (text: string): Promise<void> => {
    while (!here.stderr().includes(text)) await new Promise((resolve) => setImmediate(resolve))
  }
  return { here, code, options: options.promise, drained, ended, said }
}

describe('what a node is started with', () => {
  test('all its flags', async () => {
    writeFileSync(join(folder, 'tickets'), 'shoal1aaa\n\nshoal1bbb\n')
    const node = start(
      [
        '--data',
        'logs=logs',
        '--data',
        'copy=logs,replicated',
        '--join',
        '@tickets',
        '--join',
        '-',
        '--join',
        '/ip4/10.0.0.1/tcp/1',
      ].concat(
        ['--listen', '/ip4/0.0.0.0/tcp/7000', '--name', 'data-7', '--no-mdns'],
        ['--retention', '36h', '--disk', '10GB'],
      ),
      { stdin: 'shoal1ccc\n' },
    )
    expect(await node.options).toEqual({
      home: join(folder, 'home'),
      data: [
        { name: 'logs', dir: join(folder, 'logs'), replicated: false },
        { name: 'copy', dir: join(folder, 'logs'), replicated: true },
      ],
      join: ['shoal1aaa', 'shoal1bbb', 'shoal1ccc', '/ip4/10.0.0.1/tcp/1'],
      listen: ['/ip4/0.0.0.0/tcp/7000'],
      name: 'data-7',
      slots: 2,
      memory: 256_000_000,
      retentionMs: 36 * 3_600_000,
      keptBytesMax: 10_000_000_000,
      mdns: false,
      warn: expect.any(Function),
    })
    node.ended.resolve()
    expect(await node.code).toBe(0)
  })

  test('of `sim`: with the files dealt to it, and its first attempt kept open where the simulator says so', async () => {
    const files = join(folder, 'files.json')
    const dealt = { name: 'logs', dir: join(folder, 'logs'), replicated: false, files: ['a'] }
    writeFileSync(files, JSON.stringify([dealt]))
    const node = start([], {
      environment: { SHOAL_SIM_LEASH: '1', SHOAL_SIM_FILES: files },
      stdin: '',
    })
    const { data, holdFirst } = (await node.options) as SimulatedNodeOptions
    expect([data, holdFirst('', true)]).toEqual([[dealt], false])
    mkdirSync(join(folder, 'home'), { recursive: true })
    writeFileSync(join(folder, 'home', 'sim-hold'), '')
    expect([holdFirst('', true), holdFirst('', false)]).toEqual([true, false])
    writeFileSync(join(folder, 'home', 'sim-hold'), 'pairs')
    expect([holdFirst('baskets', true), holdFirst('pairs', false)]).toEqual([false, true])
    expect(await node.code).toBe(0)
  })

  test.each([
    [['--data', 'logs'], 2],
    [['--data', 'a/b=logs'], 2],
    [['--data', 'logs=nowhere'], 2],
    [['--join', '@nowhere'], 2],
    [['--slots', '1025'], 2],
    [['--retention', '0'], 2],
    [['--retention', '7 weeks'], 2],
    [['--disk', 'much'], 2],
    [['--slots', '3'], 2],
    [['--memory', '100MB'], 2],
    [['extra'], 2],
    [['--name', 'a\nb'], 2],
    [['--name', 'n'.repeat(101)], 2],
  ])('%j is refused before anything starts', async (argv, exit) => {
    const node = start(argv)
    node.options.catch(() => {})
    expect(await node.code).toBe(exit)
  })

  test('an empty ticket file is said to be one', async () => {
    const node = start(['--join', '-'], { stdin: '\n' })
    node.options.catch(() => {})
    expect(await node.code).toBe(2)
    expect(node.here.stderr()).toContain('error[TICKET]')
  })
})

describe('what it says', () => {
  test('name, data, addresses, a join line that can be copied, and when it is ready; nothing on stdout', async () => {
    const node = start()
    await node.said('ready')
    const said = node.here.stderr()
    expect(said).toContain('node data-1  12D3KooWFakeFakeFake')
    expect(said).toContain('purchases  37 shards  18.4 GB  replicated, 2 files still being read')
    expect(said).toContain(`listen  ${STATUS.listen[0]}`)
    expect(said).toContain('shoal node --data NAME=DIR --join shoal1ticket')
    expect(said).toMatch(/ready .*4 members in/)
    expect(node.here.stdout()).toBe('')
    node.ended.resolve()
    await node.code
  })
})

describe('how it ends', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('%s drains: exit 0', async (signal) => {
    const node = start()
    await node.said('ready')
    node.here.stop(signal)
    await node.said('draining')
    node.drained.resolve()
    expect(await node.code).toBe(0)
  })

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    'a second %s half a second later ends it now: %i; one within that time does not',
    async (signal, exit) => {
      let now = 0
      const node = start([], { now: () => now })
      await node.said('ready')
      node.here.stop(signal)
      now = 499
      node.here.stop(signal)
      expect(await Promise.race([node.code, new Promise((resolve) => setTimeout(resolve, 20, 'runs'))])).toBe('runs')
      now = 500
      node.here.stop(signal)
      expect(await node.code).toBe(exit)
    },
  )

  test('what ends the node is the command’s error', async () => {
    const node = start()
    await node.said('ready')
    node.ended.reject(new ShoalError('NOT_ADMITTED', 'the key is wrong'))
    expect(await node.code).toBe(6)
    expect(node.here.stderr()).toContain('error[NOT_ADMITTED]')
  })
})

describe('capacity', () => {
  const machine = { cores: 8, ram: 16e9 }

  test('a quarter of RAM; the cores, at most one for each 128 MB, at least one', () => {
    expect(capacityOf({}, machine)).toEqual({ memory: 4e9, slots: 8 })
    expect(capacityOf({ memory: 300e6 }, machine)).toEqual({ memory: 300e6, slots: 2 })
    expect(capacityOf({ memory: 100e6 }, machine)).toEqual({ memory: 100e6, slots: 1 })
    expect(capacityOf({ slots: 3 }, machine)).toEqual({ memory: 4e9, slots: 3 })
    expect(capacityOf({ slots: 2, memory: 192e6 }, machine)).toEqual({ memory: 192e6, slots: 2 })
  })

  test('less than 96 MB a slot is refused, with both ways out', () => {
    for (const asked of [{ memory: 95e6 }, { memory: 191e6, slots: 2 }]) {
      expect(() => capacityOf(asked, machine)).toThrow(
        expect.objectContaining({ code: 'MEMORY_SETTING', exit: 2 }) as Error,
      )
    }
    expect(() => capacityOf({ memory: 200e6, slots: 3 }, machine)).toThrow(
      expect.objectContaining({ try: ['--memory 288MB', '--slots 2'] }) as Error,
    )
  })
})
