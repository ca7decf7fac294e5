import { rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { NodeApi } from '../control/api.ts'
import { ownCapacityOf, thisMachine } from '../control/capacity.ts'
import { ShoalError } from '../core/errors.ts'
import type { Context } from './context.ts'
import { parseDataOption } from './data-option.ts'
import { DATA, LOCAL, MEMORY, SLOTS } from './flags.ts'
import { watchInterrupts } from './interrupts.ts'

/**
 * Does `work` at the node of this home or, with --local, at a mesh of this process alone in a throw-away home.
 * `work` sees to signals by itself.
 * @throws ShoalError USAGE where --data is given without --local, or the other way round; Interrupted while it starts
 */
export async function withNode<T>(context: Context, work: (node: NodeApi) => Promise<T>): Promise<T> {
  const { settings, io } = context
  const data = settings.all(DATA)
  if (!settings.on(LOCAL)) {
    if (settings.origin(DATA) === 'flag') {
      throw new ShoalError('USAGE', '--data goes with --local here', {
        why: 'a mesh has the data that its nodes offer',
        try: ['--local --data NAME=DIR', 'shoal node --data NAME=DIR   in another terminal'],
      })
    }
    return await work(context.node())
  }
  if (data.length === 0) {
    throw new ShoalError('USAGE', '--local needs --data NAME=DIR', { try: ['--local --data logs=/var/log/nginx'] })
  }
  const offers = data.map((text) => parseDataOption(text, io.folder))
  const capacity = ownCapacityOf({ slots: settings.get(SLOTS), memory: settings.get(MEMORY) }, thisMachine())
  const { startLocalNode } = await context.engine()
  const early = watchInterrupts(io)
  const home = await mkdtemp(join(tmpdir(), 'shoal-local-'))
  const removeNow = (): void => rmSync(home, { recursive: true, force: true })
  process.once('exit', removeNow)
  const leave = [() => rm(home, { recursive: true, force: true, maxRetries: 3 })]
  try {
    const warn = (line: string): void => context.note(`warning: ${line}`)
    const node = await startLocalNode({ home, data: offers, ...capacity, warn })
    node.ended.catch(() => {})
    leave.unshift(() => node.stop())
    early.dispose()
    early.signal.throwIfAborted()
    return await work(node.api)
  } finally {
    // A signal that comes twice within milliseconds must not end the process before its folder is gone.
    const late = watchInterrupts(io)
    early.dispose()
    for (const step of leave) await step()
    process.off('exit', removeNow)
    late.dispose()
  }
}
