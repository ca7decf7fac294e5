/** Simulated task processes: they take their time, and may fail. */
import { ShoalError } from '../../src/core/errors.ts'
import { errorToJson } from '../../src/words/thrown.ts'
import type { NodeId } from '../../src/core/types.ts'
import { MemoryFiles } from '../../src/data/spill.ts'
import type { Attempt, AttemptEnd, AttemptFailure, AttemptSpec, OutputFile, Tasks } from '../../src/ports.ts'
import type { ReduceWork } from '../../src/core/plan/work.ts'
import type { SimDisk } from './disk.ts'
import { execute, filesOf, JobThrew } from './execution.ts'
import type { SimProcess } from './process.ts'
import type { Random } from './random.ts'

export interface TaskWorld {
  /** An execution begins. */
  begun(node: NodeId, spec: AttemptSpec): void
  /** A reduce is about to fold what it read: seen from outside the nodes. */
  reducing(node: NodeId, spec: AttemptSpec, work: ReduceWork): void
}

export class SimTasks implements Tasks {
  readonly slots: number
  /** Its tasks live, and do not get on. */
  stuck = false
  /** Chance that an attempt fails for a cause of its node's own. */
  failing = 0
  readonly #node: NodeId
  readonly #process: SimProcess
  readonly #disk: SimDisk
  readonly #random: Random
  readonly #world: TaskWorld
  #attempts = 0

  constructor(node: NodeId, slots: number, process: SimProcess, disk: SimDisk, random: Random, world: TaskWorld) {
    this.#node = node
    this.slots = slots
    this.#process = process
    this.#disk = disk
    this.#random = random
    this.#world = world
  }

  warm(): void {}

  stop(): Promise<void> {
    return Promise.resolve()
  }

  start(spec: AttemptSpec): Attempt {
    this.#world.begun(this.#node, spec)
    const pid = ++this.#attempts
    let units = 0
    let over = false
    let finish = (_end: AttemptEnd): void => undefined
    const end = new Promise<AttemptEnd>((resolve) => {
      finish = (given) => {
        over = true
        resolve(given)
      }
    })
    const fails = this.#random.chance(this.failing)
    const step = (left: number): void =>
      this.#process.soon(10, 120, () => {
        if (over) return
        if (this.stuck) step(left)
        else {
          units++
          if (left > 1) step(left - 1)
          else
            finish(fails ? failed(new ShoalError('NODE_SETUP', 'the process ended by itself')) : this.#run(spec, pid))
        }
      })
    step(this.#random.between(1, 4))
    return {
      pid,
      progress: () => ({ units, records: units, bytes: units }),
      end,
      kill: (why) => this.#process.turn(2, () => over || finish(failed(new ShoalError('NODE_SETUP', why)))),
      release: () => Promise.resolve(),
    }
  }

  #run(spec: AttemptSpec, pid: number): AttemptEnd {
    try {
      const out = new MemoryFiles()
      if (spec.work.kind === 'reduce') this.#world.reducing(this.#node, spec, spec.work)
      const read = (name: string): Uint8Array => {
        const content = this.#disk.at(spec.files.find((given) => given.name === name)!.path)
        if (content === null) throw new ShoalError('DAMAGED', `${name} is not there`)
        return content
      }
      const listing = execute({ spec, salt: `${this.#node}-${pid}`, out, read })
      const left = filesOf(listing).map((name): OutputFile => {
        const path = `/slots/${pid}/${name}`
        const bytes = out.files.get(name)!
        this.#disk.leave(path, bytes)
        return { name, path, size: bytes.length }
      })
      return { ok: true, ...listing, files: left, log: '' }
    } catch (error) {
      return failed(error)
    }
  }
}

function failed(error: unknown): AttemptEnd {
  const failure: AttemptFailure =
    error instanceof JobThrew
      ? { blame: 'user', error: errorToJson(new ShoalError('JOB_THREW', error.message)), place: error.place }
      : { blame: 'own', error: errorToJson(error), place: '' }
  return { ok: false, failure, log: '' }
}

/** For people: `map a,b` or `reduce 3`. */
export function workName(spec: AttemptSpec): string {
  const { work } = spec
  return work.kind === 'map' ? `map ${work.splits.map((split) => split.path).join()}` : `${work.kind}`
}
