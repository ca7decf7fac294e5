/** Users' files as they are looked at when they are offered: whatever the bytes, there is an answer, and its parts agree. */
import { gzipSync, zstdCompressSync } from 'node:zlib'
import type { ReadOptions } from '../../../src/core/types.ts'
import { headDoubt } from '../../../src/data/formats/look/doubt.ts'
import { kindProblem } from '../../../src/data/formats/look/kinds.ts'
import { lookAt } from '../../../src/data/formats/look/look.ts'
import { resolveReadOptions } from '../../../src/data/formats/options.ts'
import { sourceOf } from '../../../src/data/formats/source.ts'
import { mutate } from '../mutate.ts'
import { holds, orShoalError, target, type Target } from '../target.ts'

const TABLE = Buffer.from('city,amount\nOslo,10\nBergen,"2\n0"\n'.repeat(4))
const TEXTS = [
  TABLE,
  Buffer.from('\uFEFF# a\n# b\nx;y\n1;2\n', 'utf16le'),
  Buffer.from('a,b\r1,2\r'),
  Buffer.from('{"a":1}\n{"a":[1,{}]}\n'),
  Buffer.from('[\n {"a":1}\n]\n'),
  Buffer.from('sep=;\na;b\n'),
  Buffer.from('PAR1\u0015\u0004PAR1'),
]
const FILES = [...TEXTS, ...TEXTS.map((text) => gzipSync(text)), ...TEXTS.map((text) => zstdCompressSync(text))]
const NAMES = ['a.csv', 'a.tsv', 'a.ndjson', 'a.json', 'a', 'a.csv.gz', 'a.zst', 'a.parquet']
const OPTIONS: readonly ReadOptions[] = [
  {},
  { format: 'csv' },
  { format: 'text', encoding: 'bytes' },
  { encoding: 'utf-16le' },
  { format: 'tsv', skipLines: 1, comment: '#' },
]

async function check(bytes: Uint8Array): Promise<void> {
  const { look, head } = await lookAt(sourceOf(bytes))
  for (const path of NAMES)
    for (const options of OPTIONS) {
      const problem = orShoalError(['USAGE'], () => kindProblem(path, options, look))
      if (problem !== null && problem !== undefined) holds(problem.try.length > 0, 'a refusal without a remedy')
      const resolved = orShoalError(['USAGE'], () => resolveReadOptions(path, options, look))
      if (resolved === null || resolved === undefined || head === null) continue
      const doubt = headDoubt(head, options, resolved)
      holds(doubt === null || !/[\u0000-\u0009\u000b-\u001f]/.test(doubt.why), 'a control character is shown')
    }
}

export const LOOKS: readonly Target[] = [
  target('look', {
    what: 'data/formats: what a file is, from its first and last bytes',
    input: (random) => mutate(random, FILES),
    check,
  }),
]
