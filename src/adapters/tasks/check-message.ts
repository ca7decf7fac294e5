import type { Code } from '../../core/codes.ts'
import { errorFromJson } from '../../core/errors.ts'
import { errorToJson } from '../../words/thrown.ts'
import type { Manifest, RunRow } from '../../core/types.ts'
import type { AttemptFailure } from '../../ports.ts'
import type { ProgressMessage, TaskMessage } from '../../task/protocol.ts'

/**
 * What a task process sent as a message, or null if it is none. The process runs code that others wrote: what comes from
 * it is looked at before it is believed.
 */
export function checkMessage(message: unknown): TaskMessage | null {
  if (!isFields(message)) return null
  switch (message['type']) {
    case 'ready':
      return { type: 'ready' }
    case 'progress':
      return checkProgress(message)
    case 'done': {
      const { manifest, rows, log } = message
      return isFields(manifest) && Array.isArray(rows) && typeof log === 'string'
        ? { type: 'done', manifest: manifest as unknown as Manifest, rows: rows as readonly RunRow[], log }
        : null
    }
    case 'failed': {
      const failure = checkFailure(message['failure'])
      const { log } = message
      return failure !== null && typeof log === 'string' ? { type: 'failed', failure, log } : null
    }
    default:
      return null
  }
}

type Fields = Readonly<Record<string, unknown>>
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

function checkProgress(message: Fields): ProgressMessage | null {
  const { phase, units, records, bytes, log } = message
  if ((phase !== 'user' && phase !== 'own') || !isCount(units) || !isCount(records) || !isCount(bytes)) return null
  return typeof log === 'string' ? { type: 'progress', phase, units, records, bytes, log } : null
}

function checkFailure(failure: unknown): AttemptFailure | null {
  if (!isFields(failure)) return null
  const { blame, error, place } = failure
  if ((blame !== 'user' && blame !== 'own' && blame !== 'input') || typeof place !== 'string' || !isFields(error))
    return null
  const { code, message, why, try: remedies } = error
  if (typeof code !== 'string' || typeof message !== 'string' || !Array.isArray(remedies)) return null
  const known = errorFromJson({
    code: code as Code,
    message,
    try: remedies.filter((remedy) => typeof remedy === 'string'),
    ...(typeof why === 'string' ? { why } : {}),
  })
  return { blame, error: errorToJson(known), place }
}
