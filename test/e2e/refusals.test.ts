/** What is refused, with which code, exit and words: keys, tickets, ports, homes, ids, flags. One node is enough. */
import { randomBytes } from 'node:crypto'
import { createServer, type AddressInfo } from 'node:net'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { formatTicket } from '../../src/adapters/libp2p/ticket.ts'
import { until, type Ended } from './command.ts'
import { Mesh, WORD_COUNT, type MeshNode } from './mesh.ts'

interface Refused {
  readonly code: string
  readonly exit: number
  readonly message: string
  readonly try: readonly string[]
}

function refused(ended: Ended): Refused {
  return JSON.parse(ended.stderr.trim().split('\n').at(-1)!) as Refused
}

describe('refusals', { timeout: 500_000 }, () => {
  let mesh: Mesh
  let node: MeshNode
  let words: string

  beforeAll(async () => {
    mesh = new Mesh()
    words = mesh.job('words', WORD_COUNT)
    const nodes = await mesh.start({ name: 'only', data: { texts: { 'a.txt': 'one two\n' } } })
    node = nodes[0]!
  })
  afterAll(() => mesh?.end())

  const startNode = (name: string, ...args: string[]): Promise<Ended> =>
    mesh.command([
      ...['--json', 'node', '--no-mdns', '--slots', '1', '--memory', '128MB', '--listen', '/ip4/127.0.0.1/tcp/0'],
      ...['--home', join(mesh.root, 'nodes', name), ...args],
    ])

  test('a wrong key is 6, at once; so is an address without any key', async () => {
    const address = (await node.status()).listen[0]!
    const wrong = await startNode('wrong-key', '--join', formatTicket(randomBytes(32), [address]))
    expect([wrong.code, refused(wrong).code]).toEqual([6, 'NOT_ADMITTED'])
    const none = await startNode('no-key', '--join', address)
    expect([none.code, refused(none).code]).toEqual([6, 'NOT_ADMITTED'])
    const { members } = await node.status()
    expect(members).toBe(1)
  })

  test('a ticket into the home of another mesh is 2', async () => {
    const other = new Mesh()
    try {
      const [stranger] = await other.start({ name: 'other' })
      const ticket = (await node.ok('ticket')).trim()
      await stranger!.stop('SIGTERM')
      const ended = await other.command([
        ...[
          '--json',
          'node',
          '--home',
          stranger!.home,
          '--join',
          ticket,
          '--listen',
          '/ip4/127.0.0.1/tcp/0',
          '--no-mdns',
        ],
      ])
      expect([ended.code, refused(ended).code]).toEqual([2, 'HOME_OTHER_MESH'])
    } finally {
      await other.end()
    }
  })

  test.each([
    ['cut short', (ticket: string) => ticket.slice(0, -5)],
    [
      'one letter changed',
      (ticket: string) => ticket.slice(0, 20) + (ticket[20] === 'A' ? 'B' : 'A') + ticket.slice(21),
    ],
    ['no ticket at all', () => 'tomorrow, at eight'],
  ])('a garbled ticket is 2: %s', async (_, garble) => {
    const ended = await startNode('garbled', '--join', garble((await node.ok('ticket')).trim()))
    expect([ended.code, refused(ended).code]).toEqual([2, 'TICKET'])
  })

  test('a ticket comes from a file, and from stdin; its own is a no-op', async () => {
    const ticket = await node.ok('ticket')
    expect(ticket.split('\n')).toHaveLength(2)
    const file = join(mesh.root, 'ticket')
    writeFileSync(file, ticket)
    const joined = mesh.add({ name: 'by-file', args: ['--join', `@${file}`] })
    joined.start()
    await mesh.ready()
    await joined.kill()
    await node.stop('SIGTERM')
    node.start(['--join', ticket.trim()])
    await until('ready again', async () => ((await node.status()).ready ? true : null))
    expect((await node.status()).members).toBe(2)
    expect((await node.run('members', 'forget', 'by-file')).code).toBe(0)
  })

  test('a port in use is 2', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as AddressInfo
    const ended = await startNode('port', '--listen', `/ip4/127.0.0.1/tcp/${port}`)
    server.close()
    expect([ended.code, refused(ended).code]).toEqual([2, 'PORT_IN_USE'])
    expect(JSON.stringify(refused(ended))).toContain(`/tcp/${port}`)
  })

  test('a second node on one home is 2, and the first goes on', async () => {
    const ended = await mesh.command(['--json', 'node', '--home', node.home, '--no-mdns'])
    expect([ended.code, refused(ended).code]).toEqual([2, 'HOME_IN_USE'])
    expect((await node.status()).ready).toBe(true)
  })

  test('no node behind a home is 4', async () => {
    for (const args of [['status'], ['jobs'], ['run', words], ['ticket'], ['wait', 'abc']]) {
      const ended = await mesh.command(['--json', '--home', join(mesh.root, 'nothing'), ...args])
      expect([args[0], ended.code, refused(ended).code]).toEqual([args[0], 4, 'NO_NODE'])
    }
  })

  test('a node that was told to join and has met nobody: status answers, commands are 4 after a while', async () => {
    const lonely = mesh.add({ name: 'lonely', args: ['--join', (await node.ok('ticket')).trim()] })
    await node.stop('SIGTERM')
    lonely.start()
    const status = await until('it answers', async () => {
      const ended = await lonely.run('--json', 'status')
      if (!lonely.running) throw new Error(`it has ended: ${lonely.log}`)
      return ended.code === 0 ? (JSON.parse(ended.stdout) as { ready: boolean; why: string; joined: boolean }) : null
    })
    expect(status).toMatchObject({ ready: false, joined: false })
    expect(status.why).not.toBe('')
    const ended = await lonely.run('--json', 'jobs')
    expect([ended.code, refused(ended).code]).toEqual([4, 'NOT_READY'])
    node.start()
    await mesh.ready()
    expect((await lonely.run('jobs')).code).toBe(0)
    await lonely.kill()
  })

  test.each([
    ['an unknown job', ['job', 'show', 'ffff'], 'NO_SUCH_JOB'],
    ['an unknown job, to wait for', ['wait', 'ffff'], 'NO_SUCH_JOB'],
    ['partitions 0', ['run', '{job}', '--partitions', '0'], 'PARTITIONS'],
    ['partitions 100000', ['run', '{job}', '--partitions', '100000'], 'PARTITIONS'],
    ['partitions, not a number', ['run', '{job}', '--partitions', 'many'], 'PARTITIONS'],
    ['no such job file', ['run', '/nowhere/job.ts'], 'NO_JOB_FILE'],
    ['an unknown flag', ['run', '{job}', '--fast'], 'USAGE'],
    ['an unknown command', ['rnu'], 'USAGE'],
    ['a size that is none', ['run', '{job}', '--task-memory', 'big'], 'USAGE'],
    ['a duration that is none', ['run', '{job}', '--task-timeout', 'soon'], 'USAGE'],
    ['a node, to forget itself', ['members', 'forget', 'only'], 'USAGE'],
    ['less than a slot needs', ['node', '--slots', '4', '--memory', '128MB', '--home', '{home}'], 'MEMORY_SETTING'],
    ['a folder that is not there', ['node', '--data', 'x=/nowhere/at/all', '--home', '{home}'], 'DATA_DIR'],
  ])('%s is 2', async (_, args, code) => {
    const filled = args.map((arg) => arg.replace('{job}', words).replace('{home}', join(mesh.root, 'unused')))
    const ended = await node.run('--json', ...filled)
    expect([ended.code, refused(ended).code, ended.stdout]).toEqual([2, code, ''])
  })

  test('a misspelt command gets the nearest one', async () => {
    const ended = await node.run('mmbers')
    expect(ended.code).toBe(2)
    expect(ended.stderr).toContain('members')
  })

  test('a result folder that is not empty is refused, before the job runs', async () => {
    const out = join(mesh.root, 'full')
    mkdirSync(out)
    writeFileSync(join(out, 'mine.txt'), 'keep')
    const ended = await node.run('--json', 'run', words, '-o', `${out}/`)
    expect([ended.code, refused(ended).code]).toEqual([2, 'OUTPUT_EXISTS'])
    expect((await node.run('run', words, '-o', `${out}/`, '--overwrite')).code).toBe(0)
  })

  test('an output that cannot be written is 1, and the result is still to be had', async () => {
    const ended = await node.run('--json', 'run', words, '-o', '/proc/nothing/here.ndjson')
    expect([ended.code, refused(ended).code]).toEqual([1, 'OUTPUT'])
    const [job] = await node.jobs()
    expect((await node.run('job', 'result', job!.id)).code).toBe(0)
  })
})
