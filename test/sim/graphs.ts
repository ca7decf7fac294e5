/** Draws the stages of a simulated job: chains, diamonds, joins of two and of three, sorted ends, several outputs. */
import type { OutputSpec, StageSpec } from '../../src/core/types.ts'
import { KEEPING_WORDS, MAP_WORDS, type Program } from './programs.ts'
import type { Random } from './random.ts'

export interface SimStage extends StageSpec {
  readonly does: Program
}

export interface SimGraph {
  readonly stages: readonly SimStage[]
  readonly outputs: readonly OutputSpec[]
  /** How many shards each input of the job has; inputs go by the names of the stages that read them. */
  readonly inputs: readonly { readonly alias: string; readonly shards: number }[]
}

/** Which stages each stage reads; none: it reads rows. */
const SHAPES: readonly (readonly (readonly number[])[])[] = [
  [[], [0]],
  [[], [0], [1]],
  [[], [0], [1], [2]],
  [[], [0], [0]],
  [[], [0], [0, 1]],
  [[], [0], [0], [1, 2]],
  [[], [], [0, 1]],
  [[], [], [0, 1], [2]],
  [[], [0], [0, 1], [2]],
  [[], [], [0, 1], [0, 2]],
  [[], [], [], [0, 1, 2]],
  [[], [], [0], [0, 1, 2]],
]
const NAMES = 'abcd'
/** Of one input at most: graphs have more tasks than jobs of one stage, and a seed is to take no longer. */
const SHARDS_MAX = 5

export function drawGraph(random: Random, shards: number, partitions: number): SimGraph {
  const shape = random.pick(SHAPES)
  const inputs: SimGraph['inputs'][number][] = []
  const readRows = (name: string): StageSpec['reads'] => {
    inputs.push({ alias: name, shards: random.between(1, Math.min(shards, SHARDS_MAX)) })
    return [{ alias: '', input: inputs.length - 1 }]
  }
  // Whether partners stay where they are: then nothing on their way changes keys or counts.
  const still = random.chance(0.5)
  const stages = shape.map((reads, i): SimStage => {
    const name = NAMES[i]!
    const isRows = reads.length === 0
    const isLast = shape.every((others) => !others.includes(i))
    const map = isRows || random.chance(reads.length > 1 || still ? 0.25 : 0.4)
    const combine = map && random.chance(0.2)
    const renames = !still && random.chance(0.35)
    const reduce = combine ? 'sum' : renames ? 'renamed' : keeping(random, reads.length > 1)
    return {
      name,
      reads: isRows
        ? readRows(name)
        : reads.map((stage) => ({ alias: reads.length === 1 ? '' : NAMES[stage]!, stage })),
      sides: [],
      map,
      combine,
      reduce: random.chance(0.8),
      keepsKey: reduce !== 'renamed' && (still || random.chance(0.5)),
      sort: random.chance(isLast ? 0.3 : 0.06),
      partitions: still || random.chance(0.6) ? (isRows ? partitions : null) : random.between(1, 5),
      onBadRecord: 'fail',
      does: { map: random.pick(isRows ? ['count', 'same'] : MAP_WORDS), reduce },
    }
  })
  return { stages, outputs: outputsOf(random, shape), inputs }
}

function keeping(random: Random, joins: boolean): string {
  return joins && random.chance(0.3) ? 'joined' : random.pick(KEEPING_WORDS.filter((word) => word !== 'joined'))
}

/** What nobody reads, and now and then a stage on the way. */
function outputsOf(random: Random, shape: readonly (readonly number[])[]): OutputSpec[] {
  const stages = shape.map((_, i) => i).filter((i) => !shape.some((reads) => reads.includes(i)) || random.chance(0.12))
  return stages.map((stage) => ({ name: stages.length === 1 ? '' : NAMES[stage]!, stage }))
}
