import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openDisk } from '../../src/adapters/disk/disk.ts'
import type { Disk } from '../../src/ports.ts'
import { diskContract } from '../contracts/disk.ts'

describe.each([
  ['of this machine', true],
  ['that may be far', false],
])('on a disk %s', (where, near) => {
  diskContract(`on a disk ${where}`, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'shoal-disk-'))
    const home = join(folder, 'home')
    const open = (): Promise<Disk> => openDisk(home, () => Promise.resolve(near))
    return {
      disk: await open(),
      leave: async (name, bytes) => {
        await writeFile(join(folder, name), bytes)
        return join(folder, name)
      },
      again: open,
      close: () => rm(folder, { recursive: true }),
    }
  })
})

describe.each([true, false])('the real disk, near: %s', (near) => {
  const isNear = (): Promise<boolean> => Promise.resolve(near)
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'shoal-disk-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  it('keeps files and folders for their owner alone', async () => {
    const home = join(folder, 'home')
    await mkdir(home, { mode: 0o755 })
    const disk = await openDisk(home, isNear)
    await disk.put('a/file', new Uint8Array(1))
    await disk.append('a/log', new Uint8Array(1))
    await writeFile(join(folder, 'left'), 'x', { mode: 0o666 })
    await disk.adopt(join(folder, 'left'), 'a/adopted', 1)
    const modes = async (name: string): Promise<number> => (await stat(join(home, name))).mode & 0o777
    expect(await Promise.all(['', 'a', 'a/file', 'a/log', 'a/adopted'].map(modes))).toEqual([
      0o700, 0o700, 0o600, 0o600, 0o600,
    ])
  })

  it('adopts no link and no folder', async () => {
    const disk = await openDisk(join(folder, 'home'), isNear)
    await writeFile(join(folder, 'target'), 'x')
    await symlink(join(folder, 'target'), join(folder, 'link'))
    await expect(disk.adopt(join(folder, 'link'), 'a', 1)).rejects.toMatchObject({ code: 'ELOOP' })
    const { size } = await stat(folder)
    await expect(disk.adopt(folder, 'a', size)).rejects.toThrow('it should be a file')
  })

  it('works in a home with a long path', async () => {
    const home = join(folder, ...Array.from({ length: 15 }, (_, i) => `${i}`.padEnd(40, 'x')))
    const disk = await openDisk(home, isNear)
    await disk.put('x', new Uint8Array([7]))
    expect(await disk.get('x')).toEqual(new Uint8Array([7]))
  })

  it('surfaces the system error, leaves no torn append, and goes on when there is room again', async (context) => {
    const home = join(folder, 'home')
    await mkdir(home)
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', home], { stdio: 'ignore' })
    } catch {
      context.skip('needs the right to mount')
    }
    try {
      const disk = await openDisk(home, isNear)
      const line = new Uint8Array(1000).fill(1)
      await disk.append('log', line)
      await expect(disk.put('big', new Uint8Array(1 << 20))).rejects.toMatchObject({ code: 'ENOSPC' })
      await expect(disk.append('log', new Uint8Array(1 << 20))).rejects.toMatchObject({ code: 'ENOSPC' })
      expect(await disk.size('log')).toBe(1000)
      expect(await readdir(join(home, '.tmp'))).toEqual([])
      await disk.append('log', line)
      expect(await disk.get('log')).toEqual(new Uint8Array(2000).fill(1))
      await writeFile(join(folder, 'left'), line)
      await disk.adopt(join(folder, 'left'), 'adopted', 1000)
      expect(await disk.get('adopted')).toEqual(line)
      expect(await readdir(folder)).toEqual(['home'])
    } finally {
      execFileSync('umount', [home])
    }
  })
})
