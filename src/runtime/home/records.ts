import type { JobId, JobRecord } from '../../core/types.ts'
import type { Disk } from '../../ports.ts'
import type { JobBody } from '../../wire/job.ts'
import type { Codes, JobCode } from './code.ts'
import type { Damage } from './damage.ts'
import { jobFolder, JOBS, recordFile } from './folder.ts'
import { getOrTell, putKept, textOf } from './kept.ts'
import type { UnderWay } from './under-way.ts'

const RECORD_LOST = 'the job is not known here until another node brings it again'

/** One put of a job. */
export interface Put {
  /** Its number among all puts of this life: a job that is put again after its removal has another one. */
  readonly turn: number
  /** Nothing was here of the job before. */
  readonly isNew: boolean
}

/** The jobs' records on this disk. Where a record is, all of its job is: it is written last, and removed first. */
export class Records {
  readonly #disk: Disk
  readonly #damage: Damage
  readonly #codes: Codes
  readonly #removals: Pick<UnderWay, 'over'>
  /** Which of the puts of a job was begun last. */
  readonly #puts = new Map<JobId, number>()
  #turns = 0
  /** Jobs whose record is damaged or was taken away: what they are is not known here. */
  readonly #damaged = new Set<JobId>()

  constructor(disk: Disk, damage: Damage, codes: Codes, removals: Pick<UnderWay, 'over'>) {
    this.#disk = disk
    this.#damage = damage
    this.#codes = codes
    this.#removals = removals
  }

  async ids(): Promise<JobId[]> {
    return (await this.#disk.list(JOBS)) as JobId[]
  }

  /** Resolves when record and code are on disk. A removal of the job that is under way ends first. */
  async put(record: JobRecord, code: JobCode): Promise<Put> {
    const { id } = record
    const turn = ++this.#turns
    this.#puts.set(id, turn)
    await this.#removals.over(id)
    const isNew = (await this.#disk.list(jobFolder(id))).length === 0
    await this.#codes.put(id, code)
    await putKept(this.#disk, recordFile(id), Buffer.from(JSON.stringify(record)))
    this.#damaged.delete(id)
    this.#damage.mended(recordFile(id))
    return { turn, isNew }
  }

  /** The turn of the put that was begun last; undefined since the job was removed. */
  lastPut(job: JobId): number | undefined {
    return this.#puts.get(job)
  }

  /** The record as it travels; null where there is none, or a damaged one, which `isDamaged` then tells. */
  async get(job: JobId): Promise<string | null> {
    const bytes = await getOrTell(this.#disk, this.#damage, recordFile(job), RECORD_LOST, job)
    if (bytes === 'damaged') this.#damaged.add(job)
    return bytes instanceof Uint8Array ? textOf(bytes) : null
  }

  /** The job as it travels; null where not all of it is here, whole. */
  async body(job: JobId): Promise<JobBody | null> {
    const record = await this.get(job)
    if (record === null) return null
    const code = await this.#codes.get(job, (JSON.parse(record) as JobRecord).spec.code)
    return code === null ? null : { record, ...code }
  }

  /** Nobody forgot the job, and its record is gone: that is damage. */
  miss(job: JobId): void {
    this.#damage.found(recordFile(job), RECORD_LOST, job)
    this.#damaged.add(job)
  }

  isDamaged(job: JobId): boolean {
    return this.#damaged.has(job)
  }

  /** Jobs that have a folder here without a whole record, until another node brings it again. */
  damaged(): JobId[] {
    return [...this.#damaged]
  }

  forget(job: JobId): void {
    this.#puts.delete(job)
    this.#damaged.delete(job)
  }
}
