import { ShoalError } from '../../core/errors.ts'
import type { Context } from '../context.ts'
import { DATA, FORMAT, SEED } from '../flags.ts'
import { Interrupted, watchInterrupts } from '../interrupts.ts'
import { outputNames, refuseOneFile } from '../output/sections.ts'
import { shownFormat } from '../output/target.ts'
import { drawVictims, holdersOf, hunt } from '../sim/killer.ts'
import type { NodeProcess } from '../sim/node-process.ts'
import { SimMesh, planSim, type SimPlan } from '../sim/mesh.ts'
import { givenParams, submissionOf } from '../submission.ts'
import { elapsedText, plural } from '../units.ts'
import { runAt, targetOf } from './run.ts'

/** `shoal sim … run JOB.ts`: the job on N real nodes of this machine, K of them killed inside a task. */
export async function simRun(context: Context, [file = '']: readonly string[]): Promise<number> {
  const { settings } = context
  const plan = planSim(context)
  if (settings.all(DATA).length === 0) {
    throw new ShoalError('USAGE', 'sim needs --data NAME=DIR', {
      try: ['shoal sim --nodes 5 --data logs=DIR run JOB.ts'],
    })
  }
  const target = targetOf(context)
  const { prepareJob } = await context.engine()
  const request = submissionOf(await prepareJob(context.path(file), givenParams(settings)), settings)
  shownFormat(settings.get(FORMAT), target, request.job.format)
  refuseOneFile(outputNames(request.job), target)
  holdersOf(plan, request)
  return await withMesh(context, plan, async (mesh, signal) => {
    const victims = await drawVictims(mesh, plan, request, settings.get(SEED) ?? 1, signal)
    const over = new AbortController()
    let hunted = Promise.resolve<NodeProcess[]>([])
    const beginHunt = (): void => {
      hunted = hunt(victims, (line) => context.note(line), over.signal)
    }
    try {
      return await runAt(context, mesh.via(signal), request, target, beginHunt)
    } finally {
      over.abort()
      for (const lucky of await hunted) context.note(`warning: ${lucky.name} was not killed: it began no task`)
    }
  })
}

/** `shoal sim … up`: the mesh alone, until Ctrl-C. */
export async function simUp(context: Context): Promise<number> {
  return await withMesh(context, planSim(context), async (mesh, signal) => {
    for (const node of mesh.nodes) {
      await context.print(context.quiet ? node.home : `${node.name}  pid ${node.pid}  --home ${node.home}`)
    }
    const home = mesh.nodes[0]?.home ?? ''
    context.hint(`try: shoal members --home ${home}   shoal run JOB.ts --home ${home}   Ctrl-C ends them all`)
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
    return 0
  })
}

/** Starts the mesh, does the work, ends every process and removes every home, also after Ctrl-C. */
async function withMesh(
  context: Context,
  plan: SimPlan,
  work: (mesh: SimMesh, signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const began = context.io.now()
  const interrupts = watchInterrupts(context.io)
  const mesh = new SimMesh(context, plan)
  try {
    await mesh.start(interrupts.signal)
    context.hint(`${plural(plan.nodes, 'node')} up in ${elapsedText(context.io.now() - began)}`)
    return await work(mesh, interrupts.signal)
  } catch (error) {
    if (error instanceof Interrupted) return error.exit
    throw error
  } finally {
    await mesh.stop()
    interrupts.dispose()
  }
}
