/**
 * Every file under a node's home, damaged in every way, and the node started on it again: the damage is found and named,
 * and the answer is the right one or refused with a reason. The node is alone: nobody helps it.
 */
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  prepareJob,
  startNode,
  type NodeApi,
  type PreparedJob,
  type RunningNode,
  type ShoalError,
} from '../../src/index.ts'
import { entriesOf } from '../../src/runtime/home/kept-log.ts'
import { until } from './command.ts'
import { WORD_COUNT } from './mesh.ts'

const root = mkdtempSync(join(tmpdir(), 'shoal-damage-'))
const [home, data, attic] = ['home', 'data', 'attic'].map((name) => join(root, name)) as [string, string, string]

interface Life {
  readonly node: RunningNode
  readonly api: NodeApi
  /** What it said to its operator. */
  readonly said: string[]
}

async function start(): Promise<Life> {
  const said: string[] = []
  const node = await startNode({
    home,
    data: [{ name: 'texts', dir: data, replicated: false }],
    listen: ['/ip4/127.0.0.1/tcp/0'],
    name: 'alone',
    slots: 1,
    memory: 128e6,
    mdns: false,
    retentionMs: 86_400_000,
    warn: (line: string) => void said.push(line),
  })
  node.ended.catch(() => {})
  return { node, api: node.api, said }
}

const submit = async (api: NodeApi, job: PreparedJob, key: string | null): Promise<string> => {
  const limits = { copies: 2, taskMemory: null, taskTimeoutMs: null }
  return (await api.submit({ job, key, allowPartial: false, waitForDataMs: 0, limits })).id
}

async function done(api: NodeApi, id: string): Promise<string> {
  return await until(`job ${id}`, async () => {
    const { state, result } = await api.job(id)
    if (state !== 'done' && state !== 'running' && state !== 'waiting') throw new Error(`the job is ${state}`)
    return state === 'done' ? result : null
  })
}

/** SHA-256 over all records, read anew. */
async function answer(api: NodeApi, id: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const { bytes } of api.result(id, new AbortController().signal)) hash.update(bytes)
  return hash.digest('hex')
}

const files = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort()

const flip =
  (at: number) =>
  (bytes: Buffer): Buffer => {
    const copy = Buffer.from(bytes)
    if (copy.length > 0) copy[Math.min(copy.length - 1, Math.floor(at * copy.length))]! ^= 0x10
    return copy
  }
const DAMAGE: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  'a byte in its middle': flip(0.5),
  'cut in half': (bytes) => bytes.subarray(0, bytes.length >> 1),
  'its first byte': flip(0),
  'its last byte': flip(1),
  'cut to nothing': () => Buffer.alloc(0),
}

/** All of it with SHOAL_DAMAGE=all, a minute more; else the first two, and of the others each file has its turn of one. */
const ALL = process.env['SHOAL_DAMAGE'] === 'all'

const kindsOf = (turn: number): readonly string[] => {
  const kinds = Object.keys(DAMAGE)
  return ALL ? kinds : [...kinds.slice(0, 2), kinds[2 + (turn % 3)]!]
}

/** Written anew by each start, and for people's eyes alone; the task program has a test of its own. */
const isForPeople = (file: string): boolean => file === 'lock.json' || file.startsWith('runner/')

/** A log that ends between two entries is a shorter log: what it lacks is known to peers, or found out again. */
const isWholeLog = (file: string, bytes: Buffer): boolean =>
  file.endsWith('.log') && bytes.length > 0 && entriesOf(bytes).lost === 0

const REFUSALS = ['DAMAGED', 'RESULT_LOST', 'JOB_FAILED', 'NO_SUCH_JOB']

