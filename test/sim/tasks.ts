/** Simulated task processes: they take their time, run the production data plane over made-up splits, and may fail. */
import { ShoalError, errorToJson } from '../../src/core/errors.ts'
import type { MapManifest, NodeId, ReduceManifest } from '../../src/core/types.ts'
import { MapCollector } from '../../src/data/collector.ts'
import { END, Groups } from '../../src/data/fold.ts'
import { PartWriter } from '../../src/data/part.ts'
import { MemoryFiles } from '../../src/data/spill.ts'
import { hostFactory } from '../../src/data/value.ts'
import type { Attempt, AttemptEnd, AttemptSpec, MapWork, OutputFile, ReduceWork, Tasks } from '../../src/ports.ts'
import type { SimDisk } from './disk.ts'
import type { SimProcess } from './process.ts'
import type { Random } from './random.ts'
import { sha256, UNSTEADY, wordsOf } from './workload.ts'

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
      const files = new MemoryFiles()
      const { work } = spec
      if (work.kind !== 'map' && work.kind !== 'reduce') throw new Error(`no ${work.kind} in a simulated job`)
      if (work.kind === 'reduce') this.#world.reducing(this.#node, spec, work)
      const salt = spec.jobFile.includes(UNSTEADY) ? `${this.#node}-${pid}` : ''
      const manifest = work.kind === 'map' ? runMap(work, files, salt) : this.#runReduce(spec, work, files)
      const names = work.kind === 'map' ? (manifest as MapManifest).runs.map((run) => `run-${run.partition}`) : ['part']
      const left = names.map((name): OutputFile => {
        const path = `/slots/${pid}/${name}`
        const bytes = files.files.get(name)!
        this.#disk.leave(path, bytes)
        return { name, path, size: bytes.length }
      })
      return { ok: true, manifest, files: left, log: '' }
    } catch (error) {
      return failed(error)
    }
  }

  #runReduce(spec: AttemptSpec, work: ReduceWork, files: MemoryFiles): ReduceManifest {
    const part = new PartWriter(files.create('part'))
    const groups = new Groups({
      inputs: work.runs.map(({ file, ranks, aliases, digest, bytes }) => ({
        name: file,
        open: () => {
          const path = spec.files.find((given) => given.name === file)!.path
          const content = this.#disk.at(path)
          if (content === null) throw new ShoalError('DAMAGED', `${file} is not there`)
          return { read: (offset, length) => content.subarray(offset, offset + length), close: () => undefined }
        },
        ranks,
        aliases,
        expected: { digest, bytes },
      })),
      aliases: 1,
      make: hostFactory,
      files,
    })
    while (groups.nextGroup()) {
      let sum = 0
      for (let value = groups.nextValue(0); value !== END; value = groups.nextValue(0)) sum += value as number
      part.emit(groups.key, sum)
    }
    const { records, bytes, part: digest } = part.finish()
    const { partition, consumed, upstream } = work
    return {
      kind: 'reduce',
      partition,
      consumed,
      weight: groups.weight,
      groups: groups.groups,
      records,
      bytes,
      part: digest,
      counters: {},
      upstream,
    }
  }
}

function runMap(work: MapWork, files: MemoryFiles, salt: string): MapManifest {
  const combine = work.combine ? (a: unknown, b: unknown): unknown => (a as number) + (b as number) : null
  const collector = new MapCollector({
    partitions: work.partitions,
    bounds: null,
    combine,
    make: hostFactory,
    memory: 200_000,
    files,
  })
  const splits = work.splits.map((split, index) => {
    const words = wordsOf(split.path)
    collector.beginSplit(index)
    for (const word of words) collector.emit(word + salt, 1)
    const { emitted } = collector.endSplit()
    const input = sha256(words.join('\n'))
    return { input, bytes: split.size, records: words.length, emitted, skips: { count: 0, samples: [] } }
  })
  return { kind: 'map', splits, runs: collector.finish(), counters: {} }
}

function failed(error: unknown): AttemptEnd {
  return { ok: false, failure: { blame: 'own', error: errorToJson(error), place: '' }, log: '' }
}

/** For people: `map a,b` or `reduce 3`. */
export function workName(spec: AttemptSpec): string {
  const { work } = spec
  return work.kind === 'map' ? `map ${work.splits.map((split) => split.path).join()}` : `${work.kind}`
}
