import { createHash } from 'node:crypto'
import { appendFile, chmod, mkdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MemoryDisk, systemError } from '../../src/adapters/memory/disk.ts'
import type { CatalogBody } from '../../src/catalog/body.ts'
import { Catalog, type CatalogOptions } from '../../src/catalog/catalog.ts'
import { decodeCatalog, encodeCatalog } from '../../src/catalog/codec.ts'
import { systemFiles, type Files } from '../../src/catalog/files.ts'
import type { DataOffer } from '../../src/catalog/offer.ts'
import { LIMITS } from '../../src/core/limits.ts'
import { testFolder } from './folder.ts'

const folder = testFolder()
const clock = { now: () => performance.now(), wall: () => new Date() }
const refusal = (code: string, syscall = 'open'): Error => Object.assign(new Error(code), { code, syscall })
const never = new AbortController().signal

let disk: MemoryDisk
let catalogs: Catalog[]
beforeEach(() => {
  disk = new MemoryDisk()
  catalogs = []
})
afterEach(() => Promise.all(catalogs.map((catalog) => catalog.stop())))

function made(offers: readonly DataOffer[], options: Partial<CatalogOptions> = {}): Catalog {
  const catalog = new Catalog({ offers, disk, clock, onChange: () => undefined, pollMs: null, ...options })
  catalogs.push(catalog)
  return catalog
}

async function started(offers: readonly DataOffer[], options: Partial<CatalogOptions> = {}): Promise<Catalog> {
  const catalog = made(offers, options)
  await catalog.start()
  await catalog.rescan()
  return catalog
}

/** A new process on the same home. */
async function restarted(offers: readonly DataOffer[], options: Partial<CatalogOptions> = {}): Promise<Catalog> {
  await catalogs.pop()?.stop()
  return started(offers, options)
}

const states = (catalog: Catalog, dataset = 'logs'): string[] =>
  catalog.entries(dataset).map(({ path, state, why }) => `${path} ${state}${why === undefined ? '' : `: ${why}`}`)
const rootOf = (catalog: Catalog, dataset = 'logs'): object | undefined =>
  catalog.record().datasets.find(({ name }) => name === dataset)?.roots[0]

/** Counts the files that are opened. */
function counting(): Files & { opened: string[] } {
  const opened: string[] = []
  return { ...systemFiles, opened, open: (path) => (opened.push(path), systemFiles.open(path)) }
}

