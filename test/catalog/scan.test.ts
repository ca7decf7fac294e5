import { execFileSync } from 'node:child_process'
import { link, mkdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { systemFiles, type Files } from '../../src/catalog/files.ts'
import { scanRoot, type RootScan } from '../../src/catalog/scan.ts'
import { testFolder } from './folder.ts'

const folder = testFolder()
const paths = (scan: RootScan): string[] => scan.files.map(({ path }) => path)
const refusal = (code: string, syscall: string): Error => Object.assign(new Error(code), { code, syscall })

describe('a scan', () => {
  it('lists regular files at any depth in UTF-8 order, with size and witness as fstat has them', async () => {
    await folder.write('b.csv', 'x')
    await folder.write('a/b/c.csv', 'xyz')
    await folder.write('a.csv', '')
    await folder.write('\u{1F600}.csv', 'x')
    await folder.write('\uFFFD.csv', 'x')
    const scan = await scanRoot(folder.offer())
    expect(paths(scan)).toEqual(['a.csv', 'a/b/c.csv', 'b.csv', '\uFFFD.csv', '\u{1F600}.csv'])
    const facts = await stat(join(folder.path, 'a/b/c.csv'), { bigint: true })
    expect(scan.files[1]).toEqual({
      path: 'a/b/c.csv',
      size: 3,
      witness: {
        dev: `${facts.dev}`,
        ino: `${facts.ino}`,
        mtimeNs: `${facts.mtimeNs}`,
        ctimeNs: `${facts.ctimeNs}`,
      },
    })
    expect(scan).toMatchObject({ unreadable: [], warnings: [], dev: `${facts.dev}` })
  })

  it('agrees with find on odd names: spaces, quotes, newlines, stars, backslashes', async () => {
    const names = [
      'a b',
      `it's`,
      'say "hi"',
      'line\nbreak',
      '*',
      '[x]',
      '{a,b}',
      'back\\slash',
      '$HOME',
      '-rf',
      '日本/ü',
      'e\u0301',
    ]
    for (const name of names) await folder.write(name, name)
    const found = execFileSync('find', ['.', '-type', 'f', '-print0'], { cwd: folder.path, encoding: 'utf8' })
    const expected = found.split('\0').filter((name) => name !== '')
    expect(new Set(paths(await scanRoot(folder.offer())))).toEqual(new Set(expected.map((name) => name.slice(2))))
    expect(expected).toHaveLength(names.length)
  })

  it('leaves out what begins with _ or ., and what is no file, and counts it', async () => {
    await folder.write('.hidden', 'x')
    await folder.write('.git/config', 'x')
    await folder.write('a/.b/c', 'x')
    await folder.write('seen', 'x')
    await folder.write('_SUCCESS', '')
    await folder.write('year=2026/_temporary/0/part-0.csv', 'x')
    await folder.write('year=2026/.part-1.csv.crc', 'x')
    execFileSync('mkfifo', [join(folder.path, 'pipe')])
    const scan = await scanRoot(folder.offer())
    expect(scan).toMatchObject({ files: [{ path: 'seen' }], unreadable: [], warnings: [] })
    expect(scan.facts.leftOut).toEqual([
      {
        kind: 'hidden',
        count: 6,
        samples: ['.git', '.hidden', '_SUCCESS', 'a/.b', 'year=2026/.part-1.csv.crc'],
      },
      { kind: 'special', count: 1, samples: ['pipe'] },
    ])
    expect(paths(await scanRoot({ ...folder.offer(), all: true }))).toEqual([
      '.git/config',
      '.hidden',
      '_SUCCESS',
      'a/.b/c',
      'seen',
      'year=2026/.part-1.csv.crc',
      'year=2026/_temporary/0/part-0.csv',
    ])
  })

  it('takes partitions for what they are, whatever the column is called', async () => {
    await folder.write('_date=2026/a.csv', 'x')
    await folder.write('y=1/_x=/b.csv', 'x')
    await folder.write('_=1/c.csv', 'x')
    expect(paths(await scanRoot(folder.offer()))).toEqual(['_date=2026/a.csv', 'y=1/_x=/b.csv'])
    const files = ['_date=2026/a.csv', '_=1/c.csv']
    expect(paths(await scanRoot({ ...folder.offer(), files }))).toEqual(['_date=2026/a.csv'])
  })

  it('knows folders that are tables of a format with a log', async () => {
    await folder.write('sales/_delta_log/00000.json', '{}')
    await folder.write('sales/part-0.parquet', 'x')
    await folder.write('ice/metadata/v1.metadata.json', '{}')
    await folder.write('ice/data/a.parquet', 'x')
    await folder.write('hudi/.hoodie/hoodie.properties', '')
    await folder.write('stream/_spark_metadata/0', 'v1')
    await folder.write('stream/part-0.parquet', 'x')
    await folder.write('paimon/snapshot/LATEST', '1')
    await folder.write('paimon/snapshot/snapshot-1', '{}')
    await folder.write('paimon/bucket-0/data-0.parquet', 'x')
    await folder.write('acid/day=1/base_0000005/bucket_00000', 'x')
    await folder.write('acid/day=2/delete_delta_0000006_0000006_0000/bucket_00000', 'x')
    await folder.write('plain/snapshot/LATEST', 'x')
    await folder.write('plain/base_5/delta_1_2/x', 'x')
    await folder.write('plain/metadata/readme.txt', 'x')
    await folder.write('plain/_delta_log', 'a file')
    const tables = [
      { path: 'acid/day=1', format: 'Hive ACID' },
      { path: 'acid/day=2', format: 'Hive ACID' },
      { path: 'hudi', format: 'Apache Hudi' },
      { path: 'ice', format: 'Apache Iceberg' },
      { path: 'paimon', format: 'Apache Paimon' },
      { path: 'sales', format: 'Delta Lake' },
      { path: 'stream', format: 'Spark Structured Streaming' },
    ]
    expect((await scanRoot(folder.offer())).facts.tables).toEqual(tables)
    expect((await scanRoot({ ...folder.offer(), all: true })).facts.tables).toEqual(tables)
    const files = [
      ...['sales/part-0.parquet', 'ice/data/a.parquet', 'stream/part-0.parquet', 'paimon/bucket-0/data-0.parquet'],
      ...['acid/day=1/base_0000005/bucket_00000', 'acid/day=2/delete_delta_0000006_0000006_0000/bucket_00000'],
    ]
    const named = (await scanRoot({ ...folder.offer(), files })).facts.tables
    expect(named).toEqual(tables.filter(({ path }) => path !== 'hudi'))
  })

  it('lists links that leave the directory, or lead to nothing, as unreadable, unless the offer says what to do', async () => {
    await folder.write('outside/secret', 'x')
    await folder.write('data/a', 'x')
    await symlink(join(folder.path, 'outside/secret'), join(folder.path, 'data/file'))
    await symlink('../outside', join(folder.path, 'data/folder'))
    await symlink('/etc', join(folder.path, 'data/etc'))
    await symlink('nowhere', join(folder.path, 'data/dangling'))
    await mkdir(join(folder.path, 'data-2'))
    await folder.write('data-2/sibling', 'x')
    await symlink('../data-2/sibling', join(folder.path, 'data/sibling'))
    const scan = await scanRoot(folder.offer('data'))
    expect(paths(scan)).toEqual(['a'])
    expect(scan.facts.leftOut).toEqual([])
    expect(scan.unreadable).toEqual([
      { path: 'dangling', why: 'it is a link to nothing' },
      { path: 'etc/', why: 'it is a link that leads out, to /etc' },
      { path: 'file', why: `it is a link that leads out, to ${folder.path}/outside/secret` },
      { path: 'folder/', why: `it is a link that leads out, to ${folder.path}/outside` },
      { path: 'sibling', why: `it is a link that leads out, to ${folder.path}/data-2/sibling` },
    ])
    await rm(join(folder.path, 'data/etc'))
    const followed = await scanRoot({ ...folder.offer('data'), links: 'follow' })
    expect(paths(followed)).toEqual(['a', 'file', 'folder/secret', 'sibling'])
    const { ino } = await stat(join(folder.path, 'outside/secret'), { bigint: true })
    expect(followed.files[1]?.witness.ino).toBe(`${ino}`)
    expect(followed.unreadable).toEqual([{ path: 'dangling', why: 'it is a link to nothing' }])
    expect(followed.warnings).toEqual([
      '1 files offered through a link as well, which count twice (the first: "folder/secret")',
    ])
    const skipped = await scanRoot({ ...folder.offer('data'), links: 'skip' })
    expect(skipped).toMatchObject({ files: [{ path: 'a' }], unreadable: [] })
    expect(skipped.facts.leftOut).toEqual([
      { kind: 'link', count: 4, samples: ['dangling', 'file', 'folder/', 'sibling'] },
    ])
  })

  it('refuses the home of the node itself', async () => {
    await folder.write('identity.key', 'x')
    await expect(scanRoot(folder.offer(), { except: folder.path })).rejects.toThrow(/home folder/)
  })

  it('offers links that stay inside by their own path, with the witness of the file, and warns of what counts twice', async () => {
    await folder.write('2026/app.log', 'abc')
    await folder.write('.store/hidden.log', 'abc')
    await symlink('2026/app.log', join(folder.path, 'current.log'))
    await symlink('.store/hidden.log', join(folder.path, 'only.log'))
    await symlink('2026', join(folder.path, 'year'))
    const scan = await scanRoot(folder.offer())
    expect(paths(scan)).toEqual(['2026/app.log', 'current.log', 'only.log', 'year/app.log'])
    expect(scan.files[1]?.witness).toEqual(scan.files[0]?.witness)
    expect(scan.warnings).toEqual([
      '2 files offered through a link as well, which count twice (the first: "current.log")',
    ])
  })

  it('ends in spite of links that go around in circles', async () => {
    await folder.write('a/x', 'x')
    await folder.write('b/y', 'x')
    await symlink('..', join(folder.path, 'a/up'))
    await symlink('../b', join(folder.path, 'a/b'))
    await symlink('../a', join(folder.path, 'b/a'))
    await symlink('self', join(folder.path, 'self'))
    await symlink('.', join(folder.path, 'here'))
    const scan = await scanRoot(folder.offer())
    expect(paths(scan)).toEqual(['a/b/y', 'a/x', 'b/a/x', 'b/y'])
    expect(scan.facts.leftOut).toEqual([
      { kind: 'loop', count: 5, samples: ['a/b/a', 'a/up', 'b/a/b', 'b/a/up', 'here'] },
    ])
    expect(scan.unreadable).toEqual([{ path: 'self', why: 'it is a link to nothing' }])
  })

  it('follows a link given as the directory itself', async () => {
    await folder.write('data/a', 'x')
    await symlink('data', join(folder.path, 'link'))
    expect(paths(await scanRoot(folder.offer('link')))).toEqual(['a'])
  })

  it('counts two hard links as two files', async () => {
    await folder.write('a', 'x')
    await link(join(folder.path, 'a'), join(folder.path, 'b'))
    expect(paths(await scanRoot(folder.offer()))).toEqual(['a', 'b'])
  })

  it('lists a name that is not UTF-8 as unreadable', async () => {
    await writeFile(Buffer.concat([Buffer.from(`${folder.path}/bad`), Buffer.from([0xff, 0xfe])]), 'x')
    await mkdir(Buffer.concat([Buffer.from(`${folder.path}/dir`), Buffer.from([0xc3])]))
    const scan = await scanRoot(folder.offer())
    expect(scan).toMatchObject({
      files: [],
      unreadable: [
        { path: 'bad\\xff\\xfe', why: 'its name is not UTF-8' },
        { path: 'dir\\xc3', why: 'its name is not UTF-8' },
      ],
    })
  })

  it('lists a folder that the system refuses as unreadable, and a file that it refuses to look at', async () => {
    await folder.write('open/a', 'x')
    await folder.write('shut/b', 'x')
    await folder.write('c', 'x')
    const files: Files = {
      ...systemFiles,
      list: (dir) => (dir.endsWith('/shut') ? Promise.reject(refusal('EACCES', 'scandir')) : systemFiles.list(dir)),
      stat: (path) => (path.endsWith('/c') ? Promise.reject(refusal('EIO', 'stat')) : systemFiles.stat(path)),
    }
    expect(await scanRoot(folder.offer(), { files })).toMatchObject({
      files: [{ path: 'open/a' }],
      unreadable: [
        { path: 'c', why: 'the device fails (EIO)' },
        { path: 'shut/', why: 'permission is denied (EACCES)' },
      ],
    })
  })

  it('passes over what is gone before it is looked at', async () => {
    await folder.write('a', 'x')
    await folder.write('sub/b', 'x')
    await folder.write('z', 'x')
    const files: Files = {
      ...systemFiles,
      list: async (dir) => {
        const entries = await systemFiles.list(dir)
        if (dir === folder.path) {
          await rm(join(folder.path, 'a'))
          await rm(join(folder.path, 'sub'), { recursive: true })
        }
        return entries
      },
    }
    expect(await scanRoot(folder.offer(), { files })).toMatchObject({ files: [{ path: 'z' }], unreadable: [] })
  })

  it('looks only at the files that the offer names', async () => {
    for (const name of ['a', 'sub/b', 'c']) await folder.write(name, 'x')
    const scan = await scanRoot({ ...folder.offer(), files: ['sub/b', 'c', 'gone'] })
    expect(paths(scan)).toEqual(['c', 'sub/b'])
  })

  it("passes over the node's own home", async () => {
    for (const name of ['home/lock', 'sub/home/x']) await folder.write(name, 'x')
    await symlink('home', join(folder.path, 'link'))
    expect(paths(await scanRoot(folder.offer(), { except: join(folder.path, 'home') }))).toEqual(['sub/home/x'])
  })

  it('rejects where there is no directory, and when it is stopped', async () => {
    await expect(scanRoot(folder.offer('none'))).rejects.toMatchObject({ code: 'ENOENT' })
    await folder.write('a', 'x')
    await expect(scanRoot(folder.offer('a'))).rejects.toMatchObject({ code: 'ENOTDIR' })
    await expect(scanRoot(folder.offer(), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: 'AbortError',
    })
  })
})
