import { expect, it } from 'vitest'
import { MemoryDisk, systemError } from '../../src/adapters/memory/disk.ts'
import { diskContract } from '../contracts/disk.ts'

diskContract('in memory', async () => {
  const disk = new MemoryDisk()
  return {
    disk,
    leave: async (name, bytes) => {
      disk.leave(`/slots/${name}`, bytes)
      return `/slots/${name}`
    },
    again: async () => {
      disk.crash()
      return disk
    },
    close: async () => undefined,
  }
})

it('forgets what was under way when its process crashed', async () => {
  const disk = new MemoryDisk()
  await disk.put('state', new Uint8Array([1]))
  void disk.put('state', new Uint8Array([2]))
  void disk.append('log', new Uint8Array([3]))
  disk.crash()
  expect(await disk.get('state')).toEqual(new Uint8Array([1]))
  expect(await disk.get('log')).toBeNull()
})

it('fails as it is told, and changes nothing then', async () => {
  let full = false
  const disk = new MemoryDisk({
    fault: (operation, name) => {
      if (full && operation !== 'get') throw systemError('ENOSPC', name)
    },
  })
  await disk.put('state', new Uint8Array([1]))
  full = true
  await expect(disk.put('state', new Uint8Array([2]))).rejects.toMatchObject({ code: 'ENOSPC' })
  expect(await disk.get('state')).toEqual(new Uint8Array([1]))
})
