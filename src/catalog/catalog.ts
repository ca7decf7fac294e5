/**
 * What this node offers, always as one published body: a change is on this node's disk before anyone hears of it.
 * `scan.ts` looks at directories, `content.ts` into files, `root.ts` decides what state a directory is in; here they
 * are set in motion: by `start`, by a poll, and afresh for each submission by `answerScan`.
 */
import { dirname } from 'node:path'
import { ShoalError } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'
import type { Bytes, Millis, ReadOptions, Shard, ShardCopy } from '../core/types.ts'
import type { Clock, Disk } from '../ports.ts'
import type { CatalogBody, CatalogEntry, DescribedShard, ScanAnswer, ScanInput } from './body.ts'
import { datasetsOf } from './body-of.ts'
import { lookInto, type Content } from './content.ts'
import { DescribeAs } from './describe-as.ts'
import { Describer } from './describer.ts'
import { finishes } from './finishes.ts'
import { systemFiles, type Files } from './files.ts'
import { globMatcher } from './glob.ts'
import { CatalogMemory } from './memory.ts'
import { nearest } from '../words/nearest.ts'
import { checkOffers, rootId, type DataOffer } from './offer.ts'
import { Publisher } from './publisher.ts'
import { OfferedRoot } from './root.ts'
import { cannotOffer, RootScanner, type ScanOutcome } from './root-scanner.ts'
import { scanRoot, type ScanOptions } from './scan.ts'
import { countLines, pinnedFile, readPinned } from './shard-bytes.ts'

export interface CatalogOptions {
  readonly offers: readonly DataOffer[]
  readonly disk: Disk
  readonly clock: Clock
  /** Called after each publication, with the new version. */
  readonly onChange: (version: number) => void
  /** null: directories are looked at only when someone asks. Default LIMITS.pollMs. */
  readonly pollMs?: Millis | null
  readonly files?: Files
  /**
   * The node is there for one command, in a home that goes with it: nothing is remembered, no directory is polled, nobody
   * is told of changes but who waits for them, and the look with which it starts, which began after the command did, is
   * fresh for the first submission.
   */
  readonly local?: boolean
}

interface Member {
  readonly root: OfferedRoot
  readonly scanner: RootScanner
}

/** A scan whose files changed while they were described is repeated so often (see CHANGES_MAX in `root.ts`). */
const SETTLE_ROUNDS = 4

export class Catalog {
  readonly #options: CatalogOptions
  readonly #files: Files
  readonly #describer: Describer
  readonly #describeAs: DescribeAs
  readonly #memory: CatalogMemory
  readonly #publisher: Publisher
  readonly #stopped = new AbortController()
  readonly #members = new Map<string, Member>()
  /** Counts the beginnings of scans, of all directories together. */
  #moment = 0
  /** Nobody has asked yet, and the scan of the start will do. */
  #startIsFresh: boolean
  #progress = 0
  #poll: NodeJS.Timeout | null = null
  /** What the last look found, and how many in a row found the same. */
  #lastFound = ''
  #unchanged = 0

