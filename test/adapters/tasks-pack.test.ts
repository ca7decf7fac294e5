/** Small files are copied for a task into one: what it reads there is the file that the snapshot saw, or it says why not. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { packFiles, smallOnes } from '../../src/adapters/tasks/pack.ts'
import { LIMITS } from '../../src/core/limits.ts'
import type { MapManifest } from '../../src/core/types.ts'
import type { AttemptEnd, AttemptSpec, TaskFile } from '../../src/ports.ts'
import type { SplitWork } from '../../src/core/plan/work.ts'
import { factsOf } from '../../src/task/protocol.ts'
import { Workshop } from './tasks-support.ts'

let shop: Workshop
beforeAll(async () => {
  shop = await Workshop.open()
})
afterAll(() => shop.close())

const SOURCE = `import { defineJob } from 'shoal/job'
let seen = 0
export default defineJob({ input: 'data', map(line: string, { emit, shard }: any) { emit(shard.path, [line, seen++]) } })`

interface Set {
  readonly paths: readonly string[]
  readonly files: readonly TaskFile[]
  readonly splits: readonly SplitWork[]
}

/** So many files of a line each, and one that is not small. */
function setOf(count: number): Set {
  const paths = Array.from({ length: count }, (_, i) => shop.file(`line ${i}\n`, `f${i}.txt`))
  paths.push(shop.file('long\n'.repeat(LIMITS.packedFileBytes), 'long.txt'), shop.file('', 'empty.txt'))
  const splits = paths.map((path, i) => {
    const { witness } = factsOf(statSync(path, { bigint: true }))
    return shop.split(path, { file: `s${i}`, witness })
  })
  return { paths, splits, files: paths.map((path, i) => ({ name: `s${i}`, path, size: splits[i]!.size })) }
}

async function map({ splits, files }: Set, packed: boolean): Promise<AttemptEnd> {
  const job = await shop.job(SOURCE)
  const spec = shop.spec(job, files[0]!.path)
  const bare = files.map(({ name, path }) => ({ name, path }))
  const attempt = shop.tasks.start({
    ...spec,
    files: packed ? files : bare,
    work: { ...spec.work, splits } as AttemptSpec['work'],
  })
  const end = await attempt.end
  await attempt.release()
  return end
}

describe('a pack', () => {
  test('of files gives what links give', async () => {
    const set = setOf(40)
    const [packed, linked] = [await map(set, true), await map(set, false)]
    expect(packed).toMatchObject({ ok: true })
    expect((packed as { manifest: MapManifest }).manifest).toEqual((linked as { manifest: MapManifest }).manifest)
  })

  test.each([
    ['that grew', (path: string) => writeFileSync(path, 'line 7\nmore\n')],
    ['that was written anew', (path: string) => writeFileSync(path, 'line x\n')],
    ['that was cut', (path: string) => truncateSync(path, 2)],
    ['that is gone', (path: string) => rmSync(path)],
    ['whose place a pipe has taken', (path: string) => (rmSync(path), void execFileSync('mkfifo', [path]))],
    ['whose place a link to nothing has taken', (path: string) => (rmSync(path), symlinkSync('nothing', path))],
  ])('a file %s is told as by its link', async (_, change) => {
    const set = setOf(10)
    change(set.paths[7]!)
    const end = await map(set, true)
    expect(end).toMatchObject({
      ok: false,
      failure: { blame: 'input', place: 'data/f7.txt', error: { code: 'SHARD_CHANGED' } },
    })
    const linked = await map(set, false)
    expect(linked).toMatchObject({ failure: { error: (end as { failure: { error: unknown } }).failure.error } })
  })

  test('holds the small ones, where they are several, with what the system said of each', async () => {
    const { files, paths } = setOf(5)
    const small = smallOnes(files)
    expect(small.map(({ name }) => name)).toEqual(['s0', 's1', 's2', 's3', 's4', 's6'])
    expect(smallOnes(files.slice(0, LIMITS.packedFilesMin - 1))).toEqual([])
    const folder = mkdtempSync(join(tmpdir(), 'shoal-pack-'))
    const packed = await packFiles(small, join(folder, 'pack'))
    const bytes = readFileSync(join(folder, 'pack'))
    expect(packed.map(({ name, at, size }) => [name, bytes.toString('latin1', at, at + size)])).toEqual(
      small.map(({ name, path }) => [name, readFileSync(path, 'latin1')]),
    )
    expect(packed[0]!.witness).toBe(factsOf(statSync(paths[0]!, { bigint: true })).witness)
    rmSync(folder, { recursive: true })
  })
})
