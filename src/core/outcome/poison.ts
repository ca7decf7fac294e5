/** A task that ends whatever runs it: what the deaths that were told of it come to. */
import type { ErrorJson } from '../errors.ts'
import type { Failure } from '../ledger/ledger.ts'
import { LIMITS } from '../limits.ts'
import type { NodeId } from '../types.ts'

type Told = Failure & { readonly node?: NodeId }

/** Deaths by the lives that ended, each once, whoever told it. */
function deathsOf(failures: readonly Told[]): Told[] {
  const seen = new Set<string>()
  return failures.filter(({ blame, place }) => {
    if (blame !== 'death' || (place !== '' && seen.has(place))) return false
    seen.add(place)
    return true
  })
}

/**
 * Whether a task is to run as the only one on its node: a node was started again after it had died over it, or two that
 * ran it are away. (One that is away was most often just killed: its tasks need not wait for each other.)
 */
export function runsAlone(failures: readonly (Failure & { readonly node: NodeId })[] | undefined): boolean {
  if (failures === undefined) return false
  const deaths = deathsOf(failures)
  return deaths.length > 1 || deaths.some(({ node, place }) => place === '' || place.startsWith(`${node}/`))
}

/** The error of a task that has ended too many lives, else null; `task` is what people call it. */
export function poisonOf(failures: readonly Told[], task: string): ErrorJson | null {
  const deaths = deathsOf(failures)
  if (deaths.length <= LIMITS.deathsAlone) return null
  const names: string[] = deaths.map(({ error, place, node }) => error.node ?? (place.split('/')[0] || (node ?? '')))
  const where = [...new Set(names)].filter((name) => name !== '').sort()
  return {
    schema: 'shoal.error/1',
    code: 'TASK_POISON',
    message: `${task} has ended the node that ran it, ${deaths.length} times`,
    why: `it ran on ${where.join(', ') || 'nodes that did not say'}, at last alone there`,
    try: ['look at what the task asks of a machine: memory, disk', 'shoal job retry   once the cause is gone'],
    retryable: false,
    exit: 1,
  }
}
