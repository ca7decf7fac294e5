import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ShoalError } from '../core/errors.ts'
import { fromKept } from '../kept/form.ts'
import type { Digest } from '../core/types.ts'
import { TaskFailure } from './failure.ts'
import { BUNDLE_FILE, SOURCE_MAP_FILE } from './protocol.ts'
import { compileJob, type JobScripts } from './realm.ts'

/** A bundle, compiled once for all attempts of a process. */
export interface LoadedJob extends JobScripts {
  sourceMap(): string | null
  /** The word occurs in the bundle. */
  readonly maySkip: boolean
  /** The same for Temporal: realms of others are without. */
  readonly temporal: boolean
}

/**
 * Reads and compiles the bundle. @throws TaskFailure if it is not the code that the job names.
 */
export function loadJob(folder: string, code: Digest): LoadedJob {
  const bundle = readFileSync(join(folder, BUNDLE_FILE))
  if (createHash('sha256').update(bundle).digest('hex') !== code) {
    throw new TaskFailure('own', new ShoalError('DAMAGED', 'the bundle on disk is not the code that the job names'))
  }
  const text = bundle.toString()
  const sourceMap = (): string | null => {
    try {
      const kept = fromKept(readFileSync(join(folder, SOURCE_MAP_FILE)))
      return kept === null ? null : Buffer.from(kept).toString()
    } catch {
      return null
    }
  }
  return {
    ...compileJob(text),
    sourceMap,
    maySkip: text.includes('skip'),
    temporal: text.includes('Temporal'),
  }
}
