/** A pool of real task processes, and jobs run through it from source to decoded records. */
import { createHash } from 'node:crypto'
import { mkdtempSync, mkdirSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { taskProgram } from '../../src/adapters/esbuild/own-code.ts'
import { installProgram } from '../../src/adapters/tasks/install-program.ts'
import { prepareJob } from '../../src/adapters/esbuild/prepare.ts'
import { createTasks } from '../../src/adapters/tasks/pool.ts'
import type { PreparedJob } from '../../src/control/api.ts'
import { toKept } from '../../src/kept/form.ts'
import type { Digest, MapManifest, ReduceManifest, RunRow } from '../../src/core/types.ts'
import { PartReader } from '../../src/data/part.ts'
import type { Attempt, AttemptEnd, AttemptFailure, AttemptSpec, Tasks } from '../../src/ports.ts'
import type { AggregateWork, SplitWork } from '../../src/core/plan/work.ts'
import { openFile } from '../../src/task/slot-files.ts'

const ZEROS = '0'.repeat(64) as Digest

export interface JobFile {
  readonly prepared: PreparedJob
  readonly code: Digest
  readonly bundle: string
  readonly sourceMap: string
}

export interface MapOptions {
  readonly splits?: readonly Partial<SplitWork>[]
  readonly params?: Readonly<Record<string, string>>
  readonly memory?: number
  readonly timeoutMs?: number
  readonly partitions?: number
  readonly bounds?: readonly string[] | null
}

export interface JobResult {
  readonly records: readonly (readonly [unknown, unknown])[]
  readonly map: MapManifest
  /** Of the map's partitions that are not empty. */
  readonly runs: readonly RunRow[]
  readonly reduce: readonly ReduceManifest[]
  readonly log: string
}

/** One pool for a whole test file; `close` ends its processes. */
export class Workshop {
  readonly folder: string = realpathSync(mkdtempSync(join(tmpdir(), 'shoal-tasks-')))
  readonly tasks: Tasks
  #made = 0

  private constructor(folder: string, tasks: Tasks) {
    this.folder = folder
    this.tasks = tasks
  }

  static async open(slots = 1, memory = 256_000_000): Promise<Workshop> {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'shoal-tasks-')))
    const runner = await installProgram(join(folder, 'tasks'), await taskProgram())
    const tasks = await createTasks({ folder: join(folder, 'tasks'), runner, slots, memory })
    return new Workshop(folder, tasks)
  }

  async close(): Promise<void> {
    await this.tasks.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** Writes a job's source, and prepares it as `run` does. */
  async job(source: string, name = 'job.ts'): Promise<JobFile> {
    const folder = join(this.folder, `job-${this.#made++}`)
    mkdirSync(folder)
    writeFileSync(join(folder, name), source)
    const prepared = await prepareJob(join(folder, name))
    const [bundle, sourceMap] = [join(folder, 'bundle'), join(folder, 'map')]
    writeFileSync(bundle, prepared.bundle)
    writeFileSync(sourceMap, toKept(Buffer.from(prepared.sourceMap)))
    const code = createHash('sha256').update(prepared.bundle).digest('hex') as Digest
    return { prepared, code, bundle, sourceMap }
  }

  /** A data file; the default name is read as text lines. */
  file(content: string | Uint8Array, name = 'lines.txt'): string {
    const folder = join(this.folder, `data-${this.#made++}`)
    mkdirSync(folder)
    const path = join(folder, name)
    writeFileSync(path, content)
    return path
  }

  /** A whole file as one split. */
  split(path: string, changes: Partial<SplitWork> = {}): SplitWork {
    const { size } = statSync(path)
    const name = path.split('/').at(-1) as string
    return {
      ...{ file: 's0', alias: '', dataset: 'data', path: name, size, start: 0, end: size },
      ...{ headerBytes: 0, options: {}, rowGroups: false, witness: '' },
      ...changes,
    }
  }

  spec(job: JobFile, path: string, options: MapOptions = {}): AttemptSpec {
    const { prepared, code, bundle, sourceMap } = job
    const { memory = 256_000_000, timeoutMs = 10_000, params = {}, partitions = 1, bounds = null } = options
    return {
      attempt: `attempt-${this.#made++}`,
      ...{ job: 'job', jobFile: prepared.name, bundle, sourceMap, code, memory, timeoutMs },
      params: { ...prepared.params, ...params },
      files: [{ name: 's0', path }],
      work: {
        kind: 'map',
        splits: (options.splits ?? [{}]).map((changes) => this.split(path, changes)),
        ...{ partitions, bounds, combine: prepared.combine, onBadRecord: prepared.onBadRecord },
        ...foldsOf(prepared),
        ...{ stage: '', part: null, sides: [], sortValues: false, map: true, edges: 0, upstream: [] },
      },
    }
  }

  /** Starts the map task, and waits for its end; the attempt is released. */
  async map(job: JobFile, path: string, options: MapOptions = {}): Promise<AttemptEnd> {
    const attempt = this.tasks.start(this.spec(job, path, options))
    try {
      return await attempt.end
    } finally {
      await attempt.release()
    }
  }

  /** The failure of the map task of a job over some lines. */
  async failure(source: string, lines = 'a\nb\nc\n', options: MapOptions = {}): Promise<AttemptFailure> {
    const end = await this.map(await this.job(source), this.file(lines), options)
    if (end.ok) throw new Error(`the task ended well: ${JSON.stringify(end.manifest)}`)
    return end.failure
  }

  /** Map, then a reduce of each partition; the records of all parts in order. */
  async run(
    source: string,
    lines: string | Uint8Array,
    options: MapOptions & { name?: string } = {},
  ): Promise<JobResult> {
    const job = await this.job(source)
    const path = this.file(lines, options.name)
    const mapping = this.tasks.start(this.spec(job, path, options))
    const held: Attempt[] = [mapping]
    try {
      const end = await mapping.end
      if (!end.ok) throw new Error(JSON.stringify(end.failure))
      const map = end.manifest as MapManifest
      // The slot is needed for the reduces; runs are kept as the node keeps them.
      const runs = new Map(end.files.map((file) => [file.name, this.file(Uint8Array.from(readAll(file.path)), 'run')]))
      await mapping.release()
      held.pop()
      const records: (readonly [unknown, unknown])[] = []
      const reduce: ReduceManifest[] = []
      let log = end.log
      const rows = end.rows.filter((row) => row.digest !== '')
      for (const { partition, digest, bytes } of rows) {
        const ranks = map.splits.map((_, i) => i)
        const attempt = this.tasks.start({
          ...this.spec(job, path, options),
          files: [{ name: 'r0', path: runs.get(`run-${partition}`) as string }],
          work: {
            kind: 'reduce',
            partition,
            runs: [{ file: 'r0', ranks, aliases: ranks.map(() => 0), digest: digest as Digest, bytes }],
            ...{
              stage: '',
              parts: [],
              keyed: false,
              combine: job.prepared.combine,
              sides: [],
              sortValues: false,
              aliases: [''],
              edges: [0],
              reduce: job.prepared.reduce,
              ...foldsOf(job.prepared),
              consumed: ZEROS,
              upstream: [],
            },
          },
        })
        held.push(attempt)
        const part = await attempt.end
        if (!part.ok) throw new Error(JSON.stringify(part.failure))
        for (const record of new PartReader(openFile(part.files[0]!.path)).records()) records.push(record)
        reduce.push(part.manifest as ReduceManifest)
        log += part.log
        await attempt.release()
        held.pop()
      }
      return { records, map, runs: rows, reduce, log }
    } finally {
      for (const attempt of held) await attempt.release()
    }
  }
}

function foldsOf({ aggregate, n = 1 }: PreparedJob): { aggregate?: AggregateWork } {
  return aggregate === undefined ? {} : { aggregate: { name: aggregate, n } }
}

function readAll(path: string): Uint8Array {
  const file = openFile(path)
  try {
    return file.read(0, file.size)
  } finally {
    file.close()
  }
}
