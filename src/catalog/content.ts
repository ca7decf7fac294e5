/** Looking into a file: can it be read, how may it be cut, what is its hash. */
import { createHash } from 'node:crypto'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { LIMITS } from '../core/limits.ts'
import type { Bytes, Cuts, Digest, ReadOptions, Witness } from '../core/types.ts'
import type { Look } from '../core/look.ts'
import { describe, type Description } from '../data/formats/describe.ts'
import { headDoubt, type Doubt } from '../data/formats/look/doubt.ts'
import { kindProblem } from '../data/formats/look/kinds.ts'
import { lookAt, type Looked } from '../data/formats/look/look.ts'
import { resolveReadOptions } from '../data/formats/options.ts'
import type { RandomAccess } from '../data/formats/source.ts'
import { sameWitness } from './body.ts'
import { isGone, systemFailure, witnessOf, type Files, type OpenedFile } from './files.ts'

/**
 * Time stamps of files move in ticks (10 ms on a kernel with HZ=100): a second edit within the tick of the first does
 * not show in the witness. A file is read only when its last change is older than that.
 */
const TICK_MS = 20

export interface ContentRequest {
  /** Where the file is now. */
  readonly absolute: string
  /** Its path in the dataset: the name says how it is read. */
  readonly path: string
  /** See `Files.open`. */
  readonly near: boolean
  readonly size: Bytes
  readonly witness: Witness
  readonly options: ReadOptions
  /** Whether its content is to be hashed as well. */
  readonly hash: boolean
  /** Whether a receipt of Shoal is to be told apart from data. */
  readonly receipts: boolean
}

export type Content =
  | {
      readonly kind: 'offered'
      readonly look: Look
      readonly cuts: Cuts
      readonly columns?: string
      readonly doubt?: Doubt
      readonly hash?: Digest
    }
  | { readonly kind: 'receipt' }
  | { readonly kind: 'unreadable'; readonly why: string }
  /** It is not, or no longer, the file that was asked for: another scan will say what it is. */
  | { readonly kind: 'changed' }

/**
 * Looks at what a file is, and describes it. Where its cuts or its hash take reading more than its ends, it must be what
 * `witness` says from before the first byte to after the last; else a file that grows is offered all the same, as
 * whoever reads it compares.
 * Reads in pieces of LIMITS.readChunkBytes and lets the event loop run between them; `moved` is called for each.
 * Rejects only when the signal fires. Throws USAGE where the options have no meaning for the file.
 */
export async function lookInto(
  files: Files,
  request: ContentRequest,
  signal: AbortSignal,
  moved: () => void,
): Promise<Content> {
  let handle: OpenedFile
  try {
    handle = await files.open(request.absolute, request.near)
  } catch (error) {
    return failed(error)
  }
  try {
    if (!(await handle.stat()).isFile()) return { kind: 'changed' }
    // Nothing else is read of an empty one.
    if (request.size === 0) await handle.read(new Uint8Array(1), 0, 1, 0)
    const source = new FileSource(handle, request, signal, moved)
    const looked = await lookAt(source)
    if (request.receipts && looked.look.content === 'receipt' && RECEIPT_NAME.test(request.path))
      return { kind: 'receipt' }
    source.beStrict()
    const hash = request.hash ? await hashOf(source) : null
    const { doubt, ...description } = await described(source, request, looked, signal)
    if (source.used && !(await isStill(handle, request))) return { kind: 'changed' }
    return {
      ...{ kind: 'offered', look: looked.look, ...description },
      ...(doubt === null ? {} : { doubt }),
      ...(hash === null ? {} : { hash }),
    }
  } catch (error) {
    return failed(error)
  } finally {
    await handle.close()
  }
}

const RECEIPT_NAME = /(?:^|\/)receipt\.json$/

/** What is refused by its kind is not described. */
async function described(
  source: RandomAccess,
  { path, options, size }: ContentRequest,
  { look, head }: Looked,
  signal: AbortSignal,
): Promise<Description & { readonly doubt: Doubt | null }> {
  const resolved = resolveReadOptions(path, options, look)
  if (kindProblem(path, options, look) !== null) return { cuts: { kind: 'whole' }, doubt: null }
  const { cuts, ...rest } = await describe(source, size, resolved, signal)
  return { cuts: bounded(cuts), ...rest, doubt: head === null ? null : headDoubt(head, options, resolved) }
}

async function isStill(handle: OpenedFile, request: ContentRequest): Promise<boolean> {
  const facts = await handle.stat()
  return facts.isFile() && Number(facts.size) === request.size && sameWitness(witnessOf(facts), request.witness)
}

function failed(error: unknown): Content {
  if (isGone(error) || error instanceof Changed) return { kind: 'changed' }
  const why = systemFailure(error)
  if (why === null) throw error
  return { kind: 'unreadable', why }
}

function bounded(cuts: Cuts): Cuts {
  const many =
    (cuts.kind === 'offsets' && cuts.at.length > LIMITS.cutsPerShardMax) ||
    (cuts.kind === 'row-groups' && cuts.groups.length > LIMITS.cutsPerShardMax)
  return many ? { kind: 'whole' } : cuts
}

async function hashOf(source: RandomAccess): Promise<Digest> {
  const hash = createHash('sha256')
  for (let at = 0; at < source.size;) {
    const chunk = await source.read(at, LIMITS.readChunkBytes)
    if (chunk.length === 0) break
    hash.update(chunk)
    at += chunk.length
    await setImmediate()
  }
  return hash.digest('hex') as Digest
}

class FileSource implements RandomAccess {
  readonly size: Bytes
  readonly #handle: OpenedFile
  readonly #request: ContentRequest
  readonly #signal: AbortSignal
  readonly #moved: () => void
  #buffer = new Uint8Array(0)
  #begun = false
  #strict = false
  #used = false

  constructor(handle: OpenedFile, request: ContentRequest, signal: AbortSignal, moved: () => void) {
    this.size = request.size
    this.#handle = handle
    this.#request = request
    this.#signal = signal
    this.#moved = moved
  }

  /** From here on what is read must be of the very file that the request names. */
  beStrict(): void {
    this.#strict = true
  }

  /** Whether anything was read since: what is found then depends on the content. */
  get used(): boolean {
    return this.#used
  }

  async read(offset: Bytes, length: Bytes): Promise<Uint8Array> {
    this.#signal.throwIfAborted()
    if (!this.#begun) await this.#begin()
    if (this.#strict && !this.#used) await this.#beginStrictly()
    const wanted = Math.max(0, Math.min(length, this.size - offset))
    if (this.#buffer.length < wanted) this.#buffer = new Uint8Array(wanted)
    let done = 0
    while (done < wanted) {
      const { bytesRead } = await this.#handle.read(this.#buffer, done, wanted - done, offset + done)
      if (bytesRead === 0) break
      done += bytesRead
    }
    this.#moved()
    return this.#buffer.subarray(0, done)
  }

  /** The one place where time stamps of files meet the wall clock; a clock that is wrong costs TICK_MS at most. */
  async #begin(): Promise<void> {
    this.#begun = true
    const ageMs = Date.now() - Number(BigInt(this.#request.witness.ctimeNs) / 1_000_000n)
    if (ageMs < TICK_MS) await setTimeout(Math.min(TICK_MS, TICK_MS - ageMs), undefined, { signal: this.#signal })
  }

  async #beginStrictly(): Promise<void> {
    this.#used = true
    if (!(await isStill(this.#handle, this.#request))) throw new Changed()
  }
}

class Changed extends Error {
  override readonly name: string = 'Changed'
}
