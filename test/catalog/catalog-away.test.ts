import { appendFile, mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { MemoryDisk, systemError } from '../../src/adapters/memory/disk.ts'
import type { CatalogBody } from '../../src/catalog/body.ts'
import type { Catalog } from '../../src/catalog/catalog.ts'
import { systemFiles, type Files } from '../../src/catalog/files.ts'
import { testFolder } from './folder.ts'
import { counting, refusal, states, testHome } from './home.ts'

const folder = testFolder()
const home = testHome()
const { made, started, restarted } = home
const rootOf = (catalog: Catalog, dataset = 'logs'): object | undefined =>
  catalog.record().datasets.find(({ name }) => name === dataset)?.roots[0]

describe('a directory', () => {
  it('that was never there is refused', async () => {
    const missing = folder.offer('none')
    await expect(made([missing]).start()).rejects.toMatchObject({
      code: 'DATA_DIR',
      exit: 2,
      why: `${missing.dir} is missing`,
    })
    await folder.write('file', 'x')
    await expect(made([folder.offer('file')]).start()).rejects.toMatchObject({
      code: 'DATA_DIR',
      why: `${folder.path}/file is not a directory`,
    })
  })

  it('that is empty from the start offers nothing, and what is put there later', async () => {
    await mkdir(join(folder.path, 'data'))
    const catalog = await started([folder.offer('data')])
    expect(rootOf(catalog)).toMatchObject({ state: 'ok' })
    await folder.write('data/a', 'x\n')
    await catalog.rescan()
    expect(states(catalog)).toEqual(['a offered'])
  })

  it.each<[string, () => Promise<void>, string]>([
    ['missing', () => rm(join(folder.path, 'data'), { recursive: true }), 'is missing'],
    ['newly empty', () => rm(join(folder.path, 'data/a')), 'is empty; it had 1 shards'],
  ])('that is %s is away, with what is remembered of it, also after a restart', async (_, lose, why) => {
    await folder.write('data/a', 'x\n')
    const offers = [folder.offer('data')]
    const catalog = await started(offers)
    const before = catalog.entries('logs')
    await lose()
    await catalog.rescan()
    for (const one of [catalog, await restarted(offers)]) {
      expect(rootOf(one)).toMatchObject({ root: before[0]?.root, state: 'away', why: `${folder.path}/data ${why}` })
      expect(one.entries('logs')).toEqual(before)
      expect(one.resolve(before[0]!.root, 'a')).toBeNull()
    }
  })

  it('that comes back is as before, and its files are not described again', async () => {
    await folder.write('data/a', 'x\n')
    const offers = [{ ...folder.offer('data'), replicated: true }]
    const before = (await started(offers)).entries('logs')
    await rename(join(folder.path, 'data'), join(folder.path, 'elsewhere'))
    const files = counting()
    const catalog = await restarted(offers, { files })
    expect(rootOf(catalog)).toMatchObject({ state: 'away' })
    await rename(join(folder.path, 'elsewhere'), join(folder.path, 'data'))
    await catalog.rescan()
    expect(rootOf(catalog)).toMatchObject({ state: 'ok' })
    expect(catalog.entries('logs')).toEqual(before)
    expect(files.opened).toEqual([])
  })

  it('that is away is given up by forget', async () => {
    await folder.write('data/a', 'x\n')
    const catalog = await started([folder.offer('data')])
    await rm(join(folder.path, 'data'), { recursive: true })
    await catalog.rescan()
    await catalog.forget('logs')
    expect(catalog.record().datasets).toMatchObject([{ roots: [{ state: 'ok' }], entries: [] }])
    await folder.write('data/b', 'x\n')
    await catalog.rescan()
    expect(states(catalog)).toEqual(['b offered'])
    await catalog.forget('logs')
    expect(states(catalog)).toEqual(['b offered'])
    await expect(catalog.forget('lgos')).rejects.toMatchObject({ code: 'NO_DATA', try: ['shoal data forget logs'] })
  })

  /** The same files as another device shows them: `renumbered` keeps inodes and times, as after a reboot. */
  const onDevice = (dev: bigint, renumbered: boolean): Files => ({
    ...systemFiles,
    stat: async (path) => {
      const facts = await systemFiles.stat(path)
      facts.dev = dev
      if (!renumbered) facts.ctimeNs += 1n
      return facts
    },
  })

  it('on another disk is away until it is forgotten', async () => {
    await folder.write('data/a', 'x\n')
    const offers = [folder.offer('data')]
    const before = (await started(offers)).entries('logs')
    const catalog = await restarted(offers, { files: onDevice(77n, false) })
    expect(rootOf(catalog)).toMatchObject({ state: 'away', why: `${folder.path}/data is on another disk than before` })
    expect(catalog.entries('logs')).toEqual(before)
    await catalog.forget('logs')
    expect(rootOf(catalog)).toMatchObject({ state: 'ok' })
    expect(catalog.entries('logs')).toMatchObject([{ path: 'a', witness: { dev: '77' } }])
  })

  it('on the same disk under another number is not', async () => {
    await folder.write('data/a', 'x\n')
    await folder.write('data/b', 'x\n')
    const offers = [folder.offer('data')]
    await started(offers)
    await rm(join(folder.path, 'data/b'))
    const catalog = await restarted(offers, { files: onDevice(77n, true) })
    expect(rootOf(catalog)).toMatchObject({ state: 'ok' })
    expect(catalog.entries('logs').map(({ path, witness: { dev } }) => [path, dev])).toEqual([['a', '77']])
  })

  it('that cannot be listed any more is away', async () => {
    await folder.write('data/a', 'x\n')
    const offers = [folder.offer('data')]
    await started(offers)
    const files: Files = { ...systemFiles, list: () => Promise.reject(refusal('EACCES', 'scandir')) }
    const catalog = await restarted(offers, { files })
    expect(rootOf(catalog)).toMatchObject({
      state: 'away',
      why: `${folder.path}/data cannot be listed: permission is denied (EACCES)`,
    })
  })
})

describe('what is remembered', () => {
  it('spares a restart the hashing, and lets versions rise', async () => {
    for (const name of ['a', 'b']) await folder.write(name, 'x\n')
    const offers = [{ ...folder.offer(), replicated: true }]
    const first = await started(offers)
    const before = first.record()
    const files = counting()
    await appendFile(join(folder.path, 'b'), 'more\n')
    const second = await restarted(offers, { files })
    expect(files.opened).toEqual([join(folder.path, 'b')])
    expect(second.version()).toBeGreaterThan(before.version)
    expect(second.entries('logs')[0]).toEqual(before.datasets[0]?.entries[0])
  })

  it('outlasts a start without the dataset, and is given up by forget', async () => {
    await folder.write('data/a', 'x\n')
    await folder.write('other/b', 'x\n')
    const other = { ...folder.offer('other'), name: 'other' }
    await started([folder.offer('data'), other])
    const without = await restarted([other])
    expect(without.record().datasets.map(({ name }) => name)).toEqual(['other'])
    await rm(join(folder.path, 'data'), { recursive: true })
    const again = await restarted([folder.offer('data'), other])
    expect(rootOf(again)).toMatchObject({ state: 'away' })
    const last = await restarted([other])
    await last.forget('logs')
    await last.stop()
    await expect(made([folder.offer('data'), other]).start()).rejects.toMatchObject({ code: 'DATA_DIR' })
  })

  it('is on disk before anyone hears of it, and nobody does while it cannot be saved', async () => {
    await folder.write('a', 'x\n')
    const saved: number[] = []
    let full = false
    home.disk = new MemoryDisk({
      fault: (operation, name) => {
        if (full && operation === 'put') throw systemError('ENOSPC', name)
        if (operation === 'put' && name === 'catalog/version') saved.push(saved.length + 1)
      },
    })
    const told: [version: number, saved: number][] = []
    const catalog = await started([folder.offer()], { onChange: (version) => told.push([version, saved.length]) })
    expect(told.every(([version, count]) => version <= count)).toBe(true)
    const before: CatalogBody = catalog.record()
    full = true
    await folder.write('b', 'x\n')
    await expect(catalog.rescan()).rejects.toMatchObject({ code: 'ENOSPC' })
    expect(catalog.record()).toEqual(before)
    expect(catalog.warnings()).toEqual(['the catalog cannot be saved: no space is left on the device (ENOSPC)'])
    full = false
    await catalog.rescan()
    expect(states(catalog)).toEqual(['a offered', 'b offered'])
    expect(catalog.warnings()).toEqual([])
  })

  it('is refused when it is damaged', async () => {
    await folder.write('a', 'x\n')
    const catalog = await started([folder.offer()])
    const { root } = catalog.entries('logs')[0]!
    await catalog.stop()
    home.disk.damage(`catalog/${root}`, (bytes) => bytes.subarray(0, bytes.length - 1))
    await expect(made([folder.offer()]).start()).rejects.toMatchObject({ code: 'NODE_SETUP' })
  })
})
