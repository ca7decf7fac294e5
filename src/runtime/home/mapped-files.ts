/** The texts that a source map has, without Shoal's own: by them a job is known whose record names no source. */
import { createHash } from 'node:crypto'
import { z } from 'zod/mini'
import type { Digest, JobRecord } from '../../core/types.ts'
import { isFlat } from '../../data/flat-json.ts'
import type { Codes } from './code.ts'

const map = z.looseObject({ sources: z.array(z.string()), sourcesContent: z.array(z.nullable(z.string())) })

/** Null where the map is not here, or has not all. */
export async function filesOf(codes: Codes, { id, spec }: JobRecord): Promise<readonly Digest[] | null> {
  const code = await codes.get(id, spec.code)
  return code === null ? null : textsIn(code.sourceMap)
}

/** SHA-256 of each. */
export function textsIn(sourceMap: string): readonly Digest[] | null {
  if (!isFlat(sourceMap)) return null
  let value: unknown
  try {
    value = JSON.parse(sourceMap)
  } catch {
    return null
  }
  const parsed = map.safeParse(value)
  if (!parsed.success) return null
  const { sources, sourcesContent } = parsed.data
  const texts = sourcesContent.filter((_, at) => sources[at]?.startsWith('shoal:') !== true)
  if (sources.length !== sourcesContent.length || !texts.every((text) => text !== null)) return null
  return [...new Set(texts.map((text) => createHash('sha256').update(text).digest('hex') as Digest))].sort()
}
