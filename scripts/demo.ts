/**
 * `npm run demo`: five nodes on this machine, half a year of real purchases dealt out over them, one node killed while
 * it works, and the answer all the same: equal to what one machine gives alone, and to what awk gives.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { styleText } from 'node:util'
import { freshMain } from './fresh-build.ts'

const root = join(import.meta.dirname, '..')
const data = 'purchases=examples/data/purchases'
const job = 'examples/revenue.ts'
const main = freshMain()
const scratch = mkdtempSync(join(tmpdir(), 'shoal-demo-'))

const say = (text: string): void => console.log(text)
const heading = (text: string): void => console.log(`\n${styleText('bold', text)}`)

/** Runs the command as a user would type it; its progress and summary go straight to the terminal. */
async function shoal(...args: string[]): Promise<void> {
  say(styleText('dim', `$ shoal ${args.map((arg) => arg.replace(scratch, '$TMP')).join(' ')}`))
  const child = spawn(process.execPath, [main, ...args], { cwd: root, stdio: 'inherit' })
  const forward = (signal: NodeJS.Signals): boolean => child.kill(signal)
  process.on('SIGINT', forward).on('SIGTERM', forward)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', resolve)
  })
  process.off('SIGINT', forward).off('SIGTERM', forward)
  if (code !== 0)
    throw new Error(`that ended with exit code ${String(code)}; \`npm run -s shoal -- doctor\` may say why`)
}

interface Receipt {
  readonly job: string
  readonly result: string
  readonly coverage: { shards: number; of: number; bytes: number; records: number; nodes: number }
}

const readReceipt = (folder: string): Receipt =>
  JSON.parse(readFileSync(join(scratch, folder, 'receipt.json'), 'utf8')) as Receipt

/** user → cents, from the part files. */
function readAnswer(folder: string): Map<string, number> {
  const parts = readdirSync(join(scratch, folder)).filter((name) => name.startsWith('part-'))
  const lines = parts.flatMap((name) => readFileSync(join(scratch, folder, name), 'utf8').split('\n'))
  const records = lines.filter((line) => line !== '').map((line) => JSON.parse(line) as { key: string; value: number })
  return new Map(records.map(({ key, value }) => [key, value]))
}

function readExpected(): Map<string, number> {
  const lines = readFileSync(join(root, 'examples/expected/revenue.tsv'), 'utf8').split('\n').slice(0, -1)
  return new Map(lines.map((line) => line.split('\t')).map(([user = '', cents]) => [user, Number(cents)]))
}

const equal = (a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): boolean =>
  a.size === b.size && [...a].every(([user, cents]) => b.get(user) === cents)

const pounds = (cents: number): string =>
  (cents / 100).toLocaleString('en-GB', { style: 'currency', currency: 'GBP' }).padStart(14)

async function demo(): Promise<boolean> {
  const started = performance.now()
  heading('1. Five nodes, the purchases dealt out over them, revenue per user; one node is killed while it works')
  await shoal('sim', '--nodes', '5', '--kill', '1', '--seed', '7', '--data', data, 'run', job, '-o', `${scratch}/mesh/`)

  heading('2. The same job on this machine alone, for comparison')
  await shoal('run', job, '--local', '--data', data, '-o', `${scratch}/alone/`)

  const mesh = readReceipt('mesh')
  const alone = readReceipt('alone')
  const answer = readAnswer('mesh')
  const { coverage } = mesh
  heading('3. The answer')
  const best = [...answer].sort(([, a], [, b]) => b - a).slice(0, 5)
  for (const [user, cents] of best) say(`  ${user.padEnd(8)}${pounds(cents)}`)
  say(`  … and ${answer.size - best.length} more users`)
  heading('4. What it is made of')
  say(
    `  coverage   ${coverage.shards}/${coverage.of} files, ${coverage.records.toLocaleString('en-GB')} purchases, ${coverage.nodes} nodes`,
  )
  say(`  five nodes, one killed   ${mesh.result}`)
  say(`  one node                 ${alone.result}`)

  const sameHash = mesh.result === alone.result
  const sameAsAwk = equal(answer, readExpected())
  const verdict = (good: boolean): string => (good ? styleText('green', 'yes') : styleText('red', 'NO'))
  say(`  same result hash?        ${verdict(sameHash)}`)
  say(`  same sums as awk gives?  ${verdict(sameAsAwk)}  (examples/expected/revenue.tsv)`)
  say(`\n${((performance.now() - started) / 1000).toFixed(0)} s. Next: README.md, "Three machines".`)
  return sameHash && sameAsAwk
}

try {
  process.exitCode = (await demo()) ? 0 : 1
} catch (error) {
  console.error(`demo: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
