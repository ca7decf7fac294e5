/**
 * One look at an offered directory: which files it has now. Rules, for users to rely on:
 * - regular files, at any depth; names that begin with `_` or `.` are left out, with all below them, as by every reader
 *   of the Hadoop family, but for `_name=value`, a partition; the offer may say `all`; the node's own home always is;
 * - a symbolic link counts as a file or folder of its own path if its target lies inside the directory (a file that is
 *   reached twice counts twice, and is warned of). One that leads out, or to nothing, is unreadable, unless the offer
 *   says to follow or to skip such; around in a circle none is followed;
 * - a name that is not UTF-8, and what cannot be looked at, is listed as unreadable;
 * - what is left out is counted and sampled: nothing is passed over in silence.
 */
import { isUtf8 } from 'node:buffer'
import { basename, join } from 'node:path'
import type { BigIntStats, Dirent } from 'node:fs'
import { LIMITS } from '../core/limits.ts'
import { compareUtf8 } from '../core/plan/ranks.ts'
import type { Bytes, Witness } from '../core/types.ts'
import type { RootFacts } from './body.ts'
import { isNetworkFilesystem, machineId } from './filesystem.ts'
import { isGone, systemFailure, systemFiles, witnessOf, type Files } from './files.ts'
import { LeftOutBook } from './left-out.ts'
import { isInside, type DataOffer } from './offer.ts'
import { isHidden, isShardPath } from './path.ts'
import { formatByFolder, namesOf, tableFormatOf, TELLING_FOLDERS, type Table } from './table-formats.ts'
import { Warnings } from './warnings.ts'

export interface FoundFile {
  readonly path: string
  readonly size: Bytes
  readonly witness: Witness
}

export interface RootScan {
  /** The device of the directory itself. */
  readonly dev: string
  /** By path. */
  readonly files: readonly FoundFile[]
  /** By path; a folder's ends in `/`. */
  readonly unreadable: readonly { readonly path: string; readonly why: string }[]
  readonly warnings: readonly string[]
  readonly facts: RootFacts
}

/** Files looked at side by side: enough to keep the four threads of Node's pool busy. */
const LOOKS = 8

export interface ScanOptions {
  readonly files?: Files
  /** A folder, by its absolute path without links, that is passed over: the node's own home. */
  readonly except?: string
  readonly signal?: AbortSignal
  /** Called for each file: whoever waits for the scan sees that it moves. */
  readonly moved?: () => void
}

/**
 * Scans one offered directory. Rejects with the system's error when the directory itself cannot be listed, and with an
 * AbortError. The answer is in UTF-8 order of the paths.
 */
export async function scanRoot(offer: DataOffer, options: ScanOptions = {}): Promise<RootScan> {
  const files = options.files ?? systemFiles
  const root = await files.realpath(offer.dir)
  if (root === options.except) throw new Error('it is the home folder of this node, which holds its keys')
  const facts = await files.stat(root)
  const walk = new Walk(root, offer, files, options)
  if (offer.files === undefined) await walk.folder({ path: '', real: root, chain: [root] }, await files.list(root))
  else await each(offer.files, (path) => walk.listed(path))
  return await walk.result(String(facts.dev))
}

/** A folder being walked: `real` without links, `chain` the real folders from the root down to it. */
interface Folder {
  readonly path: string
  readonly real: string
  readonly chain: readonly string[]
}

class Walk {
  readonly #root: string
  readonly #offer: DataOffer
  readonly #files: Files
  readonly #options: ScanOptions
  readonly #found = new Map<string, FoundFile>()
  readonly #unreadable = new Map<string, string>()
  readonly #warnings = new Warnings()
  readonly #leftOut = new LeftOutBook()
  readonly #tables = new Map<string, Table>()
  /** Folders that were looked at for tables, where the offer names files. */
  readonly #looked = new Set<string>()
  /** Device number → a file on it. */
  readonly #devices = new Map<string, string>()
  /** Files reached through a link, with their own absolute paths. */
  readonly #linked: { readonly path: string; readonly real: string }[] = []

  constructor(root: string, offer: DataOffer, files: Files, options: ScanOptions) {
    this.#root = root
    this.#offer = offer
    this.#files = files
    this.#options = options
  }

