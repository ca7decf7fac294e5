import { join } from 'node:path'
import type { Witness } from '../core/types.ts'
import { NO_FACTS, sameWitness, type CatalogEntry, type CatalogRoot, type RootFacts } from './body.ts'
import { ColumnTexts } from './column-texts.ts'
import type { Content, ContentRequest } from './content.ts'
import { compareEntries } from './codec.ts'
import { joinLeftOut, LeftOutBook } from './left-out.ts'
import { rootId, type DataOffer } from './offer.ts'
import type { FoundFile, RootScan } from './scan.ts'

/** What is remembered of a directory over restarts, beside its entries. */
export interface RootMemory {
  /** The directory's device when it was last in order; '' if it never was, or has been forgotten. */
  readonly dev: string
  readonly entries: readonly CatalogEntry[]
}

/** What a folder that cannot be read has instead of facts. */
const NO_WITNESS: Witness = { dev: '0', ino: '0', mtimeNs: '0', ctimeNs: '0' }

/** A file that changes so often in a row while it is read is not waited for any longer. */
const CHANGES_MAX = 3

/**
 * One offered directory: its entries, and whether it is there. Each scan is applied whole. A directory that is missing,
 * newly empty or on another disk than before is away: its entries stay as they are remembered, until it is back or
 * `forget` is called. (An unmounted disk would otherwise shrink a bill without a word.)
 */
export class OfferedRoot {
  readonly offer: DataOffer
  readonly id: string
  #dev: string
  #entries: Map<string, CatalogEntry>
  #state: CatalogRoot['state'] = 'ok'
  #why = ''
  #warnings: readonly string[] = []
  #pending = 0
  #revision = 1
  #facts: RootFacts = NO_FACTS
  /** Receipts of Shoal, which are no data: known, so that they need not be looked into again. */
  #receipts = new Map<string, FoundFile>()
  readonly #texts = new ColumnTexts()
  /** How often in a row a file was not, when it was looked into, what the scan had found. */
  readonly #changing = new Map<string, number>()

  constructor(offer: DataOffer, memory: RootMemory | null) {
    this.offer = offer
    this.id = rootId(offer)
    this.#dev = memory?.dev ?? ''
    this.#entries = new Map(memory?.entries.map((entry) => [entry.path, inMode(entry, offer.replicated)]))
    this.#pending = countPending(this.#entries)
    this.#texts.keepOnly(this.#entries.values())
  }

