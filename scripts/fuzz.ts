/**
 * `npm run fuzz -- [--only NAME,NAME] [--inputs N] [--seed S] [--workers N] [--list]`: N inputs (default a million) for
 * each decoder of bytes that come from a peer, a disk or a user's file. A finding prints the command that runs its input
 * again, `npm run fuzz -- --only NAME --seed S --input I`, or with the smallest input that does the same `--bytes BASE64`.
 * Ends with 1 where anything was found.
 */
import { spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { fuzz, inputOf, run } from '../test/fuzz/fuzz.ts'
import type { Target } from '../test/fuzz/target.ts'
import { TARGETS } from '../test/fuzz/targets/all.ts'
import { whole } from './options.ts'

/** Inputs of one process at most: what a decoder leaves behind ends with it. */
const SHARE_MAX = 50_000
/** A process that has spent so much processor time on one input hangs. */
const HANG_MS = 30_000

/** Findings of one decoder after which the rest of its inputs is left alone. */
const FINDINGS_MAX = 20

interface Share {
  readonly target: Target
  readonly from: number
  readonly to: number
}

interface Told {
  readonly target: string
  readonly input: number
  readonly what: string
  readonly stack: string
  readonly base64: string
}

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    inputs: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    workers: { type: 'string', default: '2' },
    list: { type: 'boolean', default: false },
    input: { type: 'string' },
    bytes: { type: 'string' },
    worker: { type: 'string' },
  },
})
const seed = whole('seed', values.seed)

function chosen(): readonly Target[] {
  const names = values.only?.split(',')
  const unknown = names?.filter((name) => !TARGETS.some((target) => target.name === name)) ?? []
  if (unknown.length > 0) throw new Error(`no decoder ${unknown.join(', ')}: --list shows all`)
  return names === undefined ? TARGETS : TARGETS.filter((target) => names.includes(target.name))
}

/** A share of the inputs, in a process of its own: `--worker FROM,TO,FILE`. FILE always holds the input at hand. */
async function work(share: string): Promise<void> {
  const [from, to, file] = share.split(',') as [string, string, string]
  const present = openSync(file, 'w')
  const word = Buffer.alloc(8)
  const before = (input: number): void => {
    word.writeDoubleLE(input)
    writeSync(present, word, 0, 8, 0)
  }
  const [target] = chosen() as [Target]
  for (const found of await fuzz(target, { seed, from: Number(from), to: Number(to), before })) {
    const { target: name, input, what, stack, bytes } = found
    const told: Told = { target: name, input, what, stack, base64: Buffer.from(bytes).toString('base64') }
    process.stdout.write(`${JSON.stringify(told)}\n`)
  }
  closeSync(present)
}

/** What was found, and what is left of the share where its process did not come to its end. */
async function runShare({ target, from, to }: Share, scratch: string): Promise<{ found: Told[]; rest: Share | null }> {
  const file = join(scratch, `${target.name}-${from}`)
  const script = process.argv[1]!
  const args = ['--only', target.name, '--seed', String(seed), '--worker', `${from},${to},${file}`]
  const child = spawn(process.execPath, ['--conditions=development', '--no-warnings', script, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (err = (err + chunk.toString()).slice(-2000)))
  let last = { input: -1, ms: 0 }
  let hung = false
  const watch = setInterval(() => {
    const now = { input: presentInput(file), ms: processorMs(child.pid!) }
    if (now.input !== last.input) last = now
    if (now.ms - last.ms < HANG_MS) return
    hung = true
    child.kill('SIGKILL')
  }, 1_000)
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  clearInterval(watch)
  const found = out.split('\n').filter(Boolean).map((line) => JSON.parse(line) as Told) // prettier-ignore
  if (code === 0) return { found, rest: null }
  const input = presentInput(file)
  const what = hung
    ? `it hung for ${HANG_MS / 1000} s of processor time`
    : `it ended the process: ${err.trim().split('\n').slice(0, 8).join('\n')}`
  // A process that ended before its first input would do so again.
  if (input < from) throw new Error(`${target.name}: ${what}`)
  const base64 = Buffer.from(inputOf(target, seed, input)).toString('base64')
  found.push({ target: target.name, input, what, stack: '', base64 })
  return { found, rest: input + 1 < to ? { target, from: input + 1, to } : null }
}

/** Processor time of a process: on a machine that is loaded the clock says nothing of it. */
function processorMs(pid: number): number {
  try {
    const [, fields = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')
    // utime and stime, the 14th and 15th of all fields, in hundredths of a second.
    const [user = 0, system = 0] = fields.split(' ').slice(11, 13).map(Number)
    return (user + system) * 10
  } catch {
    return performance.now()
  }
}

function presentInput(file: string): number {
  try {
    return readFileSync(file).readDoubleLE(0)
  } catch {
    return -1
  }
}

function tell(found: Told): void {
  const short = found.base64.length <= 4_000
  console.log(`\n${found.target}: ${found.what}`)
  if (found.stack !== '') console.log(found.stack.split('\n').slice(1, 8).join('\n'))
  console.log(`  npm run fuzz -- --only ${found.target} --seed ${seed} --input ${found.input}`)
  if (short) console.log(`  npm run fuzz -- --only ${found.target} --bytes ${found.base64 || "''"}`)
}

/** All shares, `workers` at a time. */
async function fuzzAll(targets: readonly Target[], inputs: number, workers: number): Promise<number> {
  const scratch = mkdtempSync(join(tmpdir(), 'shoal-fuzz-'))
  let findings = 0
  try {
    for (const target of targets) {
      const shares: Share[] = []
      const share = Math.min(SHARE_MAX, Math.ceil(inputs / workers))
      for (let from = 0; from < inputs; from += share) shares.push({ target, from, to: Math.min(from + share, inputs) })
      const seen = new Set<string>()
      const started = performance.now()
      const next = async (): Promise<void> => {
        for (let one = shares.shift(); one !== undefined; one = shares.shift()) {
          const { found, rest } = await runShare(one, scratch)
          for (const told of found) {
            if (seen.has(told.what)) continue
            seen.add(told.what)
            tell(told)
          }
          if (rest !== null && seen.size < FINDINGS_MAX) shares.push(rest)
        }
      }
      await Promise.all(Array.from({ length: workers }, next))
      const seconds = (performance.now() - started) / 1000
      findings += seen.size
      const rate = Math.round(inputs / seconds)
      console.log(`${target.name}: ${inputs} inputs, ${rate} a second, ${seen.size} findings`)
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
  return findings
}

/** Runs one input and says what it does. */
async function replay(target: Target, bytes: Uint8Array): Promise<number> {
  const failure = await run(target, bytes)
  await target.stop()
  console.log(failure === null ? `${target.name}: ${bytes.length} bytes, all is well` : failure.what)
  if (failure !== null) console.log(failure.stack)
  return failure === null ? 0 : 1
}

async function main(): Promise<number> {
  if (values.worker !== undefined) {
    await work(values.worker)
    return 0
  }
  if (values.list) {
    for (const { name, what } of TARGETS) console.log(`${name.padEnd(20)} ${what}`)
    return 0
  }
  const targets = chosen()
  if (values.bytes !== undefined) return replay(targets[0]!, Buffer.from(values.bytes, 'base64'))
  if (values.input !== undefined) return replay(targets[0]!, inputOf(targets[0]!, seed, whole('input', values.input)))
  return (await fuzzAll(targets, whole('inputs', values.inputs), whole('workers', values.workers, 1))) === 0 ? 0 : 1
}

process.exitCode = await main()
