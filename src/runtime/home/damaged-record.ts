import { ShoalError } from '../../core/errors.ts'
import type { JobId } from '../../core/types.ts'
import type { Context } from '../context.ts'
import { jobFolder, recordFile } from './folder.ts'

/** What is said of a job whose record is damaged here, while no other node has brought it again. */
export function damagedRecord({ disk }: Context, job: JobId): ShoalError {
  return new ShoalError('DAMAGED', `${disk.path(recordFile(job))} is damaged or gone`, {
    why: 'what the job is cannot be read, and no other node that lives has it',
    job,
    try: [
      'start a node that knows the job',
      `remove ${disk.path(jobFolder(job))} and start this node again, to forget the job (what a key of it gave cannot be had again then: another --key)`,
    ],
  })
}
