/** A job's graph of steps and tasks, out of its specification and its snapshot. */
import { LIMITS } from '../limits.ts'
import type { Bytes, JobSpec, Snapshot, StageSpec } from '../types.ts'
import { checkSize, pack, type Pack } from './pack.ts'
import { programOf, stagesOf } from './stages.ts'
import type { Edge, Feed, Plan, PlannedTask, Step, StepIndex } from './steps.ts'

export function snapshotBytes(snapshot: Snapshot): Bytes {
  return snapshot.inputs.reduce((sum, input) => sum + input.shards.reduce((s, shard) => s + shard.size, 0), 0)
}

/** Rows of the snapshot where every shard says how many it has (Parquet), else null. */
export function knownRows(snapshot: Snapshot): number | null {
  let rows = 0
  for (const input of snapshot.inputs)
    for (const shard of input.shards) {
      if (shard.cuts.kind !== 'row-groups') return null
      for (const group of shard.cuts.groups) rows += group.rows
    }
  return rows
}

/** Of data and job alone, never of nodes: it shows in the result hash. */
function partitionsFor(bytes: Bytes): number {
  const wanted = Math.ceil(bytes / LIMITS.partitionBytes)
  return Math.min(Math.max(wanted, 1), LIMITS.partitionsDefaultMax)
}

/** A step before the others' edges to it and its place among the tasks are known. */
type Draft = Pick<
  Step,
  'name' | 'stage' | 'kind' | 'program' | 'inputs' | 'sides' | 'gives' | 'deals' | 'readsShards' | 'isKeyed'
> & {
  readonly packs: readonly Pack[]
}

/** What a task reads that reads no shards. */
const NO_SHARDS: Pack = { splits: [], holders: [], bytes: 0 }
const noShards = (count: number): Pack[] => new Array<Pack>(count).fill(NO_SHARDS)

/**
 * The plan of a job: a pure function of spec and snapshot.
 * Throws LIMIT when it has too many tasks, runs or steps.
 */
export function plan(spec: JobSpec, snapshot: Snapshot): Plan {
  const { stages, outputs } = stagesOf(spec)
  const drafts = new Drafts(snapshot)
  for (const [index, stage] of stages.entries()) drafts.add(index, stage)
  const all = drafts.steps
  checkSize({
    steps: all.length,
    tasks: all.reduce((sum, draft) => sum + draft.packs.length, 0),
    runs: all.reduce((sum, { gives, packs, deals }) => sum + (gives === 'runs' ? packs.length * deals : 0), 0),
  })
  const given = outputs.map(({ name, stage }) => ({ name, step: drafts.ends[stage]! }))
  const { steps, tasks } = stepsOf(all, new Set(given.map(({ step }) => step)))
  const partitions = given.reduce((sum, { step }) => sum + steps[step]!.count, 0)
  return { partitions, steps, outputs: given, tasks }
}

