/**
 * A node of this version on a home of an earlier one, and one that joins it. What was run under a key then is that job
 * for ever: else a cron job bills twice after an upgrade.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Ended } from './command.ts'
import { Mesh, records, resultOf, type MeshNode } from './mesh.ts'

/** See `test/fixtures/homes/make.ts`. */
interface Then {
  readonly job: Readonly<Record<string, string>>
  readonly data: Readonly<Record<string, string>>
  readonly jobs: readonly {
    readonly file: string
    readonly args: readonly string[]
    readonly id: string
    readonly result: string
    readonly records: string
  }[]
  readonly home: Readonly<Record<string, string>>
}

const FORMATS = ['format-1', 'format-2'] as const
const HOMES = new URL('../fixtures/homes/', import.meta.url)

describe.each(FORMATS)('on a home of %s', { timeout: 300_000 }, (format) => {
  const then = JSON.parse(readFileSync(new URL(`${format}.json`, HOMES), 'utf8')) as Then
  const [visits, rated, forgotten] = then.jobs as [Then['jobs'][0], Then['jobs'][0], Then['jobs'][0]]
  let mesh: Mesh
  let here: MeshNode
  let other: MeshNode

  /** The job's files in a folder of their own, `changed` among them; answers the path of `file`. */
  const written = (folder: string, file: string, changed: Readonly<Record<string, string>> = {}): string =>
    join(mesh.folder(folder, { ...then.job, ...changed }), file)
  const run = (node: MeshNode, path: string, args: readonly string[]): Promise<Ended> =>
    node.run('--json', 'run', path, ...args, '--progress', 'none', '-o', '-', '--format', 'ndjson')

  beforeAll(async () => {
    mesh = new Mesh()
    here = mesh.add({ name: 'here', data: { visits: then.data } })
    for (const [file, content] of Object.entries(then.home)) {
      mkdirSync(dirname(join(here.home, file)), { recursive: true, mode: 0o700 })
      writeFileSync(join(here.home, file), Buffer.from(content, 'base64'), { mode: 0o600 })
    }
    here.start()
    await mesh.ready()
    other = (await mesh.start({ name: 'other' }))[0]!
  })
  afterAll(() => mesh?.end())

  test('the same job under its key is the job of then, from any node, wherever its files lie', async () => {
    for (const [node, folder] of [
      [here, 'one'],
      [other, 'another/place'],
    ] as const) {
      const again = await node.run('run', written(folder, visits.file), ...visits.args, '-o', '-', '--format', 'ndjson')
      expect([again.code, again.stdout], again.stderr).toEqual([0, visits.records])
      expect(again.stderr).toMatch(new RegExp(`^job ${visits.id} .*attached`, 'm'))
      expect(resultOf(again)).toBe(visits.result)
    }
    expect((await here.jobs()).map(({ id }) => id).toSorted()).toEqual([visits.id, rated.id].toSorted())
  })

  test('other code is another job, as ever', async () => {
    const changed = { 'lib/site.ts': then.job['lib/site.ts']!.replace("?? ''", "?? 'none'") }
    const ran = await run(other, written('changed', visits.file, changed), visits.args)
    expect([ran.code, records(ran.stdout)], ran.stderr).toEqual([0, records(visits.records)])
    expect((await here.jobs()).filter(({ id }) => id !== visits.id && id !== rated.id)).toHaveLength(1)
  })

  test('where the code cannot be compared no second result is given', async () => {
    // A source map has no file of which the bundle has a constant alone: 7 may have been 8. Bundles tell no more, since they
    // hold what `shoal/job` is now.
    const paths = [
      written('constant', rated.file),
      written('other-constant', rated.file, { 'lib/rate.ts': 'export const RATE = 8\n' }),
    ]
    for (const path of paths) {
      const ended = await run(here, path, rated.args)
      expect([ended.code, ended.stdout]).toEqual([3, ''])
      expect(JSON.parse(ended.stderr.trim().split('\n').at(-1)!)).toMatchObject({
        code: 'RESULT_LOST',
        job: rated.id,
        why: expect.stringContaining(rated.result) as string,
      })
    }
  })

  test('of a job that was forgotten then the key still knows', async () => {
    for (const node of [here, other]) {
      const lost = await run(node, written('forgotten', forgotten.file), forgotten.args)
      expect([lost.code, lost.stdout]).toEqual([3, ''])
      expect(JSON.parse(lost.stderr.trim().split('\n').at(-1)!)).toMatchObject({
        code: 'RESULT_LOST',
        job: forgotten.id,
      })
    }
  })
})