  async folder(folder: Folder, entries: readonly Dirent<Buffer>[]): Promise<void> {
    this.#noteTable(folder.path, entries)
    const below: Folder[] = []
    await each(entries, async (entry) => {
      this.#options.signal?.throwIfAborted()
      const path = this.#pathOf(folder, entry)
      if (path === null) return
      const next = await this.#guard(path, () => this.#entry(folder, entry, path))
      if (next) below.push(next)
    })
    for (const next of below) {
      const list = await this.#guard(`${next.path}/`, () => this.#files.list(join(this.#root, next.path)))
      if (list) await this.folder(next, list)
    }
  }

  /** A file that the offer names: looked at directly, but under the same rules. */
  async listed(path: string): Promise<void> {
    this.#options.signal?.throwIfAborted()
    if (!isShardPath(path)) throw new Error(`not a path of a shard: ${JSON.stringify(path)}`)
    const segments = path.split('/')
    for (let depth = 0; depth < segments.length; depth++) await this.#lookForTable(segments.slice(0, depth).join('/'))
    if (this.#offer.all !== true && segments.some(isHidden)) return this.#leftOut.add('hidden', path)
    await this.#guard(path, async () => {
      const facts = await this.#files.lstat(join(this.#root, path))
      if (facts.isFile()) this.#add(path, facts, join(this.#root, path))
      else if (facts.isSymbolicLink()) await this.#link({ path: '', real: this.#root, chain: [] }, path)
      else if (!facts.isDirectory()) this.#leftOut.add('special', path)
      return null
    })
  }

  async result(dev: string): Promise<RootScan> {
    this.#warnOfTwice()
    const unreadable = [...this.#unreadable].map(([path, why]) => ({ path, why }))
    const networks: string[] = []
    for (const [device, path] of this.#devices)
      if (await isNetworkFilesystem(join(this.#root, path))) networks.push(device)
    return {
      dev,
      files: [...this.#found.values()].toSorted((a, b) => compareUtf8(a.path, b.path)),
      unreadable: unreadable.toSorted((a, b) => compareUtf8(a.path, b.path)),
      warnings: this.#warnings.lines(),
      facts: {
        leftOut: this.#leftOut.all(),
        tables: [...this.#tables.values()].toSorted((a, b) => compareUtf8(a.path, b.path)),
        machine: machineId(),
        networks: networks.toSorted(compareUtf8),
      },
    }
  }

  async #lookForTable(path: string): Promise<void> {
    if (this.#looked.has(path)) return
    this.#looked.add(path)
    const list = await this.#guard(`${path}/`, () => this.#files.list(join(this.#root, path)))
    if (list === null) return
    this.#noteTable(path, list)
    const names = namesOf(list)
    for (const folder of TELLING_FOLDERS)
      if (names.has(folder)) await this.#lookForTable(path === '' ? folder : `${path}/${folder}`)
  }

  #noteTable(path: string, entries: readonly Dirent<Buffer>[]): void {
    const format = tableFormatOf(namesOf(entries.filter((entry) => entry.isDirectory())))
    if (format !== null) this.#tables.set(path, { path, format })
    const above = path.slice(0, Math.max(0, path.lastIndexOf('/')))
    const told = path === '' ? null : formatByFolder(basename(path), namesOf(entries))
    if (told !== null) this.#tables.set(above, { path: above, format: told })
  }

  /** null (and noted) where the name is no data, or has no form as a path. */
  #pathOf(folder: Folder, entry: Dirent<Buffer>): string | null {
    const prefix = folder.path === '' ? '' : `${folder.path}/`
    const name = isUtf8(entry.name) ? entry.name.toString() : printable(entry.name)
    const path = prefix + name
    if (this.#offer.all !== true && isHidden(name)) {
      this.#leftOut.add('hidden', path.slice(0, SHOWN))
      return null
    }
    if (!isUtf8(entry.name)) {
      this.#unreadable.set(path, 'its name is not UTF-8')
      return null
    }
    if (isShardPath(path)) return path
    this.#leftOut.add('long', path.slice(0, SHOWN))
    return null
  }

  /** Adds a file, or gives the folder to go on with. */
  async #entry(folder: Folder, entry: Dirent<Buffer>, path: string): Promise<Folder | null> {
    if (entry.isSymbolicLink()) return this.#link(folder, path)
    if (entry.isDirectory()) {
      const real = join(folder.real, entry.name.toString())
      if (real === this.#options.except) this.#leftOut.add('home', path)
      return real === this.#options.except ? null : { path, real, chain: [...folder.chain, real] }
    }
    const facts = await this.#files.stat(join(this.#root, path))
    if (facts.isFile()) this.#add(path, facts, join(folder.real, entry.name.toString()))
    else this.#leftOut.add('special', path)
    return null
  }

  async #link(folder: Folder, path: string): Promise<Folder | null> {
    const target = await this.#target(path)
    if (target === null) return this.#strayLink(path, 'it is a link to nothing')
    const facts = await this.#files.stat(target)
    if (!isInside(target, this.#root) && this.#offer.links !== 'follow')
      return this.#strayLink(facts.isDirectory() ? `${path}/` : path, `it is a link that leads out, to ${target}`)
    if (facts.isFile()) this.#add(path, facts, target)
    else if (!facts.isDirectory()) this.#leftOut.add('special', path)
    if (!facts.isDirectory()) return null
    if (target === this.#options.except) this.#leftOut.add('home', path)
    else if (folder.chain.includes(target)) this.#leftOut.add('loop', path)
    else return { path, real: target, chain: [...folder.chain, target] }
    return null
  }

  /** Only the person who offers the directory can say whether what a link out of it leads to is data. */
  #strayLink(path: string, why: string): null {
    if (this.#offer.links === 'skip') this.#leftOut.add('link', path)
    else this.#unreadable.set(path, why)
    return null
  }

  async #target(path: string): Promise<string | null> {
    try {
      return await this.#files.realpath(join(this.#root, path))
    } catch (error) {
      const circle = error instanceof Error && 'code' in error && error.code === 'ELOOP'
      if (!circle && !isGone(error)) throw error
      // Throws if the link itself is gone by now; then it is left out like any file that went away.
      await this.#files.lstat(join(this.#root, path))
      return null
    }
  }

  /** `real` is the file's own absolute path, without links. */
  #add(path: string, facts: BigIntStats, real: string): void {
    this.#options.moved?.()
    if (real !== join(this.#root, path)) this.#linked.push({ path, real })
    const witness = witnessOf(facts)
    if (!this.#devices.has(witness.dev)) this.#devices.set(witness.dev, path)
    this.#found.set(path, { path, size: Number(facts.size), witness })
    if (this.#found.size > LIMITS.shardsMax) throw new Error(`it has more than ${LIMITS.shardsMax} files`)
  }

  /** A file that is reached by its own path and by a link, or by two links, counts twice: right or not, it is said. */
  #warnOfTwice(): void {
    const seen = new Set<string>()
    for (const { path, real } of this.#linked) {
      const own = isInside(real, this.#root) ? real.slice(this.#root.length + 1) : ''
      if (this.#found.has(own) || seen.has(real))
        this.#warnings.add('files offered through a link as well, which count twice', path)
      seen.add(real)
    }
  }

  /** What is gone meanwhile is no part of the answer; what the system refuses is unreadable. */
  async #guard<T>(path: string, look: () => Promise<T>): Promise<T | null> {
    try {
      return await look()
    } catch (error) {
      if (isGone(error)) return null
      const why = systemFailure(error)
      if (why === null) throw error
      this.#unreadable.set(path, why)
      return null
    }
  }
}

/** So much of a long path is named. */
const SHOWN = 100

/** A name that is not UTF-8, with the bytes that are not ASCII as `\xHH`. */
function printable(name: Buffer): string {
  const text = [...name].map((byte) => (byte < 0x80 ? String.fromCharCode(byte) : `\\x${byte.toString(16)}`))
  return basename(text.join(''))
}

/** Runs `work` over the items, LOOKS at a time, in no certain order; rejects with the first failure. */
async function each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0
  const runner = async (): Promise<void> => {
    while (next < items.length) await work(items[next++]!)
  }
  await Promise.all(Array.from({ length: Math.min(LOOKS, items.length) }, runner))
}
