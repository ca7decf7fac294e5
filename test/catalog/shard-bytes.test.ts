/** What a holder gives of a shard to a node that runs its task: bytes of the pinned file, or a refusal. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, renameSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { systemFiles, witnessOf, type Files } from '../../src/catalog/files.ts'
import { countLines, pinnedFile, readPinned, type PinnedFile } from '../../src/catalog/shard-bytes.ts'
import { LIMITS } from '../../src/core/limits.ts'
import type { NodeId, Shard } from '../../src/core/types.ts'

const folder = mkdtempSync(join(tmpdir(), 'shoal-shard-'))
const path = join(folder, 'a.txt')
const bytes = randomBytes(3 * LIMITS.readChunkBytes + 123)
const changed = { code: 'SHARD_CHANGED' }
let file: PinnedFile

function pin(absolute: string): PinnedFile {
  const facts = statSync(absolute, { bigint: true })
  return { absolute, name: 'logs/a.txt', size: Number(facts.size), witness: witnessOf(facts) }
}

/** A file of long ago: a change within the same tick of the clock must show. */
function renew(): void {
  rmSync(path, { force: true })
  writeFileSync(path, bytes)
  utimesSync(path, 1_000_000, 1_000_000)
  file = pin(path)
}

beforeEach(renew)
afterAll(() => rmSync(folder, { recursive: true }))

describe('a pinned file', () => {
  test.each([
    [0, 10],
    [5, LIMITS.readChunkBytes + 7],
    [bytes.length - 3, bytes.length],
    [bytes.length - 3, bytes.length + 100],
    [7, 7],
  ])('gives its bytes [%d, %d), cut at its end', async (start, end) => {
    expect(Buffer.from(await readPinned(systemFiles, file, start, end))).toEqual(bytes.subarray(start, end))
  })

  test('tells how many lines end within', async () => {
    for (const [start, end] of [
      [0, bytes.length],
      [1000, LIMITS.readChunkBytes + 1],
    ] as const) {
      const lines = bytes.subarray(start, end).toString('latin1').split('\n').length - 1
      expect(await countLines(systemFiles, file, start, end)).toBe(lines)
    }
  })

  test('is refused when it has grown, was written, replaced, removed, or is a link to somewhere else now', async () => {
    const attempts: (() => void)[] = [
      () => writeFileSync(path, 'x', { flag: 'a' }),
      () => writeFileSync(path, randomBytes(bytes.length)),
      () => {
        writeFileSync(`${path}.new`, bytes)
        renameSync(`${path}.new`, path)
      },
      () => rmSync(path),
      () => {
        writeFileSync(`${path}.secret`, bytes)
        rmSync(path)
        symlinkSync(`${path}.secret`, path)
      },
    ]
    for (const change of attempts) {
      renew()
      change()
      await expect(readPinned(systemFiles, file, 0, 10)).rejects.toMatchObject(changed)
      await expect(countLines(systemFiles, file, 0, 10)).rejects.toMatchObject(changed)
    }
  })

  test('is refused when it changes while it is read', async () => {
    const sly: Files = {
      ...systemFiles,
      open: async (name) => {
        const handle = await systemFiles.open(name)
        const read = handle.read.bind(handle) as (...args: unknown[]) => Promise<unknown>
        const turned = async (...args: unknown[]): Promise<unknown> => {
          writeFileSync(name, 'y', { flag: 'a' })
          return await read(...args)
        }
        return Object.assign(handle, { read: turned as unknown as typeof handle.read })
      },
    }
    await expect(readPinned(sly, file, 0, 10)).rejects.toMatchObject(changed)
  })

  test('that its node does not offer any more is SHARD_CHANGED, too', () => {
    const shard: Shard = { dataset: 'logs', path: 'a.txt', size: 1, cuts: { kind: 'lines' }, copies: [] }
    const copy = { node: 'n' as NodeId, root: 'r', witness: file.witness }
    expect(() => pinnedFile(null, shard, copy)).toThrow(expect.objectContaining(changed))
  })
})