  facts(): CatalogRoot {
    const receipts = new LeftOutBook()
    for (const path of this.#receipts.keys()) receipts.add('receipt', path)
    const leftOut = joinLeftOut([...this.#facts.leftOut, ...receipts.all()])
    return { root: this.id, state: this.#state, why: this.#why, ...this.#facts, leftOut }
  }

  memory(): RootMemory {
    return { dev: this.#dev, entries: [...this.#entries.values()] }
  }

  /** In UTF-8 order of the paths. */
  entries(): Iterable<CatalogEntry> {
    return this.#entries.values()
  }

  /** Rises when `memory` gives something new. */
  get revision(): number {
    return this.#revision
  }

  get warnings(): readonly string[] {
    return this.#warnings
  }

  /** Entries being described; 0 while it is away, when nothing can be. */
  get pending(): number {
    return this.#state === 'away' ? 0 : this.#pending
  }

  /** Known to this home: there was something to lose. */
  get known(): boolean {
    return this.#dev !== ''
  }

  /** The file's absolute path, if it is offered now. */
  resolve(path: string): string | null {
    if (this.#state === 'away' || this.#entries.get(path)?.state !== 'offered') return null
    return join(this.offer.dir, path)
  }

  /** The directory cannot be listed at all. True if that changes anything. */
  applyMissing(why: string): boolean {
    if (this.known) return this.#away(why)
    return this.#setState('ok', why)
  }

  /**
   * Takes over what a scan found; true if that changes anything. Facts of files whose witness is the same are kept,
   * all others are pending: see `requests`.
   */
  applyScan(scan: RootScan): boolean {
    this.#warnings = scan.warnings
    if (scan.files.length + scan.unreadable.length === 0 && this.#entries.size > 0) {
      return this.#away(`${this.offer.dir} is empty; it had ${this.#entries.size} shards`)
    }
    if (this.known && this.#dev !== scan.dev && this.#entries.size > 0 && !this.#isSameDisk(scan.files)) {
      return this.#away(`${this.offer.dir} is on another disk than before`)
    }
    const back = this.#setState('ok', '')
    const moved = this.#dev !== scan.dev
    this.#dev = scan.dev
    const replaced = this.#replaceEntries(scan)
    if (moved || replaced) this.#revision++
    const told = JSON.stringify(this.#facts) !== JSON.stringify(scan.facts)
    this.#facts = scan.facts
    return moved || replaced || back || told
  }

  /**
   * Whether this device, which files of the directory are on, is known to be a disk of this machine: only of Linux that is
   * known, see `isNetworkFilesystem`.
   */
  isNear(dev: string): boolean {
    return process.platform === 'linux' && !this.#facts.networks.includes(dev)
  }

  /** What is still to be described. */
  requests(): ContentRequest[] {
    if (this.#state === 'away') return []
    const pending = [...this.#entries.values()].filter(({ state }) => state === 'pending')
    return pending.map((entry) => this.requestOf(entry))
  }

  requestOf(entry: CatalogEntry): ContentRequest {
    return {
      absolute: join(this.offer.dir, entry.path),
      path: entry.path,
      near: this.isNear(entry.witness.dev),
      size: entry.size,
      witness: entry.witness,
      options: {},
      receipts: this.offer.all !== true,
      hash: this.offer.replicated,
    }
  }

  /** Takes over what was found in a file; false if the entry is not the one any more that was asked about. */
  applyContent(request: ContentRequest, content: Content): boolean {
    const entry = this.#entries.get(request.path)
    if (entry?.state !== 'pending') return false
    if (!sameWitness(entry.witness, request.witness) || entry.size !== request.size) return false
    const changes = content.kind === 'changed' ? (this.#changing.get(request.path) ?? 0) + 1 : 0
    if (changes === 0) this.#changing.delete(request.path)
    else this.#changing.set(request.path, changes)
    if (content.kind === 'changed' && changes < CHANGES_MAX) return false
    this.#pending--
    this.#revision++
    if (content.kind === 'receipt') {
      this.#entries.delete(request.path)
      this.#receipts.set(request.path, { path: request.path, size: request.size, witness: request.witness })
      return true
    }
    this.#entries.set(entry.path, { ...entry, ...factsOf(content), ...this.#texts.of(columnsOf(content)) })
    return true
  }

  /** Files that could not be read are pending again; true if there are any. What the system refused may be granted now. */
  retryUnreadable(): boolean {
    let any = false
    for (const [path, entry] of this.#entries) {
      if (entry.state !== 'unreadable' || entry.witness.ino === NO_WITNESS.ino) continue
      const { why: _, ...facts } = entry
      this.#entries.set(path, { ...facts, state: 'pending' })
      this.#pending++
      any = true
    }
    if (any) this.#revision++
    return any
  }

  /** Gives up what is remembered of a directory that is away; true if it was. */
  forget(): boolean {
    if (this.#state === 'ok') return false
    this.#entries = new Map()
    this.#pending = 0
    this.#dev = ''
    this.#revision++
    return this.#setState('ok', `${this.#why}; forgotten`)
  }

  #away(why: string): boolean {
    return this.#setState('away', why)
  }

  #setState(state: CatalogRoot['state'], why: string): boolean {
    const changed = this.#state !== state || this.#why !== why
    this.#state = state
    this.#why = why
    return changed
  }

  /** A disk that got another number (after a reboot) still has files with the very inode and times that they had. */
  #isSameDisk(files: readonly FoundFile[]): boolean {
    return files.some(({ path, witness }) => {
      const known = this.#entries.get(path)?.witness
      return known !== undefined && sameWitness({ ...known, dev: witness.dev }, witness)
    })
  }

  #replaceEntries(scan: RootScan): boolean {
    const receipts = scan.files.filter((file) => isSameFile(this.#receipts.get(file.path), file))
    this.#receipts = new Map(receipts.map((file) => [file.path, file]))
    const data = scan.files.filter(({ path }) => !this.#receipts.has(path))
    const next = data.map((file) => this.#kept(file) ?? this.#pendingEntry(file))
    for (const { path, why } of scan.unreadable) {
      const known = this.#entries.get(path)
      next.push(known?.state === 'unreadable' && known.why === why ? known : unreadableEntry(this.id, path, why))
    }
    if (scan.unreadable.length > 0) next.sort(compareEntries)
    const same = next.length === this.#entries.size && next.every((entry) => this.#entries.get(entry.path) === entry)
    this.#entries = new Map(next.map((entry) => [entry.path, entry]))
    this.#pending = countPending(this.#entries)
    if (!same) this.#texts.keepOnly(next)
    for (const path of this.#changing.keys()) if (!this.#entries.has(path)) this.#changing.delete(path)
    return !same
  }

  /** The entry as it is known, if the file is the same and its facts suffice. */
  #kept(file: FoundFile): CatalogEntry | null {
    const known = this.#entries.get(file.path)
    if (known === undefined || !isSameFile(known, file)) return null
    if (known.state !== 'offered') return known
    return (known.hash !== undefined) === this.offer.replicated ? known : null
  }

  #pendingEntry(file: FoundFile): CatalogEntry {
    const { path, size, witness } = file
    return {
      path,
      root: this.id,
      size,
      witness,
      cuts: { kind: 'whole' },
      state: 'pending',
      mtime: isoTime(witness.mtimeNs),
    }
  }
}

function isSameFile(known: Pick<FoundFile, 'size' | 'witness'> | undefined, file: FoundFile): boolean {
  return known !== undefined && known.size === file.size && sameWitness(known.witness, file.witness)
}

function factsOf(content: Exclude<Content, { kind: 'receipt' }>): Pick<CatalogEntry, 'state'> & Partial<CatalogEntry> {
  if (content.kind === 'changed') return { state: 'unreadable', why: 'it keeps changing while it is read' }
  if (content.kind === 'unreadable') return { state: 'unreadable', why: content.why }
  const { cuts, look, doubt, hash } = content
  return {
    ...{ state: 'offered', cuts, look },
    ...(doubt === undefined ? {} : { doubt }),
    ...(hash === undefined ? {} : { hash }),
  }
}

const columnsOf = (content: Content): string | undefined => (content.kind === 'offered' ? content.columns : undefined)

/** A directory that was offered in the other mode is described anew. */
function inMode(entry: CatalogEntry, replicated: boolean): CatalogEntry {
  if (entry.state !== 'offered' || (entry.hash !== undefined) === replicated) return entry
  return pendingAgain(entry)
}

/** What was found in the file is found anew. */
export function pendingAgain(entry: CatalogEntry): CatalogEntry {
  const { hash: _hash, look: _look, doubt: _doubt, columns: _columns, ...facts } = entry
  return { ...facts, cuts: { kind: 'whole' }, state: 'pending' }
}

function unreadableEntry(root: string, path: string, why: string): CatalogEntry {
  const facts = { size: 0, witness: NO_WITNESS, cuts: { kind: 'whole' } } as const
  return { path, root, ...facts, state: 'unreadable', why, mtime: isoTime('0') }
}

function countPending(entries: ReadonlyMap<string, CatalogEntry>): number {
  let count = 0
  for (const { state } of entries.values()) if (state === 'pending') count++
  return count
}

/** A time stamp that no calendar has becomes the nearest that one has. */
function isoTime(ns: string): string {
  const farthest = 8_640_000_000_000_000n
  const ms = BigInt(ns) / 1_000_000n
  return new Date(Number(ms > farthest ? farthest : ms < -farthest ? -farthest : ms)).toISOString()
}
