import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import type { NodeStatus } from '../../control/api.ts'
import { capacityOf, thisMachine } from '../../control/capacity.ts'
import type { DataOption, NodeOptions, RunningNode } from '../../control/node-options.ts'
import { serveControl, type ControlServer } from '../../control/server.ts'
import { VERSION } from '../../control/version.ts'
import { ShoalError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Context } from '../context.ts'
import { parseDataOption, readJoins } from '../data-option.ts'
import { DATA, DISK, HTTP, JOIN, LISTEN, MEMORY, NAME, NO_MDNS, RETENTION, SLOTS } from '../flags.ts'
import { SECOND_SIGNAL_MS } from '../interrupts.ts'
import { tinted, type Tinted } from '../line.ts'
import { isToldToHold } from '../sim/node-process.ts'
import { bytesText, elapsedText, plural } from '../units.ts'

const READY_POLL_MS = 50

/** A promise that nobody waited for is a bug, and no reason to take a node down with all that it holds. */
function noteStrayRejections(context: Context): void {
  process.on('unhandledRejection', (reason) => {
    const text = reason instanceof Error ? (reason.stack ?? reason.message) : String(reason)
    context.noteLines(`warning: a bug in Shoal or in a library, the node goes on: ${text}`)
  })
}

/** `shoal node`: runs until it is drained. Exit 0 after a drain, 130 or 143 when it was told twice. */
export async function runNode(context: Context): Promise<number> {
  const began = context.io.now()
  const options = await nodeOptions(context)
  noteStrayRejections(context)
  const { startNode, startSimulatedNode } = await context.engine()
  const holdFirst = (stage: string, isFirst: boolean): boolean => isToldToHold(context.home, stage, isFirst)
  const node = await (isLeashed(context) ? startSimulatedNode({ ...options, holdFirst }) : startNode(options))
  const ended = node.ended.then(() => 0)
  ended.catch(() => {})
  let control: ControlServer
  try {
    control = await serveControl(node.api, options.home)
  } catch (error) {
    await node.stop()
    throw error
  }
  const stopped = new AbortController()
  const signals = drainOnSignals(context, node)
  try {
    await announce(context, node)
    void announceReady(context, node, began, stopped.signal)
    return await Promise.race([ended, signals.now, ...(isLeashed(context) ? [leashCut(context)] : [])])
  } finally {
    stopped.abort()
    signals.off()
    await control.close()
    await node.stop()
  }
}

async function nodeOptions(context: Context): Promise<NodeOptions> {
  const { settings, io } = context
  const http = settings.get(HTTP) ?? 'off'
  if (http !== 'off') context.note(`warning: this release serves no page; --http ${http} is not used`)
  const data = settings.all(DATA).map((text) => parseDataOption(text, io.folder))
  return {
    home: context.home,
    data: [...data, ...simulatedData(io.environment['SHOAL_SIM_FILES'])],
    join: await readJoins(settings.all(JOIN), io),
    listen: settings.all(LISTEN),
    name: nodeName(settings.get(NAME) ?? hostname()),
    ...capacityOf({ slots: settings.get(SLOTS), memory: settings.get(MEMORY) }, thisMachine()),
    retentionMs: settings.get(RETENTION) ?? LIMITS.retentionMs,
    keptBytesMax: settings.get(DISK) ?? null,
    mdns: !settings.on(NO_MDNS),
    warn: (line) => context.note(`warning: ${line}`),
  }
}

/** Members see it in tables and in sentences. */
function nodeName(name: string): string {
  if (!/[\p{C}\p{Z}]/u.test(name) && Buffer.byteLength(name) <= LIMITS.namesBytesMax) return name
  throw new ShoalError('USAGE', `--name ${JSON.stringify(name)} is no name of a node`, {
    why: `a name has no blanks and no control characters, and at most ${LIMITS.namesBytesMax} bytes`,
  })
}

/** The whole files that the simulator deals to this node: a list of data options in a JSON file. */
function simulatedData(file: string | undefined): DataOption[] {
  return file === undefined || file === '' ? [] : (JSON.parse(readFileSync(file, 'utf8')) as DataOption[])
}

function isLeashed(context: Context): boolean {
  return context.io.environment['SHOAL_SIM_LEASH'] === '1'
}

/** A node of the simulator ends with the simulator, however that ends: its stdin is a pipe from there. */
async function leashCut(context: Context): Promise<number> {
  const leash = context.io.stdin[Symbol.asyncIterator]()
  while ((await leash.next()).done !== true);
  return 0
}

/** INT = TERM = drain; the second, half a second later or more, ends the node now. */
function drainOnSignals(context: Context, node: RunningNode): { readonly now: Promise<number>; off(): void } {
  let first: number | null = null
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const off = context.io.onStop((signal) => {
    const at = context.io.now()
    if (first === null) {
      first = at
      context.note(`draining, for ${LIMITS.drainMs / 1000} s at most; once more ends it now`)
      node.api.drain().then(() => resolve(0), reject)
      setTimeout(() => resolve(0), LIMITS.drainMs + SECOND_SIGNAL_MS).unref()
    } else if (at - first >= SECOND_SIGNAL_MS) {
      resolve(signal === 'SIGINT' ? 130 : 143)
    }
  })
  return { now: promise, off }
}

async function announce(context: Context, node: RunningNode): Promise<void> {
  if (context.quiet) return
  const status = await node.api.status()
  const label = (text: string): Tinted => tinted('dim', text.padEnd(7))
  context.note([`shoal ${VERSION}  node `, tinted('bold', status.name), `  ${status.id}`])
  for (const dataset of status.datasets) context.note([label('data'), ` ${datasetLine(dataset)}`])
  if (status.datasets.length === 0) context.note([label('data'), ' none: it submits, reduces and relays'])
  for (const address of status.listen) context.note([label('listen'), ` ${address}`])
  const work = `${plural(status.slots, 'slot')}, ${bytesText(status.memory)} for their tasks`
  context.note([label('work'), ` ${work}   home ${status.home}`])
  context.note([label('join'), ` shoal node --data NAME=DIR --join ${await node.api.ticket()}`])
}

function datasetLine(dataset: NodeStatus['datasets'][number]): string {
  const pending = dataset.pending === 0 ? '' : `, ${plural(dataset.pending, 'file')} still being read`
  const mode = dataset.replicated ? '  replicated' : ''
  return `${dataset.name}  ${plural(dataset.shards, 'shard')}  ${bytesText(dataset.bytes)}${mode}${pending}`
}

async function announceReady(context: Context, node: RunningNode, began: number, stopped: AbortSignal): Promise<void> {
  let saidWhy = ''
  try {
    while (!stopped.aborted) {
      const status = await node.api.status()
      if (status.ready) {
        const met = `${plural(status.alive, 'member')} in ${elapsedText(context.io.now() - began)}`
        context.note([tinted('green', 'ready  '), ` ${met}.  Ctrl-C drains; twice quits.`])
        return
      }
      if (status.why !== saidWhy && !context.quiet) context.note(`waiting ${status.why}`)
      saidWhy = status.why
      await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS))
    }
  } catch (error) {
    if (!(error instanceof ShoalError)) throw error
  }
}
