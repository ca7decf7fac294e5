/**
 * One look at an offered directory: which files it has now. Rules, for users to rely on:
 * - regular files only, at any depth; names that begin with `.` are skipped, with all below them, and so is the node's
 *   own home;
 * - a symbolic link counts as a file or folder of its own path if its target lies inside the directory (a file that is
 *   reached twice counts twice, and is warned of); links that lead out, to nothing or around in a circle are left out;
 * - a name that is not UTF-8, and what cannot be looked at, is listed as unreadable: nothing is passed over in silence.
 */
import { isUtf8 } from 'node:buffer'
import { basename, join } from 'node:path'
import type { BigIntStats, Dirent } from 'node:fs'
import { LIMITS } from '../core/limits.ts'
import { compareUtf8 } from '../core/plan.ts'
import type { Bytes, Witness } from '../core/types.ts'
import { isGone, systemFailure, systemFiles, witnessOf, type Files } from './files.ts'
import { isInside, type DataOffer } from './offer.ts'
import { isShardPath } from './path.ts'
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
  const walk = new Walk(root, files, options)
  if (offer.files === undefined) await walk.folder({ path: '', real: root, chain: [root] }, await files.list(root))
  else await each(offer.files, (path) => walk.listed(path))
  return walk.result(String(facts.dev))
}

/** A folder being walked: `real` without links, `chain` the real folders from the root down to it. */
interface Folder {
  readonly path: string
  readonly real: string
  readonly chain: readonly string[]
}

class Walk {
  readonly #root: string
  readonly #files: Files
  readonly #options: ScanOptions
  readonly #found = new Map<string, FoundFile>()
  readonly #unreadable = new Map<string, string>()
  readonly #warnings = new Warnings()
  /** Files reached through a link, with their own paths. */
  readonly #linked: { readonly path: string; readonly own: string }[] = []

  constructor(root: string, files: Files, options: ScanOptions) {
    this.#root = root
    this.#files = files
    this.#options = options
  }

  async folder(folder: Folder, entries: readonly Dirent<Buffer>[]): Promise<void> {
    const below: Folder[] = []
    await each(entries, async (entry) => {
      this.#options.signal?.throwIfAborted()
      if (entry.name[0] === 0x2e) return
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
    await this.#guard(path, async () => {
      const facts = await this.#files.lstat(join(this.#root, path))
      if (facts.isFile()) this.#add(path, facts, join(this.#root, path))
      else if (facts.isSymbolicLink()) await this.#link({ path: '', real: this.#root, chain: [] }, path)
      return null
    })
  }

  result(dev: string): RootScan {
    this.#warnOfTwice()
    const unreadable = [...this.#unreadable].map(([path, why]) => ({ path, why }))
    return {
      dev,
      files: [...this.#found.values()].toSorted((a, b) => compareUtf8(a.path, b.path)),
      unreadable: unreadable.toSorted((a, b) => compareUtf8(a.path, b.path)),
      warnings: this.#warnings.lines(),
    }
  }

  /** null (and noted as unreadable) where the name has no form as a path. */
  #pathOf(folder: Folder, entry: Dirent<Buffer>): string | null {
    const prefix = folder.path === '' ? '' : `${folder.path}/`
    const name = isUtf8(entry.name) ? entry.name.toString() : printable(entry.name)
    const path = prefix + name
    if (!isUtf8(entry.name)) {
      this.#unreadable.set(path, 'its name is not UTF-8')
      return null
    }
    if (isShardPath(path)) return path
    this.#warnings.add('paths longer than a file system allows, not offered', path.slice(0, 100))
    return null
  }

  /** Adds a file, or gives the folder to go on with. */
  async #entry(folder: Folder, entry: Dirent<Buffer>, path: string): Promise<Folder | null> {
    if (entry.isSymbolicLink()) return this.#link(folder, path)
    if (entry.isDirectory()) {
      const real = join(folder.real, entry.name.toString())
      if (real === this.#options.except) return null
      return { path, real, chain: [...folder.chain, real] }
    }
    if (!entry.isFile()) return null
    const facts = await this.#files.stat(join(this.#root, path))
    if (facts.isFile()) this.#add(path, facts, join(folder.real, entry.name.toString()))
    return null
  }

  async #link(folder: Folder, path: string): Promise<Folder | null> {
    const target = await this.#target(path)
    if (target === null) return null
    if (!isInside(target, this.#root)) {
      this.#warnings.add('links that lead out of the directory, not offered', path)
      return null
    }
    const facts = await this.#files.stat(target)
    if (facts.isFile()) this.#add(path, facts, target)
    if (!facts.isDirectory() || target === this.#options.except) return null
    if (folder.chain.includes(target)) {
      this.#warnings.add('links to a folder above themselves, not followed', path)
      return null
    }
    return { path, real: target, chain: [...folder.chain, target] }
  }

  async #target(path: string): Promise<string | null> {
    try {
      return await this.#files.realpath(join(this.#root, path))
    } catch (error) {
      const circle = error instanceof Error && 'code' in error && error.code === 'ELOOP'
      if (!circle && !isGone(error)) throw error
      this.#warnings.add('links to nothing, not offered', path)
      return null
    }
  }

  /** `real` is the file's own absolute path, without links. */
  #add(path: string, facts: BigIntStats, real: string): void {
    this.#options.moved?.()
    const own = real.slice(this.#root.length + 1)
    if (own !== path) this.#linked.push({ path, own })
    this.#found.set(path, { path, size: Number(facts.size), witness: witnessOf(facts) })
    if (this.#found.size > LIMITS.shardsMax) throw new Error(`it has more than ${LIMITS.shardsMax} files`)
  }

  /** A file that is reached by its own path and by a link counts twice: right or not, the user should know. */
  #warnOfTwice(): void {
    for (const { path, own } of this.#linked) {
      if (this.#found.has(own)) this.#warnings.add('files offered through a link as well, which count twice', path)
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
