import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { commandLine, lockHome } from '../../src/adapters/disk/lock.ts'

const LOCK_MODULE = fileURLToPath(new URL('../../src/adapters/disk/lock.ts', import.meta.url))
const HOLD = `
  const { lockHome } = await import(process.argv[1])
  await lockHome(process.argv[2])
  console.log('held')
  setInterval(() => globalThis.gc?.(), 50)
`

let home: string
let children: ChildProcess[]
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'shoal-lock-'))
  children = []
})
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL')
  await rm(home, { recursive: true, force: true })
})

async function holdElsewhere(): Promise<ChildProcess> {
  const args = ['--expose-gc', '--input-type=module', '-e', HOLD, '--', LOCK_MODULE, home, '--join', 'SECRET']
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  await once(child.stdout!, 'data')
  return child
}

it('is held once, also within one process, and can be had again', async () => {
  const lock = await lockHome(home)
  await expect(lockHome(home)).rejects.toMatchObject({ code: 'HOME_IN_USE', exit: 2 })
  lock.release()
  lock.release()
  const again = await lockHome(home)
  again.release()
})

it('names the process that has it: pid, command without the ticket, start time', async () => {
  const child = await holdElsewhere()
  const error: Error = await lockHome(home).then(
    () => new Error('locked twice'),
    (reason: Error) => reason,
  )
  expect(error.message).toContain(`pid ${child.pid}`)
  expect(error.message).toContain(LOCK_MODULE)
  expect(error.message).toMatch(/since \d{4}-\d\d-\d\dT/)
  expect(error.message).not.toContain('SECRET')
  expect(await readFile(join(home, 'lock.json'), 'utf8')).not.toContain('SECRET')
})

it('ends with its process, however that ends', async () => {
  const child = await holdElsewhere()
  child.kill('SIGKILL')
  await once(child, 'exit')
  const lock = await lockHome(home)
  lock.release()
})

it('is not forged by a copied home, nor by a line that names a live process', async () => {
  await holdElsewhere()
  const copy = `${home}-copy`
  try {
    await cp(home, copy, { recursive: true })
    await writeFile(join(copy, 'lock.json'), JSON.stringify({ pid: process.pid, command: 'x', since: 'y' }))
    const lock = await lockHome(copy)
    lock.release()
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
})

it('makes the home for its owner alone, and says why where it cannot', async () => {
  const lock = await lockHome(join(home, 'new/home'))
  expect((await stat(join(home, 'new/home'))).mode & 0o777).toBe(0o700)
  lock.release()
  await writeFile(join(home, 'file'), 'x')
  await expect(lockHome(join(home, 'file'))).rejects.toMatchObject({ code: 'NODE_SETUP' })
})

it.runIf(process.platform === 'linux')(
  'refuses a home that the system never makes, and does not wait for it',
  async () => {
    await expect(lockHome('/proc/nowhere/home')).rejects.toMatchObject({ code: 'NODE_SETUP' })
  },
)

it('leaves out of the command what --join was given', () => {
  expect(commandLine(['node', 'shoal', 'node', '--join', 'shoal1xyz', '--data', 'a=b', '--join=shoal1xyz'])).toBe(
    'shoal node --join … --data a=b --join=…',
  )
})
