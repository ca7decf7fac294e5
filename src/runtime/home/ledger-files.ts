import type { Delta } from '../../core/ledger/ledger.ts'
import type { Bytes, JobId } from '../../core/types.ts'
import type { Disk } from '../../ports.ts'
import type { Damage } from './damage.ts'
import { folderFile, jobFolder } from './folder.ts'
import { readLog, toEntry } from './kept-log.ts'

const LOG = 'ledger.log'
/** Nothing in the log is the only copy of something that cannot be replaced. */
const LEDGER_LOST = 'a part of what this node knew of the job is lost: peers say it again, or it is made again'

/** The jobs' ledgers on this disk, each a log of encoded deltas. When what is written there is decided in ledger-log.ts. */
export class LedgerFiles {
  readonly #disk: Disk
  readonly #damage: Damage

  constructor(disk: Disk, damage: Damage) {
    this.#disk = disk
    this.#damage = damage
  }

  append(job: JobId, deltas: readonly Uint8Array[]): Promise<void> {
    return this.#disk.append(folderFile(job, LOG), Buffer.concat(deltas.map(toEntry)))
  }

  /** Replaces the log by one of these deltas; resolves to its size. */
  async replace(job: JobId, deltas: readonly Uint8Array[]): Promise<Bytes> {
    const bytes = Buffer.concat(deltas.map(toEntry))
    await this.#disk.put(folderFile(job, LOG), bytes)
    return bytes.length
  }

  async size(job: JobId): Promise<Bytes> {
    return (await this.#disk.size(folderFile(job, LOG))) ?? 0
  }

  /** The deltas kept, in order; one that cannot be read is left out (what it said comes again from peers). */
  async read(job: JobId, decode: (bytes: Uint8Array) => Promise<Delta>): Promise<Delta[]> {
    const deltas: Delta[] = []
    const log = folderFile(job, LOG)
    const files = await this.#disk.list(jobFolder(job))
    if (files.includes('out') && !files.includes(LOG)) this.#damage.found(log, LEDGER_LOST, job)
    const { payloads, lost, empty } = await readLog(this.#disk, log)
    // A torn end is named as damage, too: a crash, or a kill inside a long append, cannot be told from it.
    if (lost > 0 || empty) this.#damage.found(log, LEDGER_LOST, job)
    for (const payload of payloads) {
      const delta = await decode(payload).catch(() => null)
      if (delta !== null) deltas.push(delta)
    }
    return deltas
  }
}