  /** Throws USAGE, DATASET_MODE or LIMIT for offers that do not go together. */
  constructor(options: CatalogOptions) {
    checkOffers(options.offers)
    this.#options = options
    this.#startIsFresh = options.local === true
    this.#files = options.files ?? systemFiles
    const moved = (): void => void this.#progress++
    this.#describer = new Describer((request, signal) => lookInto(this.#files, request, signal, moved))
    this.#describeAs = new DescribeAs(this.#files, this.#stopped.signal, moved)
    this.#memory = new CatalogMemory(options.disk)
    this.#publisher = new Publisher({
      clock: options.clock,
      body: (version) => ({ version, datasets: datasetsOf(this.#roots()) }),
      save: (version) => (options.local === true ? Promise.resolve() : this.#memory.save(this.#roots(), version)),
      published: options.onChange,
      onlyFlushed: options.local === true,
    })
  }

  /**
   * Loads what is remembered, looks at each directory once and publishes; files are described after that.
   * Throws DATA_DIR for a directory that cannot be listed and has never been known, NODE_SETUP for a damaged memory.
   */
  async start(): Promise<void> {
    try {
      await this.#begin()
    } catch (error) {
      await this.stop()
      throw error
    }
    const { pollMs = LIMITS.pollMs, local } = this.#options
    this.#schedulePoll(local === true ? null : pollMs)
  }

  async #begin(): Promise<void> {
    await this.#memory.load()
    for (const offer of this.#options.offers) {
      const root = new OfferedRoot(offer, this.#memory.of(rootId(offer)))
      this.#members.set(root.id, this.#member(root))
    }
    this.#publisher.resume(this.#memory.version)
    await this.#scan([...this.#members.values()], this.#moment)
    for (const root of this.#roots()) {
      if (!root.known) throw cannotOffer(root.offer, root.facts().why)
    }
    this.#publisher.changed()
    await this.#publisher.flush()
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    if (this.#poll !== null) clearTimeout(this.#poll)
    this.#describer.stop()
    await this.#publisher.stop()
  }

  version(): number {
    return this.record().version
  }

  /** The published catalog; it is on disk. */
  record(): CatalogBody {
    return this.#publisher.body
  }

  /** Moves with every file looked at and every piece of one that is read. */
  progress(): number {
    return this.#progress
  }

  /** For people: links that lead out, files that count twice, a catalog that cannot be saved. */
  warnings(): string[] {
    const lines = this.#roots().flatMap(({ offer, warnings }) => warnings.map((line) => `${offer.name}: ${line}`))
    const { trouble } = this.#publisher
    return trouble === null ? lines : [...lines, trouble]
  }

  /** The published entries of a dataset, by (path, root). */
  entries(dataset: string): readonly CatalogEntry[] {
    return entriesOf(this.record(), dataset)
  }

  /** The absolute path of a shard that is offered now; null for any other. Readers compare its witness once it is open. */
  resolve(root: string, path: string): string | null {
    return this.#members.get(root)?.root.resolve(path) ?? null
  }

  /** Whether a shard's copy is on a disk of this machine, so that the system answers for its open file at once. */
  isNear({ root, witness }: ShardCopy): boolean {
    return this.#members.get(root)?.root.isNear(witness.dev) ?? false
  }

  /** Bytes [start, end) of a shard as a snapshot has pinned it. Throws SHARD_CHANGED, see `shard-bytes.ts`. */
  async readPinned(shard: Shard, copy: ShardCopy, start: Bytes, end: Bytes): Promise<Uint8Array> {
    return await readPinned(this.#files, pinnedFile(this.resolve(copy.root, shard.path), shard, copy), start, end)
  }

  /** How many lines end in [start, end) of it. */
  async countLines(shard: Shard, copy: ShardCopy, start: Bytes, end: Bytes): Promise<number> {
    return await countLines(this.#files, pinnedFile(this.resolve(copy.root, shard.path), shard, copy), start, end)
  }

  /**
   * Looks at the directories now (those of all datasets, if none are named) and describes what is new. Resolves when
   * all that is published; when the signal fires, with what there is: the rest is pending.
   */
  async rescan(datasets?: readonly string[], signal?: AbortSignal): Promise<void> {
    const members = this.#membersOf(datasets)
    for (const { root } of members) if (root.retryUnreadable()) this.#publisher.changed()
    await this.#settle(members, this.#moment, signal ?? this.#stopped.signal)
    await this.#publisher.flush()
  }

  /**
   * A fresh scan for a submission. `walk` is null at first; a caller whose answer is not settled asks again with the
   * answer's `walk`, for as long as `progress` moves. Answers within about LIMITS.scanAnswerMs, or when the signal fires.
   */
  async answerScan(inputs: readonly ScanInput[], walk: number | null, signal: AbortSignal): Promise<ScanAnswer> {
    const moment = walk === null ? this.#momentOfAsking() : Math.min(walk, this.#moment)
    const soon = AbortSignal.any([signal, AbortSignal.timeout(LIMITS.scanAnswerMs)])
    const members = this.#membersOf(inputs.map(({ dataset }) => dataset))
    if (walk === null) for (const { root } of members) if (root.retryUnreadable()) this.#publisher.changed()
    const fresh = await this.#settle(members, moment, soon)
    await this.#publisher.flush()
    const body = this.record()
    const described: DescribedShard[][] = []
    let settled = fresh
    for (const { dataset, glob, options } of inputs) {
      const matches = globMatcher(glob)
      settled &&= !hasPending(body, dataset, matches)
      described.push(fresh ? await this.#described(body, dataset, matches, options, soon) : [])
      settled &&= Object.keys(options).length === 0 || !soon.aborted
    }
    return { body, fresh, settled, walk: moment, progress: this.#progress, described }
  }

  /** Offered shards as these options cut them, where that differs from what their names say. */
  async describeAs(
    dataset: string,
    paths: readonly string[],
    options: ReadOptions,
    signal?: AbortSignal,
  ): Promise<DescribedShard[]> {
    const wanted = new Set(paths)
    return this.#described(this.record(), dataset, (path) => wanted.has(path), options, signal ?? this.#stopped.signal)
  }

  /** Scans that began later are fresh for who asks now. */
  #momentOfAsking(): number {
    const moment = this.#startIsFresh ? 0 : this.#moment
    this.#startIsFresh = false
    return moment
  }

  /**
   * Gives up what is remembered of this dataset's directories that are away, and of those not offered any more.
   * Throws NO_DATA where this node knows no such dataset.
   */
  async forget(dataset: string): Promise<void> {
    const members = this.#membersOf([dataset])
    const gone = this.#memory.unlisted(dataset, new Set(this.#members.keys()))
    if (members.length + gone.length === 0) throw this.#unknown(dataset)
    for (const root of gone) await this.#memory.remove(root)
    for (const { root } of members) if (root.forget()) this.#publisher.changed()
    await this.#scan(members, this.#moment)
    await this.#publisher.flush()
  }

  #unknown(dataset: string): ShoalError {
    const names = [...new Set(this.#roots().map(({ offer }) => offer.name))]
    return new ShoalError('NO_DATA', `this node offers no dataset ${JSON.stringify(dataset)}`, {
      why: names.length === 0 ? 'it offers none' : `it offers ${names.join(', ')}`,
      try: nearest(dataset, names).map((name) => `shoal data forget ${name}`),
    })
  }

  #roots(): OfferedRoot[] {
    return [...this.#members.values()].map(({ root }) => root)
  }

  #membersOf(datasets: readonly string[] | undefined): Member[] {
    const all = [...this.#members.values()]
    return datasets === undefined ? all : all.filter(({ root }) => datasets.includes(root.offer.name))
  }

  #member(root: OfferedRoot): Member {
    const options: ScanOptions = {
      files: this.#files,
      except: dirname(this.#options.disk.path('catalog')),
      signal: this.#stopped.signal,
      moved: () => void this.#progress++,
    }
    const scan = (): ReturnType<typeof scanRoot> => scanRoot(root.offer, options)
    const apply = (outcome: ScanOutcome): void => this.#apply(root, outcome)
    return { root, scanner: new RootScanner(root.offer, scan, () => ++this.#moment, apply) }
  }

  async #scan(members: readonly Member[], moment: number): Promise<void> {
    await Promise.all(members.map(({ scanner }) => scanner.since(moment)))
  }

  /** True when all were scanned since `moment` before the signal fired; files that keep changing may still be pending. */
  async #settle(members: readonly Member[], moment: number, signal: AbortSignal): Promise<boolean> {
    let since = moment
    for (let round = 0; round < SETTLE_ROUNDS; round++) {
      if (!(await finishes(this.#scan(members, since), signal))) return round > 0
      while (members.some(({ root }) => this.#describer.left(root.id) > 0)) {
        if (!(await finishes(this.#describer.next(), signal))) return true
      }
      if (members.every(({ root }) => root.pending === 0)) return true
      since = this.#moment
    }
    return true
  }

  #apply(root: OfferedRoot, outcome: ScanOutcome): void {
    if (this.#stopped.signal.aborted) return
    const before = root.requests()
    const changed = 'scan' in outcome ? root.applyScan(outcome.scan) : root.applyMissing(outcome.missing)
    if (changed) this.#publisher.changed()
    const now = root.requests()
    const wanted = new Set(now.map(({ path }) => path))
    for (const { path } of before) if (!wanted.has(path)) this.#describer.drop(root.id, path)
    for (const request of now) {
      const done = (content: Content): void => {
        this.#progress++
        if (root.applyContent(request, content)) this.#publisher.changed()
      }
      this.#describer.add({ root: root.id, request, done })
    }
  }

  async #described(
    body: CatalogBody,
    dataset: string,
    matches: (path: string) => boolean,
    options: ReadOptions,
    signal: AbortSignal,
  ): Promise<DescribedShard[]> {
    if (Object.keys(options).length === 0) return []
    const offered = entriesOf(body, dataset).filter(({ state, path }) => state === 'offered' && matches(path))
    const requests = offered.flatMap((entry) => {
      const root = this.#members.get(entry.root)?.root
      return root === undefined ? [] : [{ root: entry.root, request: root.requestOf(entry), look: entry.look }]
    })
    return this.#describeAs.describe(requests, options, signal)
  }

  #schedulePoll(delayMs: Millis | null): void {
    if (delayMs === null || this.#stopped.signal.aborted) return
    this.#poll = setTimeout(() => void this.#runPoll(), delayMs).unref()
  }

  async #runPoll(): Promise<void> {
    const { clock } = this.#options
    const began = clock.now()
    try {
      await this.#scan([...this.#members.values()], this.#moment)
    } catch (error) {
      if (!this.#stopped.signal.aborted) throw error
    }
    const found = this.#stateNow()
    this.#unchanged = found === this.#lastFound ? this.#unchanged + 1 : 0
    this.#lastFound = found
    this.#schedulePoll(pollPause(this.#options.pollMs ?? LIMITS.pollMs, this.#unchanged, clock.now() - began))
  }

  /** What a look finds shows in this. */
  #stateNow(): string {
    return this.#roots()
      .map((root) => `${root.id} ${root.revision} ${root.pending} ${JSON.stringify(root.facts())}`)
      .join('\n')
  }
}

/** How long until the next look at the directories, after so many in a row that found nothing new and took so long. */
export function pollPause(pollMs: Millis, unchanged: number, tookMs: Millis): Millis {
  const least = Math.max(pollMs, LIMITS.pollIdleFactor * tookMs)
  if (unchanged === 0) return least
  const often = Math.min(LIMITS.pollQuietMs, pollMs * 2 ** Math.min(unchanged, 20))
  const seldom = Math.min(LIMITS.pollQuietMaxMs, LIMITS.pollQuietFactor * tookMs)
  return Math.max(least, often, seldom)
}

function entriesOf(body: CatalogBody, dataset: string): readonly CatalogEntry[] {
  return body.datasets.find(({ name }) => name === dataset)?.entries ?? []
}

/** Of directories that are there: what is away is not worked on. */
function hasPending(body: CatalogBody, dataset: string, matches: (path: string) => boolean): boolean {
  const roots = body.datasets.find(({ name }) => name === dataset)?.roots ?? []
  const there = new Set(roots.filter(({ state }) => state === 'ok').map(({ root }) => root))
  return entriesOf(body, dataset).some(
    ({ state, root, path }) => state === 'pending' && there.has(root) && matches(path),
  )
}
