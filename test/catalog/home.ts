/** Catalogs over temporary folders, in a home in memory. */
import { afterEach, beforeEach } from 'vitest'
import { systemClock } from '../../src/adapters/disk/system-clock.ts'
import { MemoryDisk } from '../../src/adapters/memory/disk.ts'
import { Catalog, type CatalogOptions } from '../../src/catalog/catalog.ts'
import { systemFiles, type Files } from '../../src/catalog/files.ts'
import type { DataOffer } from '../../src/catalog/offer.ts'

export interface TestHome {
  disk: MemoryDisk
  /** Not started; no poll, unless the options say so. */
  made(offers: readonly DataOffer[], options?: Partial<CatalogOptions>): Catalog
  /** Started, and all described. */
  started(offers: readonly DataOffer[], options?: Partial<CatalogOptions>): Promise<Catalog>
  /** The same in a new process on this home. */
  restarted(offers: readonly DataOffer[], options?: Partial<CatalogOptions>): Promise<Catalog>
}

/** Registers hooks that give each test a home of its own, and stop its catalogs. */
export function testHome(): TestHome {
  let catalogs: Catalog[] = []
  beforeEach(() => {
    home.disk = new MemoryDisk()
    catalogs = []
  })
  afterEach(() => Promise.all(catalogs.map((catalog) => catalog.stop())))
  const home: TestHome = {
    disk: new MemoryDisk(),
    made(offers, options = {}) {
      const catalog = new Catalog({
        offers,
        disk: home.disk,
        clock: systemClock,
        onChange: () => undefined,
        pollMs: null,
        ...options,
      })
      catalogs.push(catalog)
      return catalog
    },
    async started(offers, options = {}) {
      const catalog = home.made(offers, options)
      await catalog.start()
      await catalog.rescan()
      return catalog
    },
    async restarted(offers, options = {}) {
      await catalogs.pop()?.stop()
      return home.started(offers, options)
    },
  }
  return home
}

export const refusal = (code: string, syscall = 'open'): Error => Object.assign(new Error(code), { code, syscall })

/** `path state: why` of each entry. */
export const states = (catalog: Catalog, dataset = 'logs'): string[] =>
  catalog.entries(dataset).map(({ path, state, why }) => `${path} ${state}${why === undefined ? '' : `: ${why}`}`)

/** Files that note which of them are opened. */
export function counting(): Files & { opened: string[] } {
  const opened: string[] = []
  return { ...systemFiles, opened, open: (path) => (opened.push(path), systemFiles.open(path)) }
}
