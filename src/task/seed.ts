import { createHash } from 'node:crypto'
import type { Digest } from '../core/types.ts'
import type { SplitWork } from '../core/plan/work.ts'

type Params = Readonly<Record<string, string>>

function base(kind: string, code: Digest, params: Params): string {
  const sorted = Object.keys(params)
    .toSorted()
    .map((name) => [name, params[name]])
  return `${JSON.stringify([kind, code, sorted])}\n`
}

/** Random numbers in map start from (code, params, dataset, path, split start): 32 hex digits. */
export function mapSeed(
  code: Digest,
  params: Params,
  { dataset, path, start }: Pick<SplitWork, 'dataset' | 'path' | 'start'>,
): string {
  const hash = createHash('sha256').update(base('map', code, params))
  return hash
    .update(JSON.stringify([dataset, path, start]))
    .digest('hex')
    .slice(0, 32)
}

/** In reduce from (code, params, key): a function that takes the key's order bytes. */
export function reduceSeed(code: Digest, params: Params): (order: Uint8Array) => string {
  const start = createHash('sha256').update(base('reduce', code, params))
  return (order) => start.copy().update(order).digest('hex').slice(0, 32)
}
