/**
 * `npm run test:fast`, `npm test`, `npm run test:nightly`: the checks of the repository, in the order in which they fail
 * fastest; each of the three runs those of the one before it, and more. The last line is `N passed, N failed`: each
 * check counts as one, each test as one. The line before it says what was not run. `npm test -- --only lint,tidy` runs
 * some of them, of any of the three. Nothing is drawn at random: seeds and numbers of inputs stand in the table.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs, styleText } from 'node:util'
import { skippedLine, TIERS, type Tier } from './check/skipped.ts'
import { commandTally, testsTally, together, type Tally, type Tests } from './check/tally.ts'

interface Check {
  readonly name: string
  /** The first of the three that runs it. */
  readonly tier: Tier
  /** What it takes on two cores with nothing else to do. */
  readonly seconds: number
  readonly run: () => Promise<Tally>
  /** A longer one of a later tier that does the same and more: where that one runs, this one need not. */
  readonly within?: string
}

const CODE = ['src', 'test', 'scripts', 'examples']

/** What was built must run, task processes too. */
const LOCAL_RUN = [
  'run',
  'examples/flights.ts',
  '--local',
  '--data',
  'flights=examples/data/flights',
  '--format',
  'csv',
]

const scratch = mkdtempSync(join(tmpdir(), 'shoal-check-'))

const tool = (tier: Tier, seconds: number, name: string, file: string, ...args: string[]): Check => ({
  name,
  tier,
  seconds,
  run: () => commandTally(seconds, file, args),
})

const script = (tier: Tier, seconds: number, name: string, file: string, ...args: string[]): Check =>
  tool(tier, seconds, name, process.execPath, '--conditions=development', file, ...args)

const tests = (tier: Tier, seconds: number, name: string, which: Tests): Check => ({
  name,
  tier,
  seconds,
  run: () => testsTally(seconds, which, join(scratch, `${name}.json`)),
})

const simulate = (tier: Tier, seconds: number, name: string, ...args: string[]): Check =>
  script(tier, seconds, name, 'test/sim/main.ts', ...args)

/** All sizes that the simulator makes meshes of, one after the other. */
const everyNodeCount: Check = {
  name: 'simulate-nodes',
  tier: 'nightly',
  seconds: 360,
  run: async () => {
    const counts = Array.from({ length: 12 }, (_, index) => String(index + 1))
    const tallies: Tally[] = []
    for (const count of counts) {
      const seeds = ['--seed', '2000001', '--seeds', '100', '--nodes', count]
      tallies.push(await simulate('nightly', 60, `simulate-${count}`, ...seeds).run())
    }
    return together(tallies)
  },
}

