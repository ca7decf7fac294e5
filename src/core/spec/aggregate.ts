import { ShoalError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import type { StageSettings } from './stage-settings.ts'

/** Of a job that is one stage, or of a stage: what does not go together. @throws ShoalError JOB_BUILD */
export function checkAggregate(settings: Pick<StageSettings, 'aggregate' | 'n' | 'by' | 'combine'>): void {
  const { aggregate, combine, n, by = false } = settings
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
