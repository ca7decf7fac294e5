/** A temporary folder for tests of the catalog. */
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'
import type { DataOffer } from '../../src/catalog/offer.ts'

export interface TestFolder {
  readonly path: string
  write(name: string, content: string | Uint8Array): Promise<void>
  offer(sub?: string): DataOffer
}

/** Registers hooks that give each test a folder of its own. */
export function testFolder(): TestFolder {
  let path = ''
  beforeEach(async () => {
    path = await realpath(await mkdtemp(join(tmpdir(), 'shoal-catalog-')))
  })
  afterEach(() => rm(path, { recursive: true, force: true }))
  return {
    get path() {
      return path
    },
    async write(name, content) {
      await mkdir(dirname(join(path, name)), { recursive: true })
      await writeFile(join(path, name), content)
    },
    offer: (sub = '') => ({ name: 'logs', dir: join(path, sub), replicated: false }),
  }
}
