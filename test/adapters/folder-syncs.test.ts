/** Names that are made at once share a sync, and none is said to be on disk by a sync that began before it was there. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { FolderSyncs } from '../../src/adapters/disk/folder-syncs.ts'
import { HomeFile } from '../../src/adapters/disk/home-file.ts'

it('what is asked for while one runs waits for one that begins later, all together', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'shoal-syncs-'))
  const held: (() => void)[] = []
  const sync = vi
    .spyOn(HomeFile.prototype, 'sync')
    .mockImplementation(() => new Promise((resolve) => held.push(resolve)))
  try {
    const syncs = new FolderSyncs(true)
    const done: string[] = []
    const ask = (name: string): Promise<unknown> => syncs.sync(folder).then(() => done.push(name))
    const all = [ask('first')]
    await vi.waitUntil(() => held.length === 1)
    all.push(ask('second'), ask('third'))
    held[0]!()
    await vi.waitUntil(() => held.length === 2)
    expect(done).toEqual(['first'])
    all.push(ask('fourth'))
    held[1]!()
    await vi.waitUntil(() => held.length === 3)
    expect(done).toEqual(['first', 'second', 'third'])
    held[2]!()
    await Promise.all(all)
    expect(sync).toHaveBeenCalledTimes(3)
  } finally {
    sync.mockRestore()
    await rm(folder, { recursive: true })
  }
})
