/**
 * `npm run simulate -- [--seed S] [--seeds N] [--nodes N] [--greedy] [--keep I,J|none] [--trace] [--workers N]
 *                      [--list-broken | --broken NAME]`
 *
 * Exit 0: no violation. Exit 1: a violation, with the one command that replays it. Exit 2: usage.
 */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { BROKEN } from './broken/cores.ts'
import { Crew, type Found } from './crew.ts'
import type { Variant } from './variant.ts'

interface Options {
  readonly seed: number
  readonly seeds: number
  readonly workers: number
  readonly variant: Variant
  readonly trace: boolean
}

class UsageError extends Error {}

function integer(name: string, text: string, low: number, high: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (!(value >= low && value <= high))
    throw new UsageError(`--${name} takes an integer from ${low} to ${high}, not ${text}`)
  return value
}

function optionsOf(argv: readonly string[]): Options | 'list' {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      seed: { type: 'string' },
      seeds: { type: 'string' },
      nodes: { type: 'string' },
      workers: { type: 'string' },
      greedy: { type: 'boolean', default: false },
      trace: { type: 'boolean', default: false },
      keep: { type: 'string' },
      broken: { type: 'string' },
      'list-broken': { type: 'boolean', default: false },
    },
  })
  if (values['list-broken']) return 'list'
  if (values.broken !== undefined && !BROKEN.some(({ name }) => name === values.broken))
    throw new UsageError(`there is no broken core ${values.broken}; --list-broken names them`)
  const seed = integer('seed', values.seed ?? '1', 0, Number.MAX_SAFE_INTEGER)
  const seeds = integer('seeds', values.seeds ?? (values.seed === undefined ? '200' : '1'), 1, 1e9)
  if (!Number.isSafeInteger(seed + seeds - 1)) throw new UsageError('the last seed would be larger than 2^53 - 1')
  return {
    seed,
    seeds,
    workers: integer('workers', values.workers ?? String(Math.min(seeds, availableParallelism())), 1, 64),
    trace: values.trace,
    variant: {
      nodes: values.nodes === undefined ? null : integer('nodes', values.nodes, 1, 12),
      greedy: values.greedy,
      broken: values.broken ?? null,
      keep:
        values.keep === undefined
          ? null
          : values.keep
              .split(',')
              .filter((i) => i !== 'none')
              .map((i) => integer('keep', i, 0, 1_000)),
    },
  }
}

function command(found: Found, { nodes, greedy, broken }: Variant): string {
  const rest = [
    nodes === null ? '' : ` --nodes ${nodes}`,
    greedy ? ' --greedy' : '',
    broken === null ? '' : ` --broken ${broken}`,
  ].join('')
  return `npm run simulate -- --seed ${found.seed}${rest} --keep ${found.keep.join(',') || 'none'} --trace`
}

async function simulate({ seed, seeds, workers, variant, trace }: Options): Promise<number> {
  const began = performance.now()
  const crew = new Crew(workers, variant, trace)
  let told = began
  const found = await crew.run(seed, seeds, (done) => {
    if (performance.now() - told < 10_000) return
    told = performance.now()
    console.error(`${done}/${seeds} seeds`)
  })
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  if (found !== null) {
    console.log(`violation: ${found.rule}: ${found.message}`)
    console.log(`seed ${found.seed}, ${found.nodes} nodes; the least of its faults that show it:`)
    for (const fault of found.faults) console.log(`  ${fault}`)
    console.log(`replay: ${command(found, variant)}`)
    console.log(`found after ${crew.totals.seeds} of ${seeds} seeds, in ${seconds} s`)
    return 1
  }
  const { events, elapsed, executions, tasks, healing } = crew.totals
  console.log(
    `${seeds} seeds from ${seed}: no violation; ${events} events in ${(elapsed / 3_600_000).toFixed(1)} simulated hours, ` +
      `${executions} executions of ${tasks} tasks, healed within ${(healing / 1000).toFixed(1)} s, in ${seconds} s`,
  )
  return 0
}

try {
  const options = optionsOf(process.argv.slice(2))
  if (options === 'list') for (const { name } of BROKEN) console.log(name)
  else process.exitCode = await simulate(options)
} catch (error) {
  if (!(error instanceof UsageError) && !(error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS'))
    throw error
  console.error(`simulate: ${(error as Error).message}`)
  process.exitCode = 2
}
