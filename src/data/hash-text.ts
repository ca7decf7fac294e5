import { hash } from 'node:crypto'
import type { Digest } from '../core/types.ts'

/** SHA-256 of text by the platform: ten times as fast as core's own, for what is hashed by the thousand. */
export function hashText(text: string): Digest {
  return hash('sha256', text) as Digest
}