describe('what is offered', () => {
  it('are all files, each described, under published versions that rise', async () => {
    await folder.write('a.ndjson', '{}\n')
    await folder.write('sub/b.csv', 'x,y\n1,2\n')
    await folder.write('c.csv.gz', 'not gzip at all')
    await folder.write('d.parquet', 'no parquet either')
    const versions: number[] = []
    const catalog = await started([folder.offer()], { onChange: (version) => versions.push(version) })
    expect(catalog.entries('logs').map(({ path, size, cuts, state }) => [path, size, cuts, state])).toEqual([
      ['a.ndjson', 3, { kind: 'lines' }, 'offered'],
      ['c.csv.gz', 15, { kind: 'whole' }, 'offered'],
      ['d.parquet', 17, { kind: 'whole' }, 'offered'],
      ['sub/b.csv', 8, { kind: 'lines' }, 'offered'],
    ])
    expect(versions).toEqual(versions.toSorted((a, b) => a - b))
    expect(new Set(versions).size).toBe(versions.length)
    expect(catalog.version()).toBe(versions.at(-1))
    expect(decodeCatalog(encodeCatalog(catalog.record()))).toEqual(catalog.record())
  })

  it('are the shards of two directories of one name, and of two datasets over one directory', async () => {
    for (const name of ['x/access.log', 'y/access.log', 'y/b']) await folder.write(name, 'x\n')
    const offers = [folder.offer('x'), folder.offer('y'), { ...folder.offer('y'), name: 'copy', replicated: true }]
    const catalog = await started(offers)
    const body = catalog.record()
    expect(body.datasets.map(({ name, replicated, roots }) => [name, replicated, roots.length])).toEqual([
      ['copy', true, 1],
      ['logs', false, 2],
    ])
    expect(catalog.entries('logs').map(({ path }) => path)).toEqual(['access.log', 'access.log', 'b'])
    const absolute = catalog.entries('logs').map(({ root, path }) => catalog.resolve(root, path))
    expect(new Set(absolute)).toEqual(
      new Set(['x/access.log', 'y/access.log', 'y/b'].map((name) => join(folder.path, name))),
    )
  })

  it('have the hash of their content where they are replicated, and only there', async () => {
    const content = Buffer.alloc(3 * LIMITS.readChunkBytes + 17, 'shoal')
    await folder.write('big', content)
    await folder.write('empty', '')
    const catalog = await started([{ ...folder.offer(), replicated: true }])
    const expected = [content, ''].map((bytes) => createHash('sha256').update(bytes).digest('hex'))
    expect(catalog.entries('logs').map(({ hash }) => hash)).toEqual(expected)
    const own = await restarted([folder.offer()])
    expect(own.entries('logs').map(({ hash, state }) => [hash, state])).toEqual([
      [undefined, 'offered'],
      [undefined, 'offered'],
    ])
  })

  it('have safe cuts where a CSV is long', async () => {
    const row = `"a\nquoted, field",${'x'.repeat(200)}\n`
    const rows = Math.ceil((LIMITS.splitBytes + LIMITS.csvCutEveryBytes) / row.length)
    const content = `h,i\n${row.repeat(rows)}`
    await folder.write('big.csv', content)
    const catalog = await started([folder.offer()])
    const { cuts } = catalog.entries('logs')[0]!
    expect(cuts).toMatchObject({ kind: 'offsets', header: 4 })
    const at = cuts.kind === 'offsets' ? cuts.at : []
    expect(at.length).toBeGreaterThan(3)
    for (const offset of at) expect((offset - 4) % row.length).toBe(0)
  })

  it('resolve to a path only while they are offered', async () => {
    await folder.write('a', 'x\n')
    const catalog = await started([folder.offer()])
    const { root } = catalog.entries('logs')[0]!
    expect(catalog.resolve(root, 'a')).toBe(join(folder.path, 'a'))
    expect(catalog.resolve(root, 'b')).toBeNull()
    expect(catalog.resolve(root, '../a')).toBeNull()
    expect(catalog.resolve('000000000000', 'a')).toBeNull()
    await rm(join(folder.path, 'a'))
    await folder.write('b', 'x\n')
    await catalog.rescan()
    expect(catalog.resolve(root, 'a')).toBeNull()
  })

  it('may be a list of files', async () => {
    for (const name of ['a', 'b', 'sub/c']) await folder.write(name, 'x\n')
    const catalog = await started([{ ...folder.offer(), files: ['sub/c', 'a'] }])
    expect(states(catalog)).toEqual(['a offered', 'sub/c offered'])
  })

  it('is warned of: links that lead out', async () => {
    await folder.write('a', 'x\n')
    await symlink('/etc/passwd', join(folder.path, 'out'))
    const catalog = await started([folder.offer()])
    expect(catalog.warnings()).toEqual(['logs: 1 links that lead out of the directory, not offered (the first: "out")'])
  })
})

