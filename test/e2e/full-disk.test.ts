/** A home on a disk that is full: attempts fail and say so, the node lives, and with room the job ends by itself. */
import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdirSync, readdirSync, rmSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from './command.ts'
import { Mesh, records, resultOf, type MeshNode } from './mesh.ts'

const DISK_BYTES = 24_000_000
/** What the node itself needs at most, and far less than the job does. */
const LEFT_BYTES = 1_500_000
const LINES = 6_000

/** Text that no compressor makes much smaller: what a job over it needs on disk is known. */
function noise(line: number): string {
  let state = line + 1
  let text = ''
  while (text.length < 1_000) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    text += state.toString(36)
  }
  return text
}

const KEEP_ALL = `import { defineJob } from 'shoal/job'
export default defineJob({
  input: 'texts',
  map(line, { emit }) { emit(line, 1) },
  reduce(line, ones, { emit }) { let sum = 0; for (const one of ones) sum += one; emit(line.slice(0, 8), sum) },
})
`

/** Where this machine lets nobody mount anything there is no small disk to be had. */
function mounted(folder: string): boolean {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', folder], { stdio: 'pipe' })
    return true
  } catch (error) {
    console.warn(`SKIPPED, a small disk cannot be mounted here: ${String(error).split('\n')[0]}`)
    return false
  }
}

describe('a full disk', { timeout: 300_000 }, () => {
  const mesh = new Mesh()
  const text = Array.from({ length: LINES }, (_, i) => noise(i)).join('\n')
  const node: MeshNode = mesh.add({ name: 'small', data: { texts: { 'a.txt': text } } })
  const small = mounted(node.home)
  let ballast: string
  let job: string
  let expected: string

  beforeAll(async () => {
    job = mesh.job('keep', KEEP_ALL)
    const folder = mesh.folder('all', { 'a.txt': text })
    expected = resultOf(await mesh.command(['run', job, '--local', '--data', `texts=${folder}`]))
    ballast = join(node.home, 'ballast')
  })
  afterAll(async () => {
    await node.kill()
    if (small) execFileSync('umount', ['-l', node.home])
    await mesh.end()
  })

  /** Takes what is free on the node's disk, but for a little. */
  const fill = (left: number): void => {
    const { bavail, bsize } = statfsSync(node.home)
    try {
      appendFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - left)))
    } catch (error) {
      // The node has written meanwhile: it is full all the same.
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    }
  }

  test.skipIf(!small)('its attempts fail as its own, and with room the job ends without a command', async () => {
    node.start()
    await mesh.ready()
    fill(LEFT_BYTES)
    const id = await node.submit(job)
    const why = await until('the job says what it lacks', async () => {
      const said = await node.why(id)
      return said.includes('no space is left') ? said : null
    })
    expect(why).toContain(node.name)
    expect((await node.job(id)).state).toMatch(/^(running|waiting)$/)
    // Fuller still: not even a line for a log.
    fill(0)
    for (let i = 0; i < 3; i++) expect((await node.status()).ready).toBe(true)
    rmSync(ballast)
    const waited = await node.run('wait', id, '--timeout', '120s')
    expect([waited.code, waited.stderr]).toEqual([0, expect.stringContaining('result sha256:')])
    expect(resultOf(waited)).toBe(expected)
    const { round, tasks } = await node.job(id)
    expect(round).toBe(1)
    expect(tasks.every(({ failures }) => failures.every((failure) => failure.startsWith('own:')))).toBe(true)
    expect(records(await node.ok('job', 'result', id))).toHaveLength(LINES)
    // What failed attempts had begun is gone.
    expect(readdirSync(join(node.home, '.tmp'))).toEqual([])
  })

  test.skipIf(!small)('a job that it cannot even keep waits, and both nodes say so', async () => {
    const [other] = (await mesh.start({ name: 'roomy' })) as [MeshNode]
    fill(0)
    const id = await other.submit(job, '--param', 'again=1')
    const why = await until('it says for whom the job waits', async () => {
      const said = await other.why(id)
      return said.includes('waits for') ? said : null
    })
    expect(why).toContain(`waits for ${node.name}: busy with other jobs, or without room to keep this one`)
    const warned = async (): Promise<boolean> =>
      (await node.status()).warnings.some((line) => line.includes('no space is left'))
    await until('the node itself says it', async () => ((await warned()) ? true : null))
    rmSync(ballast)
    const waited = await other.run('wait', id, '--timeout', '120s')
    expect([waited.code, waited.stderr]).toEqual([0, expect.stringContaining('result sha256:')])
    expect(resultOf(waited)).toBe(expected)
    // What this node has not heard by then it will never hear: parts may lie on the other alone.
    await node.atRest()
    await other.kill()
  })

  test.skipIf(!small)('a node that cannot start on it says why, and does once it can', async () => {
    await node.kill()
    fill(0)
    node.start()
    expect(await node.ended).toBe(1)
    expect(node.log).toContain('no space is left on the disk of the home folder')
    rmSync(ballast)
    node.start()
    await mesh.ready()
    const [done] = await node.jobs()
    expect(done).toMatchObject({ state: 'done', result: expected })
  })
})
