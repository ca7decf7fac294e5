import { basename } from 'node:path'
import type { PreparedJob } from '../../control/api.ts'
import { readJob } from '../../task/read-job.ts'
import { bundleJob } from './bundle.ts'

/**
 * A job file as the mesh takes it: bundled, loaded once in a realm of its own, and checked. Where its stages depend on
 * parameters, these are they for `params`.
 * @throws ShoalError NO_JOB_FILE, JOB_BUILD, JOB_IMPORT, JOB_THREW (while its module loads), PARTITIONS.
 */
export async function prepareJob(file: string, params: Readonly<Record<string, string>> = {}): Promise<PreparedJob> {
  const { code, sourceMap, source } = await bundleJob(file)
  const name = basename(file).replace(/\.[cm]?[jt]sx?$/, '')
  return { ...readJob({ code, sourceMap, name, params }), bundle: code, sourceMap, source }
}
