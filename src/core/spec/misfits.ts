import { ShoalError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import type { StageSettings } from './stage-settings.ts'

/** Of a job that is one stage, or of a stage, with so many inputs: what does not go together. @throws ShoalError JOB_BUILD */
export function refuseMisfits(
  settings: Pick<StageSettings, 'aggregate' | 'n' | 'by' | 'combine' | 'sortValues'>,
  inputs: number,
): void {
  const { aggregate, combine, n, by = false, sortValues = false } = settings
  const folds = combine ? 'combine' : aggregate === undefined ? null : 'aggregate'
  if (sortValues && folds !== null)
    throw refuse(`sortValues gives values in an order of their own, and ${folds} leaves one of them`, [
      `leave ${folds} out, and fold in reduce`,
      'leave sortValues out',
    ])
  if (sortValues && inputs > 1)
    throw refuse('sortValues is for the values of one input', ['a stage for each input, and one that reads them'])
  if (aggregate !== undefined && combine)
    throw refuse(`a job has combine or aggregate: '${aggregate}', not both`, ['leave combine out'])
  if (aggregate !== 'top') {
    const extra = n !== undefined ? 'n' : by ? 'by' : null
    if (extra === null) return
    throw refuse(`${extra} belongs to aggregate: 'top'`, ["aggregate: 'top', n: 10", `leave ${extra} out`])
  }
  if (n === undefined) throw refuse("aggregate: 'top' needs n, how many values to keep", ['n: 10'])
  if (!Number.isInteger(n) || n < 1 || n > LIMITS.topMax)
    throw refuse(`n is a whole number from 1 to ${LIMITS.topMax}, not ${n}`, ['n: 10'])
}

function refuse(message: string, remedies: readonly string[]): ShoalError {
  return new ShoalError('JOB_BUILD', message, { try: remedies })
}
