/** Looking into a file: can it be read, how may it be cut, what is its hash. */
import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { LIMITS } from '../core/limits.ts'
import type { Bytes, Cuts, Digest, ReadOptions, Witness } from '../core/types.ts'
import { describe } from '../data/formats/describe.ts'
import { resolveReadOptions } from '../data/formats/options.ts'
import type { RandomAccess } from '../data/formats/source.ts'
import { sameWitness } from './body.ts'
import { isGone, systemFailure, witnessOf, type Files } from './files.ts'

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
  readonly size: Bytes
  readonly witness: Witness
  readonly options: ReadOptions
  /** Whether its content is to be hashed as well. */
  readonly hash: boolean
}

export type Content =
  | { readonly kind: 'offered'; readonly cuts: Cuts; readonly hash?: Digest }
  | { readonly kind: 'unreadable'; readonly why: string }
  /** It is not, or no longer, the file that was asked for: another scan will say what it is now. */
  | { readonly kind: 'changed' }

/**
 * Describes a file that stays as `witness` says from its first byte to its last. It reads in pieces of
 * LIMITS.readChunkBytes and lets the event loop run between them; `moved` is called for each.
 * Rejects only when the signal fires. Throws USAGE where the options have no meaning for the file.
 */
export async function lookInto(
  files: Files,
  request: ContentRequest,
  signal: AbortSignal,
  moved: () => void,
): Promise<Content> {
  const resolved = resolveReadOptions(request.path, request.options)
  let handle: FileHandle
  try {
    handle = await files.open(request.absolute)
  } catch (error) {
    return failed(error)
  }
  try {
    if (!(await isStill(handle, request))) return { kind: 'changed' }
    const ageMs = Date.now() - Number(BigInt(request.witness.ctimeNs) / 1_000_000n)
    if (ageMs < TICK_MS) await setTimeout(Math.min(TICK_MS, TICK_MS - ageMs), undefined, { signal })
    const source = sourceOfFile(handle, request.size, signal, moved)
    if (request.size > 0) await source.read(0, 1)
    const hash = request.hash ? await hashOf(source) : null
    const cuts = await cutsOf(() => describe(source, request.size, resolved, signal))
    if (!(await isStill(handle, request))) return { kind: 'changed' }
    return { kind: 'offered', cuts, ...(hash === null ? {} : { hash }) }
  } catch (error) {
    return failed(error)
  } finally {
    await handle.close()
  }
}

async function isStill(handle: FileHandle, request: ContentRequest): Promise<boolean> {
  const facts = await handle.stat({ bigint: true })
  return facts.isFile() && Number(facts.size) === request.size && sameWitness(witnessOf(facts), request.witness)
}

function failed(error: unknown): Content {
  if (isGone(error)) return { kind: 'changed' }
  const why = systemFailure(error)
  if (why === null) throw error
  return { kind: 'unreadable', why }
}

/** Bytes that do not parse are offered as one split, and fail the job there; what the system says is no such thing. */
async function cutsOf(look: () => Promise<Cuts>): Promise<Cuts> {
  const cuts = await look()
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

function sourceOfFile(handle: FileHandle, size: Bytes, signal: AbortSignal, moved: () => void): RandomAccess {
  let buffer = new Uint8Array(0)
  return {
    size,
    async read(offset, length): Promise<Uint8Array> {
      signal.throwIfAborted()
      const wanted = Math.max(0, Math.min(length, size - offset))
      if (buffer.length < wanted) buffer = new Uint8Array(wanted)
      let done = 0
      while (done < wanted) {
        const { bytesRead } = await handle.read(buffer, done, wanted - done, offset + done)
        if (bytesRead === 0) break
        done += bytesRead
      }
      moved()
      return buffer.subarray(0, done)
    },
  }
}
