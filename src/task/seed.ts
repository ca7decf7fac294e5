import { createHash } from 'node:crypto'
import type { Digest } from '../core/types.ts'
import type { SplitWork } from '../core/plan/work.ts'

type Params = Readonly<Record<string, string>>

/** A job's one stage has no name. */
function base(kind: string, stage: string, code: Digest, params: Params): string {
  const sorted = Object.keys(params)
    .toSorted()
    .map((name) => [name, params[name]])
  return `${JSON.stringify([kind, ...(stage === '' ? [] : [stage]), code, sorted])}\n`
}

/** Random numbers in map start from (stage, code, params, dataset, path, split start): 32 hex digits. */
export function mapSeed(
  code: Digest,
  params: Params,
  stage: string,
  { dataset, path, start }: Pick<SplitWork, 'dataset' | 'path' | 'start'>,
): string {
  return digits(base('map', stage, code, params), [dataset, path, start])
}

/** Where a part is mapped, from (stage, code, params, name of the part). */
export function partSeed(code: Digest, params: Params, stage: string, part: string): string {
  return digits(base('part', stage, code, params), [part])
}

/** In reduce from (stage, code, params, key): a function that takes the key's order bytes. */
export function reduceSeed(code: Digest, params: Params, stage: string): (order: Uint8Array) => string {
  const start = createHash('sha256').update(base('reduce', stage, code, params))
  return (order) => start.copy().update(order).digest('hex').slice(0, 32)
}

function digits(begin: string, where: readonly unknown[]): string {
  return createHash('sha256').update(begin).update(JSON.stringify(where)).digest('hex').slice(0, 32)
}
