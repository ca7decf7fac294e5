/** The loop: makes inputs, runs them, and says which broke what. */
import { getHeapStatistics } from 'node:v8'
import { Random } from './random.ts'
import { shrink } from './shrink.ts'
import type { Target } from './target.ts'

/** No input takes so much processor time; what does hangs, or would with a longer one. */
const SLOW_MS = 1_000
/** Time and memory are looked at once for so many inputs, and for each of them only where it was too much. */
const MEASURED_TOGETHER = 50
/** Findings of one target after which it is clear that it is broken. */
const FINDINGS_MAX = 10

export interface Finding {
  readonly target: string
  readonly seed: number
  /** The number of the input. */
  readonly input: number
  /** What went wrong, in one line. */
  readonly what: string
  readonly stack: string
  /** The smallest input known that does the same. */
  readonly bytes: Uint8Array
}

export interface Fuzzing {
  readonly seed: number
  /** Inputs [from, to) by number. */
  readonly from: number
  readonly to: number
  /** Called before each input runs: whoever watches knows at which one a process hung or died. */
  readonly before?: (input: number) => void
}

/** Input `number` of a target. */
export function inputOf(target: Target, seed: number, number: number): Uint8Array {
  return target.input(new Random(seed, target.name, number))
}

/** Runs inputs; different findings once each. */
export async function fuzz(target: Target, { seed, from, to, before }: Fuzzing): Promise<Finding[]> {
  const findings = new Map<string, Finding>()
  for (let at = from; at < to && findings.size < FINDINGS_MAX; at += MEASURED_TOGETHER) {
    const end = Math.min(at + MEASURED_TOGETHER, to)
    const use = new Use()
    let failed = false
    for (let input = at; input < end; input++) {
      before?.(input)
      failed = (await failureOf(target, inputOf(target, seed, input))) !== null || failed
    }
    if (!failed && use.past(target) === '') continue
    for (let input = at; input < end; input++) {
      before?.(input)
      const finding = await look(target, seed, input, findings)
      if (finding !== null) findings.set(finding[0], finding[1])
    }
  }
  await target.stop()
  return [...findings.values()]
}

/** Runs one input with care; null where all is well, or where the same was found before. */
async function look(
  target: Target,
  seed: number,
  input: number,
  known: ReadonlyMap<string, Finding>,
): Promise<[kind: string, Finding] | null> {
  const bytes = inputOf(target, seed, input)
  const failure = await run(target, bytes)
  if (failure === null || known.has(failure.kind)) return null
  const { kind, what, stack, slow } = failure
  const shrunk = slow
    ? bytes
    : await shrink(bytes, async (smaller) => (await failureOf(target, smaller))?.kind === kind)
  return [kind, { target: target.name, seed, input, what, stack, bytes: shrunk }]
}

export interface Failure {
  /** Equal for failures that are likely one bug. */
  readonly kind: string
  readonly what: string
  readonly stack: string
  readonly slow: boolean
}

/** Runs one input; null where all is well. What was slow or large is run again: the first time may have been a pause. */
export async function run(target: Target, bytes: Uint8Array): Promise<Failure | null> {
  for (let tries = 0; ; tries++) {
    const use = new Use()
    const failure = await failureOf(target, bytes)
    if (failure !== null) return failure
    const past = use.past(target)
    if (past === '') return null
    if (tries > 0) return { kind: past.replaceAll(/\d+/g, 'N'), what: past, stack: '', slow: true }
  }
}

/** What has been used of processor and memory since it was made. */
class Use {
  readonly #memory = memoryUsed()
  readonly #time = process.cpuUsage()

  /** What is too much for one input, or ''. */
  past({ bytesMax }: Target): string {
    const { user, system } = process.cpuUsage(this.#time)
    const ms = Math.round((user + system) / 1000)
    if (ms > SLOW_MS) return `it took ${ms} ms`
    const grown = memoryUsed() - this.#memory
    return grown > bytesMax ? `it took ${Math.round(grown / 2 ** 20)} MiB of memory` : ''
  }
}

function memoryUsed(): number {
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics()
  return heap + external
}

async function failureOf(target: Target, bytes: Uint8Array): Promise<Failure | null> {
  try {
    const checking = target.check(bytes)
    if (checking !== undefined) await checking
    return null
  } catch (error) {
    return describeFailure(error)
  }
}

function describeFailure(error: unknown): Failure {
  if (!(error instanceof Error)) return { kind: 'no error', what: `threw ${String(error)}`, stack: '', slow: false }
  const stack = error.stack ?? ''
  // A bug is where our own code was when it showed; of a property that does not hold, the property.
  const place = /\n\s+at (.*\/src\/.*)/.exec(stack)?.[1] ?? ''
  const told = error.name === 'Broken' || place === '' ? error.message.replaceAll(/\d+/g, 'N').slice(0, 60) : place
  return { kind: `${error.name} ${told}`, what: `${error.name}: ${error.message}`, stack, slow: false }
}
