/**
 * The task process: `main.js SLOT`. It takes commands from stdin, does the work of one attempt after the other, and
 * messages on fd 3. It reads and writes its slot folder alone (`in/` links, `out/ATTEMPT/` files), and ends with its node.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import vm from 'node:vm'
import { keepDecoderAt } from '../data/formats/parquet/decode/decoder.ts'
import { arenaBytes, sideBytes, windowBytes } from './memory.ts'
import type { TaskContext } from './context.ts'
import { hostFailure } from './failure.ts'
import { harden, leave } from './harden.ts'
import { codeInRealms } from './job-realms.ts'
import { loadJob, type LoadedJob } from './load-job.ts'
import { readCommand, writeMessage } from './pipe.ts'
import { DECODER_FILE, type TaskMessage, type StartCommand } from './protocol.ts'
import { Reporter } from './reporter.ts'
import { runWork } from './run-work.ts'
import { ShardRecords } from './shard-records.ts'
import { openFile, slotFiles } from './slot-files.ts'
import { turn, type UserCode } from './user-code.ts'

const slot = process.argv[2] as string
const parent = process.ppid
setFlagsFromString('--expose-gc')
const collect = vm.runInNewContext('gc') as () => void
// Each realm that is made while the flag is on has a global `gc`, which user code must not have.
setFlagsFromString('--no-expose-gc')
const rss = process.memoryUsage.rss.bind(process.memoryUsage)
harden()
keepDecoderAt(join(slot, DECODER_FILE))

let user: UserCode | null = null
let job: LoadedJob | null = null
process.on('unhandledRejection', (reason) => user?.rejected(reason))
process.on('warning', () => undefined)

/**
 * Called with each message. Ends the process when its node has died. Collects garbage before the process reaches its
 * memory limit, so that what earlier attempts left behind does not count against this one.
 */
function check(memory: number): void {
  if (process.ppid !== parent) leave(1)
  if (rss() > 0.9 * memory) collect()
}

/** The node does not read any more: it has died. */
function send(message: TaskMessage): void {
  try {
    writeMessage(message)
  } catch {
    leave(1)
  }
}

async function run(command: StartCommand): Promise<TaskMessage> {
  const { attempt, code, params, memory, work, packed } = command
  const reporter = new Reporter({ send, now: () => performance.now(), check: () => check(memory) })
  try {
    const output = join(slot, 'out', attempt)
    mkdirSync(output, { recursive: true })
    job ??= loadJob(slot, code)
    const folder = join(slot, 'in', attempt)
    const reading = { folder, packed, windows: windowBytes(memory), reporter }
    const context: TaskContext = {
      job: codeInRealms(job, params, (text) => reporter.log(text)),
      code,
      arena: arenaBytes(memory),
      sides: sideBytes(memory),
      records: (work) => new ShardRecords(reading, work),
      input: (name) => openFile(join(folder, name)),
      files: slotFiles(output),
      reporter,
      attend: (next) => {
        user = next
      },
    }
    const { manifest, rows } = await runWork(context, work)
    return { type: 'done', manifest, rows, log: reporter.takeLog() }
  } catch (error) {
    return { type: 'failed', failure: hostFailure(error, 'own').failure, log: reporter.takeLog() }
  }
}

async function main(): Promise<void> {
  send({ type: 'ready' })
  for (;;) {
    const command = readCommand()
    if (command === null) leave(0)
    send(await run(command))
    // What the job has left in flight comes to an end before the next attempt begins.
    await turn()
    collect()
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
  leave(70)
})