const CHECKS: readonly Check[] = [
  tool('fast', 1, 'format', 'oxfmt', '--check', ...CODE),
  tool('fast', 3, 'lint', 'oxlint', ...CODE),
  tool('fast', 3, 'types', 'tsc', '-p', '.'),
  tool('fast', 1, 'types-core', 'tsc', '-p', 'src/core', '--noEmit'),
  tool('fast', 1, 'types-examples', 'tsc', '-p', 'examples'),
  tool('fast', 1, 'types-bench-jobs', 'tsc', '-p', 'scripts/bench/jobs'),
  script('fast', 1, 'tidy', 'scripts/tidy.ts'),
  // Before dead-code, which follows imports into what was built.
  script('fast', 4, 'build', 'scripts/build.ts'),
  tool('fast', 2, 'dead-code', 'knip', '--no-progress'),
  tests('fast', 110, 'unit', { project: 'quick' }),
  { ...simulate('fast', 15, 'simulate-200', '--seed', '1', '--seeds', '200'), within: 'simulate' },
  tool('land', 2, 'package', 'publint', '--strict'),
  tool('land', 2, 'built', process.execPath, 'dist/cli/main.js', ...LOCAL_RUN),
  tests('land', 500, 'processes', { project: 'process' }),
  simulate('land', 150, 'simulate', '--seed', '1', '--seeds', '2000'),
  simulate('land', 15, 'simulate-greedy', '--seed', '1', '--seeds', '60', '--greedy'),
  // Properties over other inputs; and tests with processes that do more where they are told to.
  tests('nightly', 110, 'unit-other-seed', { project: 'quick', environment: { FAST_CHECK_SEED: '2' } }),
  tests('nightly', 60, 'damaged-home-all', {
    project: 'process',
    files: ['test/e2e/damaged-home.test.ts'],
    environment: { SHOAL_DAMAGE: 'all' },
  }),
  tests('nightly', 150, 'all-killed-often', {
    project: 'process',
    files: ['test/e2e/all-killed.test.ts'],
    environment: { SHOAL_SEEDS: '20' },
  }),
  simulate('nightly', 450, 'simulate-long', '--seed', '1000001', '--seeds', '6000'),
  simulate('nightly', 160, 'simulate-greedy-long', '--seed', '1000001', '--seeds', '500', '--greedy'),
  everyNodeCount,
  script('nightly', 240, 'broken-cores', 'scripts/broken-cores.ts'),
  script('nightly', 700, 'fuzz', 'scripts/fuzz.ts', '--seed', '2', '--inputs', '8000'),
  script('nightly', 5, 'kill-times-simulated', 'scripts/kill-times.ts', '--simulated'),
  script('nightly', 240, 'kill-times', 'scripts/kill-times.ts', '--rounds', '4', '--seed', '1'),
  script('nightly', 660, 'storm', 'scripts/storm.ts', '--minutes', '10', '--seed', '91'),
  script('nightly', 160, 'storm-sim-kill', 'scripts/storm.ts', '--rounds', '20', '--seed', '4242'),
  script('nightly', 320, 'soak', 'scripts/soak.ts', '--minutes', '5', '--seed', '53', '--retention', '2m'),
]

function chosen(tier: Tier, only: readonly string[] | undefined): readonly Check[] {
  const unknown = only?.filter((name) => !CHECKS.some((check) => check.name === name)) ?? []
  if (unknown.length > 0)
    throw new Error(`no check ${unknown.join(', ')}; there are ${CHECKS.map((c) => c.name).join(', ')}`)
  if (only !== undefined) return CHECKS.filter(({ name }) => only.includes(name))
  const due = CHECKS.filter((check) => TIERS.indexOf(check.tier) <= TIERS.indexOf(tier))
  return due.filter(({ within }) => !due.some(({ name }) => name === within))
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { tier: { type: 'string', default: 'land' }, only: { type: 'string' } } })
  const tier = TIERS.find((name) => name === values.tier)
  if (tier === undefined) throw new Error(`no tier ${values.tier}; there are ${TIERS.join(', ')}`)
  const checks = chosen(tier, values.only?.split(','))
  const expected = checks.reduce((sum, { seconds }) => sum + seconds, 0)
  console.log(`${checks.length} checks, about ${Math.ceil(expected / 60)} minutes on two quiet cores`)

  const failures: string[] = []
  const tallies: Tally[] = []
  for (const check of checks) {
    const started = performance.now()
    console.log(styleText('bold', `── ${check.name}`))
    const tally = await check.run()
    tallies.push(tally)
    if (tally.failed > 0) failures.push(check.name)
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    console.log(
      `${tally.failed > 0 ? styleText('red', 'FAILED') : styleText('green', 'ok')} ${check.name} ${seconds} s`,
    )
  }
  if (failures.length > 0) console.log(`failed: ${failures.join(', ')}`)
  const left = CHECKS.filter((check) => !checks.includes(check) && !checks.some(({ name }) => name === check.within))
  const { passed, failed, skipped } = together(tallies)
  console.log(skippedLine(left, skipped))
  console.log(`${passed} passed, ${failed} failed`)
  process.exitCode = failed > 0 ? 1 : 0
}

try {
  await main()
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
