/** Life and death of task processes. */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createTasks } from '../../src/adapters/tasks/pool.ts'
import { taskProgram } from '../../src/adapters/esbuild/own-code.ts'
import { installProgram } from '../../src/adapters/tasks/install-program.ts'
import { type JobFile, Workshop } from './tasks-support.ts'

let shop: Workshop
let quiet: JobFile
let looping: JobFile
beforeAll(async () => {
  shop = await Workshop.open(2)
  quiet = await shop.job("export default { input: 'd', map(line, { emit }) { emit(line, 1) } }")
  looping = await shop.job("export default { input: 'd', map() { for (;;); } }")
})
afterAll(() => shop.close())

const isAlive = (pid: number): boolean => {
  try {
    // A process that has ended and was not waited for yet is a zombie.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'))
  } catch {
    return false
  }
}

describe('the pool', () => {
  test('a process serves the next attempt of its job, and never another job', async () => {
    const pids: number[] = []
    for (const job of [quiet, quiet, await shop.job("export default { input: 'd', map() {} }"), quiet]) {
      const attempt = shop.tasks.start(shop.spec(job, shop.file('a\n')))
      pids.push(attempt.pid)
      expect(await attempt.end).toMatchObject({ ok: true })
      await attempt.release()
    }
    expect(pids[1]).toBe(pids[0])
    expect(pids[2]).not.toBe(pids[0])
    expect(pids[3]).toBe(pids[0])
  })

  test('attempts run side by side, each with its own process; one more than slots is refused', async () => {
    const path = shop.file('a\n')
    const both = [shop.tasks.start(shop.spec(quiet, path)), shop.tasks.start(shop.spec(quiet, path))]
    expect(both[0]!.pid).not.toBe(both[1]!.pid)
    expect(() => shop.tasks.start(shop.spec(quiet, path))).toThrow(/free slot/)
    for (const attempt of both) {
      expect(await attempt.end).toMatchObject({ ok: true })
      await attempt.release()
    }
  })

  test('output stays until release, then nothing is left of the attempt', async () => {
    const spec = shop.spec(quiet, shop.file('a\n'))
    const attempt = shop.tasks.start(spec)
    const end = await attempt.end
    if (!end.ok) throw new Error(end.failure.error.message)
    const [file] = end.files
    expect(existsSync(file!.path)).toBe(true)
    await attempt.release()
    expect(existsSync(join(file!.path, '..'))).toBe(false)
  })

  test('a killed attempt ends as nobody’s fault, and its process is gone', async () => {
    const attempt = shop.tasks.start(shop.spec(looping, shop.file('a\n')))
    attempt.kill('taken over')
    expect(await attempt.end).toMatchObject({
      ok: false,
      failure: { blame: 'own', error: { message: expect.stringContaining('taken over') } },
    })
    await attempt.release()
    expect(isAlive(attempt.pid)).toBe(false)
  })

  test('a process that someone else kills is not the job’s fault', async () => {
    const attempt = shop.tasks.start(shop.spec(looping, shop.file('a\n')))
    process.kill(attempt.pid, 'SIGKILL')
    expect(await attempt.end).toMatchObject({ ok: false, failure: { blame: 'own' } })
    await attempt.release()
  })

  test('progress is told while a task runs', async () => {
    const slow = await shop.job(
      "export default { input: 'd', map(line) { for (let i = 0, n = 0; i < 2e7; i++) n += i } }",
    )
    const attempt = shop.tasks.start(shop.spec(slow, shop.file('a\n'.repeat(60))))
    await vi.waitFor(() => expect(attempt.progress().units).toBeGreaterThan(3), { timeout: 20_000 })
    const before = attempt.progress().units
    await vi.waitFor(() => expect(attempt.progress().units).toBeGreaterThan(before), { timeout: 20_000 })
    attempt.kill('seen enough')
    await attempt.end
    await attempt.release()
  })

  test('bytes that are not the code of the job are not run', async () => {
    const fresh = await shop.job("export default { input: 'd', map() { return undefined } }")
    const attempt = shop.tasks.start({ ...shop.spec(fresh, shop.file('a\n')), bundle: looping.bundle })
    expect(await attempt.end).toMatchObject({ ok: false, failure: { blame: 'own', error: { code: 'DAMAGED' } } })
    await attempt.release()
  })

  test('a task process has links to what it reads, and the folder of its slot alone', async () => {
    const path = shop.file('a\n')
    const attempt = shop.tasks.start(shop.spec(looping, path))
    const slots = join(shop.folder, 'tasks')
    await vi.waitFor(() => {
      const inputs = readdirSync(slots)
        .filter((name) => name.startsWith('slot-') && existsSync(join(slots, name, 'job.js')))
        .flatMap((name) => readdirSync(join(slots, name, 'in')).map((entry) => join(slots, name, 'in', entry)))
      expect(inputs).toHaveLength(1)
      expect(readlinkSync(join(inputs[0]!, 's0'))).toBe(path)
    })
    const environment = readFileSync(`/proc/${attempt.pid}/environ`, 'utf8').split('\0').filter(Boolean)
    expect(environment.toSorted()).toEqual(['LANG=C', 'TZ=UTC'])
    attempt.kill('seen')
    await attempt.end
    await attempt.release()
  })

  test('a home with a wildcard in its path is refused', async () => {
    const folder = join(shop.folder, 'st*r')
    mkdirSync(folder)
    const options = { folder, runner: '', slots: 1, memory: 1e9 }
    await expect(createTasks(options)).rejects.toMatchObject({ code: 'NODE_SETUP' })
  })
})

