import { decode, encode } from 'cborg'
import { ShoalError } from '../core/errors.ts'
import { fromKept, toKept } from '../kept/form.ts'
import { reasonOf } from '../words/reason.ts'
import { FORMAT_VERSION } from '../core/limits.ts'
import type { Disk } from '../ports.ts'
import { NO_FACTS, type CatalogEntry } from './body.ts'
import { decodeKept, encodeCatalog } from './codec.ts'
import { pendingAgain, type OfferedRoot, type RootMemory } from './root.ts'

const FOLDER = 'catalog'
const VERSION = `${FOLDER}/version`

interface RememberedRoot extends RootMemory {
  readonly dataset: string
}

/**
 * What a node remembers of its directories over restarts: descriptions need not be made again, and a directory that is
 * not there is known to be missing. One file per directory, `catalog/ROOT`, and `catalog/version`.
 */
export class CatalogMemory {
  readonly #disk: Disk
  readonly #roots = new Map<string, RememberedRoot>()
  readonly #saved = new Map<string, number>()
  #version = 0

  constructor(disk: Disk) {
    this.#disk = disk
  }

  /** The version that was last saved. */
  get version(): number {
    return this.#version
  }

  /** Throws NODE_SETUP where a file is damaged: to go on without it could leave out shards in silence. */
  async load(): Promise<void> {
    for (const name of await this.#disk.list(FOLDER)) {
      const file = `${FOLDER}/${name}`
      const bytes = await this.#disk.get(file)
      if (bytes === null) continue
      try {
        const content = fromKept(bytes)
        if (content === null) throw new Error('its checksum does not fit its content')
        if (file === VERSION) this.#version = toVersion(decode(content))
        else this.#roots.set(name, toRoot(decode(content)))
      } catch (error) {
        throw new ShoalError('NODE_SETUP', `${this.#disk.path(file)} is damaged`, {
          why: reasonOf(error, 'it is not what was written'),
          try: ['remove the file, once all directories that this node offers are there'],
          cause: error,
        })
      }
    }
  }

  of(root: string): RootMemory | null {
    return this.#roots.get(root) ?? null
  }

  /** Directories of a dataset that are remembered, though not in `listed`. */
  unlisted(dataset: string, listed: ReadonlySet<string>): string[] {
    return [...this.#roots].filter(([id, root]) => root.dataset === dataset && !listed.has(id)).map(([id]) => id)
  }

  async remove(root: string): Promise<void> {
    await this.#disk.remove(`${FOLDER}/${root}`)
    this.#roots.delete(root)
  }

  /** Resolves when the directories as they are now, and the version, are on disk. */
  async save(roots: readonly OfferedRoot[], version: number): Promise<void> {
    for (const root of roots) {
      const { revision } = root
      if (this.#saved.get(root.id) === revision) continue
      await this.#disk.put(`${FOLDER}/${root.id}`, toKept(encodeRoot(root)))
      this.#saved.set(root.id, revision)
    }
    await this.#disk.put(VERSION, toKept(encode(version)))
    this.#version = version
  }
}

function encodeRoot(root: OfferedRoot): Uint8Array {
  const { name, replicated } = root.offer
  const { dev, entries } = root.memory()
  const dataset = { name, replicated, roots: [{ root: root.id, state: 'ok', why: '', ...NO_FACTS }], entries } as const
  return encode([FORMAT_VERSION, dev, encodeCatalog({ version: 0, datasets: [dataset] })])
}

function toVersion(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw new Error('it holds no version')
  return value
}

function toRoot(value: unknown): RememberedRoot {
  const [format, dev, body] = Array.isArray(value) ? (value as unknown[]) : []
  if (typeof dev !== 'string' || !(body instanceof Uint8Array)) throw new Error('it holds no directory')
  const { form, datasets } = decodeKept(body)
  const [dataset] = datasets
  if (dataset === undefined) throw new Error('it holds no directory')
  const stands = (entry: CatalogEntry): boolean => format === FORMAT_VERSION && isDescribed(entry, form)
  const entries = dataset.entries.map((entry) =>
    entry.state !== 'offered' || stands(entry) ? entry : pendingAgain(entry),
  )
  return { dataset: dataset.name, dev, entries }
}

/** Another form has not looked at what files are, or not at the columns of Parquet. */
function isDescribed({ look }: CatalogEntry, form: number): boolean {
  return form > 2 || (form === 2 && look?.content !== 'parquet')
}
