/** Folders whose files are not all data, or not one node's: seen from a node that has none of it, and on this machine alone. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import type { Ended } from '../command.ts'
import { countWords, records, resultOf, WORD_COUNT } from '../mesh.ts'
import type { Suite, Warm } from './warm.ts'

const TEXT = 'one two\n'

const write = (folder: string, name: string, text: string = TEXT): void => {
  mkdirSync(dirname(join(folder, name)), { recursive: true })
  writeFileSync(join(folder, name), text)
}

export const oddFolders: Suite = {
  name: 'odd folders',
  hands: (mesh) => {
    const folder = (name: string): string => join(mesh.root, name)
    write(folder('shared'), 'a.txt')
    write(folder('outside'), 'b.txt')
    for (const name of ['links', 'followed', 'skipped']) {
      write(folder(name), 'a.txt')
      symlinkSync(join(folder('outside'), 'b.txt'), join(folder(name), 'b.txt'))
      symlinkSync(folder('outside'), join(folder(name), 'folder'))
    }
    symlinkSync('nowhere', join(folder('links'), 'dangling.txt'))
    for (const name of ['plain', 'whole']) {
      for (const path of ['a.txt', '_SUCCESS', '.a.txt.crc', '_temporary/0/part.txt', 'deep/_metadata', 'deep/b.txt'])
        write(folder(name), path)
      execFileSync('mkfifo', [join(folder(name), 'pipe')])
    }
    write(folder('tables'), 'notes.txt')
    write(folder('tables'), 'sales/_delta_log/00000000000000000000.json', '{}')
    write(folder('tables'), 'sales/part-0.txt')
    write(folder('mixed'), 'a.csv', 'x,y\n1,2\n')
    write(folder('mixed'), 'notes.txt')
    const data = (...offers: string[]): string[] => offers.flatMap((offer) => ['--data', offer])
    const shared = `shared=${folder('shared')}`
    return [
      {
        args: data(
          ...[shared, `links=${folder('links')}`, `followed=${folder('followed')},follow`],
          ...[`skipped=${folder('skipped')},skip-links`, `plain=${folder('plain')}`, `whole=${folder('whole')},all`],
          ...[`tables=${folder('tables')}`, `mixed=${folder('mixed')}`],
        ),
      },
      { args: data(shared) },
    ]
  },
  tests,
}

function tests(warm: Warm): void {
  let words: string
  beforeAll(() => {
    words = warm.mesh.job('words', WORD_COUNT)
  })

  const both = async (input: string, offer: string, ...args: string[]): Promise<Ended[]> => [
    await warm.submitter.run('run', words, '--input', input, ...args),
    await warm.mesh.command(['run', words, '--input', input, '--local', '--data', `${offer}`, ...args]),
  ]

  test('one directory that two nodes offer is refused, naming both', async () => {
    const { code, stderr } = await warm.submitter.run('run', words, '--input', 'shared')
    const names = /error\[SAME_MOUNT\]: (holder-0 and holder-1|holder-1 and holder-0) offer the same files as shared/
    expect([code, stderr]).toEqual([2, expect.stringMatching(names)])
    expect(stderr).toContain(',replicated')
  })

  test('links that lead out, or to nothing, refuse a job that would take them', async () => {
    for (const { code, stderr } of await both('links', `links=${join(warm.mesh.root, 'links')}`)) {
      expect([code, stderr]).toEqual([3, expect.stringContaining('error[INCOMPLETE]')])
      for (const name of ['links/b.txt', 'links/folder/', 'links/dangling.txt']) expect(stderr).toContain(name)
      for (const flag of [',follow', ',skip-links']) expect(stderr).toContain(`--data NAME=DIR${flag}`)
    }
    const narrow = await warm.submitter.run('run', words, '--input', 'links/a.txt')
    expect(records(narrow.stdout)).toEqual(countWords([TEXT]))
  })

  test('links are followed, or passed over, where the offer says so', async () => {
    const [far, alone] = await both('followed', `followed=${join(warm.mesh.root, 'followed')},follow`)
    expect(records(far!.stdout)).toEqual(countWords([TEXT, TEXT, TEXT]))
    expect(far!.stderr).toContain('3/3 shards')
    expect(resultOf(alone!)).toBe(resultOf(far!))
    for (const { stdout, stderr } of await both('skipped', `skipped=${join(warm.mesh.root, 'skipped')},skip-links`)) {
      expect(records(stdout)).toEqual(countWords([TEXT]))
      expect(stderr).toMatch(/2 links .* are passed over: b\.txt, folder\//)
    }
  })

  test('names that begin with _ or ., and pipes, are left out and said, or offered by ,all', async () => {
    for (const { stdout, stderr } of await both('plain/**', `plain=${join(warm.mesh.root, 'plain')}`)) {
      expect(records(stdout)).toEqual(countWords([TEXT, TEXT]))
      expect(stderr).toContain(
        '4 names that begin with _ or . are not read: .a.txt.crc, _SUCCESS, _temporary, deep/_metadata',
      )
      expect(stderr).toContain('1 socket, pipe or device is not read: pipe')
    }
    for (const { stdout } of await both('whole', `whole=${join(warm.mesh.root, 'whole')},all`))
      expect(records(stdout)).toEqual(countWords(Array.from({ length: 6 }, () => TEXT)))
    const listed = await warm.submitter.run('data', 'ls', 'plain')
    expect(listed.stderr).toContain('plain on holder-0: 1 socket, pipe or device is not read: pipe')
  })

  test('a table with a log is refused by name, and files beside it are read', async () => {
    for (const { code, stderr } of await both('tables', `tables=${join(warm.mesh.root, 'tables')}`))
      expect([code, stderr]).toEqual([
        2,
        expect.stringMatching(/error\[TABLE_FORMAT\]: tables\/sales on .* is a table of Delta Lake/),
      ])
    const beside = await warm.submitter.run('run', words, '--input', 'tables/*.txt')
    expect(records(beside.stdout)).toEqual(countWords([TEXT]))
  })

  test('formats that are mixed are said by run and by explain', async () => {
    const warning = 'mixed: its files are read in different formats: 1 as csv (a.csv), 1 as text (notes.txt)'
    const explained = await warm.submitter.run('explain', words, '--input', 'mixed')
    expect(explained.stdout).toContain(warning)
    const ran = await warm.submitter.run('run', words, '--input', 'mixed')
    expect(ran.stderr).toContain(warning)
  })

  test('what the files of a folder are shows on any node', async () => {
    const datasets = await warm.submitter.datasets()
    const formats = datasets
      .find(({ name }) => name === 'mixed')!
      .shards.map(({ path, format, read }) => [path, format, read])
    expect(formats).toEqual([
      ['a.csv', 'csv', true],
      ['notes.txt', 'text', true],
    ])
  })
}