describe('a fresh scan', () => {
  it('sees what was added, changed and removed a moment ago', async () => {
    for (const name of ['kept', 'grown', 'gone']) await folder.write(name, 'x\n')
    const catalog = await started([folder.offer()])
    const before = catalog.record()
    await appendFile(join(folder.path, 'grown'), 'y\n')
    await rm(join(folder.path, 'gone'))
    await folder.write('added', 'x\n')
    await catalog.rescan(['logs'])
    expect(catalog.entries('logs').map(({ path, size, state }) => [path, size, state])).toEqual([
      ['added', 2, 'offered'],
      ['grown', 4, 'offered'],
      ['kept', 2, 'offered'],
    ])
    expect(catalog.version()).toBeGreaterThan(before.version)
    expect(before.datasets[0]?.entries.map(({ path }) => path)).toEqual(['gone', 'grown', 'kept'])
  })

  it('publishes nothing, and opens nothing, where nothing has changed', async () => {
    await folder.write('a', 'x\n')
    const files = counting()
    const catalog = await started([{ ...folder.offer(), replicated: true }], { files })
    const { length } = files.opened
    const version = catalog.version()
    await catalog.rescan()
    await catalog.rescan(['logs'])
    expect(catalog.version()).toBe(version)
    expect(files.opened).toHaveLength(length)
  })

  it('sees an edit that keeps size and mtime', async () => {
    await folder.write('a', 'one\n')
    const stamp = new Date('2026-01-01')
    await utimes(join(folder.path, 'a'), stamp, stamp)
    const catalog = await started([{ ...folder.offer(), replicated: true }])
    const [before] = catalog.entries('logs')
    await writeFile(join(folder.path, 'a'), 'two\n')
    await utimes(join(folder.path, 'a'), stamp, stamp)
    await catalog.rescan()
    const [after] = catalog.entries('logs')
    expect(after?.witness.mtimeNs).toBe(before?.witness.mtimeNs)
    expect(after?.hash).toBe(createHash('sha256').update('two\n').digest('hex'))
  })

  it('describes a file again that changed while it was hashed', async () => {
    await folder.write('a', 'one\n')
    let edits = 1
    const files: Files = {
      ...systemFiles,
      open: async (path) => {
        const handle = await systemFiles.open(path)
        if (edits-- > 0) await appendFile(path, 'more\n')
        return handle
      },
    }
    const catalog = await started([{ ...folder.offer(), replicated: true }], { files })
    expect(catalog.entries('logs')[0]).toMatchObject({
      state: 'offered',
      size: 9,
      hash: createHash('sha256').update('one\nmore\n').digest('hex'),
    })
  })

  it('leaves pending what changes all the time', async () => {
    await folder.write('a', 'one\n')
    const files: Files = {
      ...systemFiles,
      open: async (path) => {
        await appendFile(path, 'more\n')
        return systemFiles.open(path)
      },
    }
    const catalog = await started([{ ...folder.offer(), replicated: true }], { files })
    expect(states(catalog)).toEqual(['a pending'])
  })

  it('shows what cannot be opened or read, and tries again', async () => {
    for (const name of ['fine', 'shut', 'broken']) await folder.write(name, 'x\n')
    let failing = true
    const files: Files = {
      ...systemFiles,
      open: async (path) => {
        if (failing && path.endsWith('shut')) throw refusal('EACCES')
        const handle = await systemFiles.open(path)
        const read = (): Promise<never> => Promise.reject(refusal('EIO', 'read'))
        return failing && path.endsWith('broken') ? failingHandle(handle, read) : handle
      },
    }
    const catalog = await started([folder.offer()], { files })
    const bad = ['broken unreadable: read failed with EIO', 'fine offered', 'shut unreadable: open failed with EACCES']
    expect(states(catalog)).toEqual(bad)
    await catalog.rescan()
    expect(states(catalog)).toEqual(bad)
    failing = false
    await catalog.rescan()
    expect(states(catalog)).toEqual(['broken offered', 'fine offered', 'shut offered'])
  })

  it.skipIf(process.getuid?.() === 0)('shows files and folders without permission', async () => {
    for (const name of ['a', 'shut/b']) await folder.write(name, 'x\n')
    await chmod(join(folder.path, 'a'), 0)
    await chmod(join(folder.path, 'shut'), 0)
    const catalog = await started([folder.offer()])
    await chmod(join(folder.path, 'shut'), 0o700)
    expect(states(catalog)).toEqual([
      'a unreadable: open failed with EACCES',
      'shut/ unreadable: scandir failed with EACCES',
    ])
  })
})