/** What blank processes are made for, and these attempts ask for. */
const MEMORY = 128_000_000

/** Waits by turns of the loop alone: timers are in the test's hands. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}

describe('spare processes', () => {
  let roomy: Workshop
  beforeAll(async () => {
    roomy = await Workshop.open(3, 3 * MEMORY)
  })
  afterAll(async () => {
    vi.useRealTimers()
    await roomy.close()
  })
  const processes = (): number =>
    readdirSync(join(roomy.folder, 'tasks')).filter((name) => name.startsWith('slot-')).length

  test('one waits for the first attempt; as many as were of use at once wait for the next; then one again', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    roomy.tasks.warm(true)
    expect(processes()).toBe(1)
    const job = await roomy.job("export default { input: 'd', map() {} }")
    const three = [1, 2, 3].map(() => roomy.tasks.start(roomy.spec(job, roomy.file('a\n'), { memory: MEMORY })))
    expect(processes()).toBe(3)
    for (const attempt of three) {
      expect(await attempt.end).toMatchObject({ ok: true })
      await attempt.release()
    }
    // Their job needs them no more: blank ones take their places.
    vi.advanceTimersByTime(2_000)
    await until(() => three.every(({ pid }) => !isAlive(pid)) && processes() === 3)
    vi.advanceTimersByTime(30_000)
    await until(() => processes() === 1)
  })
})

describe('a node that is killed', () => {
  test('takes its task processes with it, also where user code loops; the next life clears their folders', async () => {
    const script = fileURLToPath(new URL('tasks-doomed.ts', import.meta.url))
    const node = spawn(process.execPath, ['--conditions=development', script], { stdio: ['ignore', 'pipe', 'inherit'] })
    const { value: line } = await createInterface({ input: node.stdout })[Symbol.asyncIterator]().next()
    const { pid, folder } = JSON.parse(line as string) as { pid: number; folder: string }
    try {
      expect(isAlive(pid)).toBe(true)
      node.kill('SIGKILL')
      await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 10_000 })
      const slots = join(folder, 'tasks')
      expect(readdirSync(slots).some((name) => name.startsWith('slot-'))).toBe(true)
      const runner = await installProgram(slots, await taskProgram())
      const again = await createTasks({ folder: slots, runner, slots: 1, memory: 256e6 })
      expect(readdirSync(slots).some((name) => name.startsWith('slot-'))).toBe(false)
      await again.stop()
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
