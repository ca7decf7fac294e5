/** Catalogs and scan answers, from peers and from this disk. */
import { isDeepStrictEqual } from 'node:util'
import { decode } from 'cborg'
import { MemoryDisk } from '../../../src/adapters/memory/disk.ts'
import type { CatalogBody, RootFacts } from '../../../src/catalog/body.ts'
import { decodeCatalog, decodeScanAnswer, encodeCatalog, encodeScanAnswer } from '../../../src/catalog/codec.ts'
import { CatalogMemory } from '../../../src/catalog/memory.ts'
import { FORMAT_VERSION } from '../../../src/core/limits.ts'
import { CONTENTS, PLAIN_TEXT } from '../../../src/core/look.ts'
import type { Cuts, Digest } from '../../../src/core/types.ts'
import { holds, orShoalErrorOf, target, type Target } from '../target.ts'
import { cborInput } from './cbor.ts'

const ROOTS = ['0123456789ab', 'ba9876543210'] as const
const WITNESS = { dev: '1', ino: '22', mtimeNs: '-5', ctimeNs: '1700000000000000000' }
const FACTS: RootFacts = {
  leftOut: [{ kind: 'hidden', count: 3, samples: ['_a', '.b'] }],
  tables: [{ path: 't', format: 'Delta Lake' }],
  machine: 'a0b1c2d3e4f5',
  networks: ['44'],
}
const CUTS: readonly Cuts[] = [
  { kind: 'lines', header: 9 },
  { kind: 'whole' },
  { kind: 'offsets', header: 10, at: [20, 300] },
  { kind: 'row-groups', groups: [{ rows: 5, bytes: 100 }] }, // prettier-ignore
]

function body(replicated: boolean): CatalogBody {
  const entries = CUTS.map((cuts, i) => ({
    path: `f/${i}.csv`,
    root: ROOTS[i % 2]!,
    size: 1000,
    witness: WITNESS,
    ...(replicated && i !== 1 ? { hash: 'a0'.repeat(32) as Digest } : {}),
    cuts,
    ...(i === 1 ? {} : { look: { ...PLAIN_TEXT, content: CONTENTS[i]! } }),
    ...(i === 2 ? { doubt: { of: 'header' as const, looks: 'a title', why: 'line 1', try: ['skipLines: 1'] } } : {}),
    ...(i === 3 ? { columns: 'a int32\nb list\nb[] timestamp(us,local)' } : {}),
    state: i === 1 ? ('unreadable' as const) : ('offered' as const),
    ...(i === 1 ? { why: 'EACCES' } : {}),
    mtime: '2026-01-02T03:04:05.678Z',
  }))
  const roots = ROOTS.map((root, i) => ({
    root,
    state: i === 0 ? ('ok' as const) : ('away' as const),
    why: '',
    ...FACTS,
  }))
  return { version: 7, datasets: [{ name: 'logs', replicated, roots, entries }] }
}

const BODIES = [body(true), body(false), { version: 0, datasets: [] }]
const ANSWER = {
  body: body(false),
  fresh: true,
  settled: false,
  walk: 3,
  progress: 12,
  described: [
    [{ root: ROOTS[0], path: 'f/0.csv', witness: WITNESS, cuts: CUTS[2]! }],
    [{ root: ROOTS[1], path: 'f/0', witness: WITNESS, cuts: CUTS[3]!, columns: 'a.b int64' }],
  ],
}

/** Null for bytes that stand for nothing: the codec's callers take its plain Errors for that. */
function orRefused<T>(decode: () => T): T | null {
  try {
    return decode()
  } catch (error) {
    const plain = error instanceof Error && error.constructor === Error
    if (plain) return null
    throw error
  }
}

async function checkMemory(bytes: Uint8Array): Promise<void> {
  const disk = new MemoryDisk()
  await disk.put('catalog/0123456789ab', bytes)
  await disk.put('catalog/version', bytes)
  const memory = new CatalogMemory(disk)
  const loaded = await orShoalErrorOf(['NODE_SETUP'], async () => {
    await memory.load()
    return true
  })
  if (loaded !== null) memory.of('0123456789ab')
}

/** What the bytes say, for whoever changes it. */
const said = (bytes: Uint8Array): unknown => decode(bytes)

export const CATALOG: readonly Target[] = [
  target('catalog', {
    what: 'catalog/codec: what a node offers, from peers and from disk',
    input: cborInput(BODIES.map((one) => said(encodeCatalog(one)))),
    check: (bytes) => {
      const taken = orRefused(() => decodeCatalog(bytes))
      if (taken === null) return
      holds(isDeepStrictEqual(decodeCatalog(encodeCatalog(taken)), taken), 'a catalog is another one after it was sent')
    },
  }),
  target('scan-answer', {
    what: 'catalog/codec: answers to a scan',
    input: cborInput([said(encodeScanAnswer(ANSWER))]),
    check: (bytes) => {
      const taken = orRefused(() => decodeScanAnswer(bytes))
      if (taken === null) return
      const again = decodeScanAnswer(encodeScanAnswer(taken))
      holds(isDeepStrictEqual(again, taken), 'an answer is another one after it was sent')
    },
  }),
  target('catalog-memory', {
    what: 'catalog/memory: what a node remembers of its directories',
    input: cborInput([3, [FORMAT_VERSION, '64769', encodeCatalog(BODIES[0]!)], [0, '1', encodeCatalog(BODIES[1]!)]]),
    check: checkMemory,
    quick: 200,
  }),
]