function failingHandle(handle: FileHandle, read: () => Promise<never>): FileHandle {
  return new Proxy(handle, {
    get: (target, name) => {
      if (name === 'read') return read
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

describe('the answer to a submission', () => {
  const gate = (): { files: Files; opened: Promise<void>; open: () => void } => {
    const opened = Promise.withResolvers<void>()
    const passed = Promise.withResolvers<void>()
    const files: Files = {
      ...systemFiles,
      open: async (path) => {
        opened.resolve()
        await passed.promise
        return systemFiles.open(path)
      },
    }
    return { files, opened: opened.promise, open: () => passed.resolve() }
  }

  it('has pending entries when time is over, and the rest when asked again', async () => {
    await folder.write('a', 'x\n')
    const { files, opened, open } = gate()
    const catalog = made([folder.offer()], { files })
    await catalog.start()
    const abort = new AbortController()
    const asked = catalog.answerScan([{ dataset: 'logs', glob: '', options: {} }], null, abort.signal)
    await opened
    abort.abort()
    const first = await asked
    expect(first.body.datasets[0]?.entries[0]).toMatchObject({ state: 'pending' })
    open()
    const second = await catalog.answerScan([{ dataset: 'logs', glob: '', options: {} }], first.walk, never)
    expect(second).toMatchObject({ fresh: true, body: { datasets: [{ entries: [{ state: 'offered' }] }] } })
    expect(second.progress).toBeGreaterThan(first.progress)
  })

  it('is not fresh while the directory is being listed, and needs no second listing afterwards', async () => {
    await folder.write('a', 'x\n')
    const listing = Promise.withResolvers<void>()
    let lists = 0
    const files: Files = {
      ...systemFiles,
      list: async (dir) => {
        if (++lists > 1) await listing.promise
        return systemFiles.list(dir)
      },
    }
    const catalog = made([folder.offer()], { files })
    await catalog.start()
    const first = await catalog.answerScan([{ dataset: 'logs', glob: '', options: {} }], null, AbortSignal.abort())
    expect(first.fresh).toBe(false)
    listing.resolve()
    const second = await catalog.answerScan([{ dataset: 'logs', glob: '', options: {} }], first.walk, never)
    expect(second.fresh).toBe(true)
    expect(lists).toBe(2)
    const later = await catalog.answerScan([{ dataset: 'logs', glob: '', options: {} }], 1_000_000, never)
    expect(later.fresh).toBe(true)
  })

  it('describes shards by the options of an input, once', async () => {
    for (const name of ['a.csv', 'b.csv', 'c.txt']) await folder.write(name, 'x\n')
    const files = counting()
    const catalog = await started([folder.offer()], { files })
    const inputs = [
      { dataset: 'logs', glob: '*.csv', options: { quote: "'" } },
      { dataset: 'logs', glob: '*.csv', options: {} },
      { dataset: 'logs', glob: 'c.txt', options: { format: 'csv' as const } },
      { dataset: 'logs', glob: '', options: { delimiter: ';' } },
      { dataset: 'none', glob: '', options: { format: 'csv' as const } },
    ]
    const answer = await catalog.answerScan(inputs, null, never)
    expect(answer.described.map((shards) => shards.map(({ path }) => path))).toEqual([
      ['a.csv', 'b.csv'],
      [],
      ['c.txt'],
      ['a.csv', 'b.csv'],
      [],
    ])
    const { length } = files.opened
    await catalog.answerScan(inputs, null, never)
    expect(files.opened).toHaveLength(length)
    expect((await catalog.describeAs('logs', ['b.csv'], { quote: '' })).map(({ path }) => path)).toEqual(['b.csv'])
  })
})

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
      expect(rootOf(one)).toEqual({ root: before[0]?.root, state: 'away', why: `${folder.path}/data ${why}` })
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
      why: `${folder.path}/data cannot be listed: scandir failed with EACCES`,
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
    disk = new MemoryDisk({
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
    expect(catalog.warnings()).toEqual([
      'the catalog cannot be saved: ENOSPC: catalog/' + before.datasets[0]!.roots[0]!.root,
    ])
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
    disk.damage(`catalog/${root}`, (bytes) => bytes.subarray(0, bytes.length - 1))
    await expect(made([folder.offer()]).start()).rejects.toMatchObject({ code: 'NODE_SETUP' })
  })
})

describe('the poll', () => {
  it('finds new and removed files by itself', async () => {
    await folder.write('a', 'x\n')
    const changed = Promise.withResolvers<void>()
    let wanted = 'a offered'
    let catalog: Catalog | null = null
    const onChange = (): void => {
      if (catalog !== null && states(catalog).join() === wanted) changed.resolve()
    }
    catalog = await started([folder.offer()], { onChange, pollMs: 1 })
    wanted = 'b offered'
    await folder.write('b', 'x\n')
    await rm(join(folder.path, 'a'))
    await changed.promise
  })
})
