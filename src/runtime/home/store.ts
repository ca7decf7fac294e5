import type { JobId } from '../../core/types.ts'
import type { Disk } from '../../ports.ts'
import { AttemptLog } from './attempt-log.ts'
import { Codes } from './code.ts'
import { Damage } from './damage.ts'
import { jobFolder } from './folder.ts'
import { LedgerFiles } from './ledger-files.ts'
import { Outputs } from './outputs.ts'
import { Records } from './records.ts'
import { UnderWay } from './under-way.ts'

/** The jobs on this disk, see folder.ts: each file has its class. What is found damaged is told to `damage`. */
export class JobStore {
  readonly #disk: Disk
  readonly #damage: Damage
  readonly codes: Codes
  readonly records: Records
  readonly ledgers: LedgerFiles
  readonly attempts: AttemptLog
  readonly outputs: Outputs
  /** Jobs on their way here: whoever hears of one meanwhile waits for it, instead of asking for it or refusing it. */
  readonly coming: UnderWay = new UnderWay()
  /** Jobs whose removal is under way: whoever brings one anew waits for its end. */
  readonly removals: UnderWay = new UnderWay()

  constructor(disk: Disk, damage: Damage = new Damage()) {
    this.#disk = disk
    this.#damage = damage
    this.codes = new Codes(disk, damage)
    this.records = new Records(disk, damage, this.codes, this.removals)
    this.ledgers = new LedgerFiles(disk, damage)
    this.attempts = new AttemptLog(disk, damage)
    this.outputs = new Outputs(disk, damage)
  }

  /** Removes the job's folder, and all that is known of it here; for removal.ts, which knows what has to be first. */
  async remove(job: JobId): Promise<void> {
    await this.#disk.remove(jobFolder(job))
    this.codes.forget(job)
    this.records.forget(job)
    this.attempts.forget(job)
    this.outputs.inputs.forget(job)
    this.#damage.mended(jobFolder(job))
  }
}