/** The steps of one stage after the other. */
class Drafts {
  readonly steps: Draft[] = []
  /** By stage, the step that gives its records. */
  readonly ends: StepIndex[] = []
  readonly #snapshot: Snapshot
  #tasks = 0

  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot
  }

  add(index: number, stage: StageSpec): void {
    const inputs = stage.reads.flatMap((read) => ('input' in read ? read.input : []))
    const edges = inputs.length > 0 ? this.#readShards(index, stage, inputs) : this.#readStages(index, stage)
    const isKeyed = !stage.sort && (!stage.reduce || stage.keepsKey)
    const count = this.#partitionsOf(stage, inputs)
    const reducing = this.#withSides(stage, stage.reduce, edges)
    this.ends.push(
      this.#push({ ...named(index, stage, 'reduce'), ...reducing, gives: 'part', isKeyed, packs: noShards(count) }),
    )
  }

  /** The tables that a step of a stage looks up in, where it calls functions of the stage. */
  #withSides({ sides }: StageSpec, calls: boolean, inputs: readonly Edge[]): Pick<Draft, 'inputs' | 'sides'> {
    if (!calls) return { inputs, sides: 0 }
    const tables = sides.map(({ stage }): Edge => ({ from: this.ends[stage]!, how: 'broadcast' }))
    return { inputs: [...inputs, ...tables], sides: tables.length }
  }

  #partitionsOf(stage: StageSpec, inputs: readonly number[]): number {
    if (stage.partitions !== null) return stage.partitions
    if (inputs.length > 0) return partitionsFor(inputs.reduce((sum, input) => sum + bytesOf(this.#snapshot, input), 0))
    return Math.max(...stage.reads.map((read) => ('stage' in read ? this.#endOf(read.stage).packs.length : 1)))
  }

  #endOf(stage: number): Draft {
    return this.steps[this.ends[stage]!]!
  }

  /** Reads splits of shards, and deals out what map emits by key. */
  #readShards(index: number, stage: StageSpec, inputs: readonly number[]): Edge[] {
    const packs = pack(this.#snapshot, inputs)
    const reading = { readsShards: true, packs }
    const deals = this.#partitionsOf(stage, inputs)
    const sampling = (): StepIndex =>
      this.#push({ ...named(index, stage, 'sample'), ...reading, ...this.#withSides(stage, true, []), gives: 'keys' })
    const bounds = stage.sort ? this.#bounds(index, stage, deals, [sampling()]) : []
    const mapping = this.#withSides(stage, true, bounds)
    const from = this.#push({ ...named(index, stage, 'map'), ...reading, ...mapping, gives: 'runs', deals })
    return [{ from, how: stage.sort ? 'range' : 'hash' }]
  }

  /**
   * Reads what other stages gave: where that lies as it is needed, as it lies; else it is dealt out by key again, with
   * the stage's map on the way.
   */
  #readStages(index: number, stage: StageSpec): Edge[] {
    const deals = this.#partitionsOf(stage, [])
    const reads = stage.reads.flatMap((read) =>
      'stage' in read ? { alias: read.alias, from: this.ends[read.stage]! } : [],
    )
    const step = (kind: Step['kind'], alias: string): ReturnType<typeof named> => named(index, stage, kind, alias)
    const bounds = stage.sort
      ? this.#bounds(
          index,
          stage,
          deals,
          reads.map(({ alias, from }) => {
            const packs = noShards(this.steps[from]!.packs.length)
            const sampling = this.#withSides(stage, stage.map, [{ from, how: 'same' }])
            return this.#push({ ...step('sample', alias), ...sampling, gives: 'keys', packs })
          }),
        )
      : []
    return reads.map(({ alias, from }): Edge => {
      const { isKeyed, packs } = this.steps[from]!
      if (isKeyed && !stage.map && !stage.sort && !stage.sortValues && packs.length === deals)
        return { from, how: 'same' }
      const mapping = this.#withSides(stage, stage.map, [{ from, how: 'same' }, ...bounds])
      const dealing = this.#push({
        ...step('map', alias),
        ...mapping,
        ...{ gives: 'runs', deals, packs: noShards(packs.length) },
      })
      return { from: dealing, how: stage.sort ? 'range' : 'hash' }
    })
  }

  /** A step that makes bounds out of sampled keys, and the edge by which those that deal out by them get them. */
  #bounds(index: number, stage: StageSpec, deals: number, samples: readonly StepIndex[]): Edge[] {
    const inputs = samples.map((from): Edge => ({ from, how: 'gather' }))
    const from = this.#push({ ...named(index, stage, 'bounds'), inputs, gives: 'fact', deals, packs: noShards(1) })
    return [{ from, how: 'broadcast' }]
  }

  #push(draft: Omit<Draft, 'deals' | 'readsShards' | 'isKeyed' | 'sides'> & Partial<Draft>): StepIndex {
    // Before more is made than any job may have.
    this.#tasks += draft.packs.length
    if (this.#tasks > LIMITS.tasksMax) checkSize({ steps: this.steps.length + 1, tasks: this.#tasks, runs: 0 })
    return this.steps.push({ sides: 0, deals: 0, readsShards: false, isKeyed: false, ...draft }) - 1
  }
}

/** A stage's steps are called after it, where it has a name. */
function named(
  stage: number,
  spec: StageSpec,
  kind: Step['kind'],
  alias: string = '',
): Pick<Step, 'name' | 'stage' | 'kind' | 'program'> {
  const name = [spec.name, kind, alias].filter((word) => word !== '').join(' ')
  return { name, stage, kind, program: programOf(spec) }
}

function bytesOf(snapshot: Snapshot, input: number): Bytes {
  return snapshot.inputs[input]!.shards.reduce((sum, shard) => sum + shard.size, 0)
}

function stepsOf(drafts: readonly Draft[], outputs: ReadonlySet<StepIndex>): Pick<Plan, 'steps' | 'tasks'> {
  const steps: Step[] = []
  const tasks: PlannedTask[] = []
  for (const [index, { packs, ...draft }] of drafts.entries()) {
    const bytes = packs.reduce((sum, one) => sum + one.bytes, 0)
    const step: Step = {
      index,
      ...draft,
      first: tasks.length,
      count: packs.length,
      feeds: drafts.flatMap(({ inputs }, to): Feed[] =>
        inputs.filter(({ from }) => from === index).map(({ how }) => ({ to, how })),
      ),
      isPlaced: draft.inputs.some(({ how }) => how === 'hash' || how === 'range' || how === 'same'),
      isOutput: outputs.has(index),
      meanBytes: Math.max(1, bytes / Math.max(1, packs.length)),
    }
    steps.push(step)
    for (const [at, one] of packs.entries()) tasks.push({ index: tasks.length, step, at, ...one })
  }
  return { steps, tasks }
}
