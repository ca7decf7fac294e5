import { createHash } from 'node:crypto'
import { appendFile, chmod, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { pollPause, type Catalog } from '../../src/catalog/catalog.ts'
import { decodeCatalog, encodeCatalog } from '../../src/catalog/codec.ts'
import { systemFiles, type Files, type OpenedFile } from '../../src/catalog/files.ts'
import { LIMITS } from '../../src/core/limits.ts'
import { testFolder } from './folder.ts'
import { counting, refusal, states, testHome } from './home.ts'

const folder = testFolder()
const home = testHome()
const { made, started, restarted } = home
const never = new AbortController().signal

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

  it('are unreadable where they are links that lead out', async () => {
    await folder.write('a', 'x\n')
    await symlink('/etc/passwd', join(folder.path, 'out'))
    const catalog = await started([folder.offer()])
    expect(states(catalog)).toEqual(['a offered', 'out unreadable: it is a link that leads out, to /etc/passwd'])
    const followed = await restarted([{ ...folder.offer(), links: 'follow' }])
    expect(states(followed)).toEqual(['a offered', 'out offered'])
  })

  it('leave out a receipt of Shoal, by its content, and know it over scans', async () => {
    const receipt = JSON.stringify({ schema: 'shoal.receipt/1', job: 'x' }, null, 2)
    await folder.write('out/receipt.json', receipt)
    await folder.write('out/part-00000.ndjson', '{"key":1,"value":2}\n')
    await folder.write('other/receipt.json', '{"schema":"somebody.else/1"}\n')
    await folder.write('copy-of-receipt.json', receipt)
    const files = counting()
    const catalog = await started([folder.offer()], { files })
    const paths = ['copy-of-receipt.json', 'other/receipt.json', 'out/part-00000.ndjson']
    expect(catalog.entries('logs').map(({ path }) => path)).toEqual(paths)
    const leftOut = [{ kind: 'receipt', count: 1, samples: ['out/receipt.json'] }]
    expect(catalog.record().datasets[0]?.roots[0]?.leftOut).toEqual(leftOut)
    const opened = files.opened.length
    await catalog.rescan()
    expect(files.opened).toHaveLength(opened)
    await folder.write('out/receipt.json', '{"a":1}\n')
    await catalog.rescan()
    expect(catalog.entries('logs').map(({ path }) => path)).toEqual([...paths, 'out/receipt.json'])
    const all = await restarted([{ ...folder.offer(), all: true }])
    expect(all.entries('logs').map(({ path }) => path)).toEqual([...paths, 'out/receipt.json'])
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

  it('of one command takes its first look for fresh once, looks by itself no more, and remembers nothing', async () => {
    await folder.write('a', 'x\n')
    const lists: string[] = []
    const files: Files = { ...systemFiles, list: (dir) => (lists.push(dir), systemFiles.list(dir)) }
    const catalog = home.made([folder.offer()], { files, local: true, pollMs: 1 })
    await catalog.start()
    const inputs = [{ dataset: 'logs', glob: '', options: {} }]
    const ask = async (): Promise<string[]> => {
      const { body, settled } = await catalog.answerScan(inputs, null, never)
      expect(settled).toBe(true)
      return body.datasets[0]!.entries.map(({ path, state }) => `${path} ${state}`)
    }
    expect(await ask()).toEqual(['a offered'])
    expect(lists).toHaveLength(1)
    await folder.write('b', 'x\n')
    expect(await ask()).toEqual(['a offered', 'b offered'])
    expect(await home.disk.list('catalog')).toEqual([])
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

  it('calls unreadable what changes whenever it is read, until it holds still', async () => {
    await folder.write('a', 'one\n')
    let growing = true
    const files: Files = {
      ...systemFiles,
      open: async (path) => {
        if (growing) await appendFile(path, 'more\n')
        return systemFiles.open(path)
      },
    }
    const catalog = await started([{ ...folder.offer(), replicated: true }], { files })
    expect(states(catalog)).toEqual(['a unreadable: it keeps changing while it is read'])
    const inputs = [{ dataset: 'logs', glob: '', options: {} }]
    expect(await catalog.answerScan(inputs, null, never)).toMatchObject({ settled: true })
    growing = false
    await catalog.rescan()
    expect(states(catalog)).toEqual(['a offered'])
  })

  it('offers a log of lines however it grows: readers will compare', async () => {
    await folder.write('a.log', 'one\n')
    const files: Files = {
      ...systemFiles,
      open: async (path) => {
        await appendFile(path, 'more\n')
        return systemFiles.open(path)
      },
    }
    const catalog = await started([folder.offer()], { files })
    expect(states(catalog)).toEqual(['a.log offered'])
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
    const bad = [
      'broken unreadable: the device fails (EIO)',
      'fine offered',
      'shut unreadable: permission is denied (EACCES)',
    ]
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
      'a unreadable: permission is denied (EACCES)',
      'shut/ unreadable: permission is denied (EACCES)',
    ])
  })
})

function failingHandle(handle: OpenedFile, read: () => Promise<never>): OpenedFile {
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
    expect(first).toMatchObject({ settled: false, body: { datasets: [{ entries: [{ state: 'pending' }] }] } })
    const others = await catalog.answerScan(
      [{ dataset: 'logs', glob: 'b*', options: {} }],
      first.walk,
      AbortSignal.abort(),
    )
    expect(others).toMatchObject({ fresh: false, settled: false })
    open()
    const second = await catalog.answerScan([{ dataset: 'logs', glob: '', options: {} }], first.walk, never)
    expect(second).toMatchObject({
      fresh: true,
      settled: true,
      body: { datasets: [{ entries: [{ state: 'offered' }] }] },
    })
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

  it('goes on describing by options when time is over, for whoever asks again', async () => {
    await folder.write('a.csv', 'x\n')
    const { files, opened, open } = gate()
    let gated = false
    const gatedLater: Files = { ...systemFiles, open: (path) => (gated ? files : systemFiles).open(path) }
    const catalog = await started([folder.offer()], { files: gatedLater })
    gated = true
    const inputs = [{ dataset: 'logs', glob: '', options: { quote: "'" } }]
    const abort = new AbortController()
    const asked = catalog.answerScan(inputs, null, abort.signal)
    await opened
    abort.abort()
    const first = await asked
    expect(first).toMatchObject({ fresh: true, settled: false, described: [[]] })
    gated = false
    const again = catalog.answerScan(inputs, first.walk, never)
    open()
    expect(await again).toMatchObject({ fresh: true, settled: true, described: [[{ path: 'a.csv' }]] })
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

it('looks more rarely at directories in which nothing changes, and at large ones for a small part of the time', () => {
  const pauses = (tookMs: number): number[] => [0, 1, 2, 3, 30].map((unchanged) => pollPause(2_000, unchanged, tookMs))
  expect(pauses(1)).toEqual([2_000, 4_000, 8_000, 8_000, 8_000])
  expect(pauses(50)).toEqual([2_000, 20_000, 20_000, 20_000, 20_000])
  // A minute is the most, unless the looks themselves take most of it.
  expect(pauses(1_000)).toEqual([20_000, 60_000, 60_000, 60_000, 60_000])
  expect(pauses(10_000)).toEqual([200_000, 200_000, 200_000, 200_000, 200_000])
})