describe('a home whose files are damaged', { timeout: 900_000 }, () => {
  let job: PreparedJob
  let ids: { plain: string; keyed: string }
  let expected: string
  let result: string

  beforeAll(async () => {
    mkdirSync(data, { recursive: true })
    for (const name of ['a', 'b']) writeFileSync(join(data, `${name}.txt`), `some words of ${name}\n`.repeat(50))
    const file = join(root, 'words.ts')
    writeFileSync(file, WORD_COUNT.replace('map(line, { emit }) {', "map(line, { emit }) { console.log('hi');"))
    job = await prepareJob(file)
    const { node, api } = await start()
    ids = { plain: await submit(api, job, null), keyed: await submit(api, job, 'k') }
    result = await done(api, ids.plain)
    expect(await done(api, ids.keyed)).toBe(result)
    await api.freeze('texts')
    expected = await answer(api, ids.plain)
    // A start that finds runs of a finished job releases them: whether it reads them before is a race.
    const outputs = [ids.plain, ids.keyed].flatMap((id) =>
      [0, 1].map((task) => join(home, 'jobs', id, 'out', String(task))),
    )
    const runs = (): string[] => outputs.flatMap((folder) => (existsSync(folder) ? readdirSync(folder) : []))
    await until('runs are released', () => (runs().some((name) => name.startsWith('run-')) ? null : true))
    await node.stop()
    cpSync(home, attic, { recursive: true })
  })
  afterAll(() => rmSync(root, { recursive: true, force: true }))

  test('is refused, or found and named, and the answer is the right one or refused', async () => {
    for (const [turn, file] of files(attic).entries()) {
      for (const how of kindsOf(turn)) {
        const before = readFileSync(join(attic, file))
        const after = DAMAGE[how]!(before)
        if (before.equals(after)) continue
        rmSync(home, { recursive: true, force: true })
        cpSync(attic, home, { recursive: true })
        writeFileSync(join(home, file), after)
        try {
          await expectFoundOut(file, isForPeople(file) || isWholeLog(file, after))
        } catch (error) {
          throw new Error(`${file}, ${how}: ${(error as Error).message}`, { cause: error })
        }
      }
    }
  })

  test('or that are gone: the same, and a key that is gone is named', async () => {
    for (const [turn, file] of files(attic).entries()) {
      if (!ALL && !file.endsWith('.key') && turn % 5 > 0) continue
      rmSync(home, { recursive: true, force: true })
      cpSync(attic, home, { recursive: true })
      rmSync(join(home, file))
      try {
        if (file === 'identity.key') await expectNewMember()
        else if (file === 'mesh.key') await expect(start()).rejects.toMatchObject({ code: 'NODE_SETUP' })
        else await expectFoundOut(file, true)
      } catch (error) {
        throw new Error(`${file} is gone: ${(error as Error).message}`, { cause: error })
      }
    }
  })

  const expectNewMember = async (): Promise<void> => {
    const { node, api, said } = await start()
    try {
      expect(said.join('\n')).toContain('identity.key is gone')
      expect(await answer(api, ids.plain)).toBe(expected)
      const { id: self } = await api.status()
      const old = (await api.members()).find(({ id }) => id !== self)
      expect(await tried(() => submit(api, job, null))).toBe('INCOMPLETE')
      expect(await tried(() => api.forgetMember(old!.name).then(String))).toBe('AMBIGUOUS_ID')
      await api.forgetMember(`${old!.name}@${old!.id.slice(-8)}`)
      expect(await done(api, await submit(api, job, null))).toBe(result)
    } finally {
      await node.stop()
    }
  }

  const expectFoundOut = async (file: string, silently: boolean): Promise<void> => {
    let life: Life
    try {
      life = await start()
    } catch (error) {
      const { code, message, why } = error as ShoalError
      expect(code).toBe('NODE_SETUP')
      expect(`${message} ${why}`).toContain(file)
      return
    }
    const { node, api, said } = life
    try {
      for (const id of Object.values(ids)) expect(await tried(() => answer(api, id))).toBeOneOf([expected, ...REFUSALS])
      if (!silently) {
        const line = await until('it is named', () => said.find((one) => one.includes(file)) ?? null)
        expect((await api.status()).warnings).toContain(line)
      }
      expect(await submit(api, job, null)).toBe(ids.plain)
      expect(await done(api, ids.plain)).toBe(result)
      expect(await answer(api, ids.plain)).toBe(expected)
      const again = await tried(() => submit(api, job, 'k'))
      expect(again).toBeOneOf([ids.keyed, 'DAMAGED'])
      if (again === 'DAMAGED') return
      expect(await done(api, ids.keyed)).toBe(result)
      expect(await answer(api, ids.keyed)).toBe(expected)
    } finally {
      await node.stop()
    }
  }
})

/** What the work gives, or the code with which it is refused. */
async function tried(work: () => Promise<string>): Promise<string> {
  try {
    return await work()
  } catch (error) {
    const { code } = error as Partial<ShoalError>
    if (code === undefined) throw error
    return code
  }
}
