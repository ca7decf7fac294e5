import type { Code } from '../../core/codes.ts'
import { errorFromJson, errorToJson } from '../../core/errors.ts'
import type { Manifest } from '../../core/types.ts'
import type { AttemptFailure, Work } from '../../ports.ts'
import type { ProgressReport, Report } from '../../task/protocol.ts'

/**
 * A message of a task process as a report, or null if it is none. The process runs code that others wrote: what comes
 * from it is looked at before it is believed.
 */
export function checkReport(message: unknown): Report | null {
  if (!isFields(message)) return null
  switch (message['type']) {
    case 'ready':
      return { type: 'ready' }
    case 'progress':
      return checkProgress(message)
    case 'done': {
      const { manifest, log } = message
      return isFields(manifest) && typeof log === 'string'
        ? { type: 'done', manifest: manifest as unknown as Manifest, log }
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
const isDigest = (value: unknown): boolean => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)

function checkProgress(message: Fields): ProgressReport | null {
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

/**
 * The names of the files that a manifest speaks of, if it has the form that this work leaves; else null.
 */
export function filesOf(manifest: Manifest, work: Work): string[] | null {
  if (manifest.kind !== work.kind || !hasForm(manifest, work)) return null
  switch (manifest.kind) {
    case 'map':
      return manifest.runs.map((run) => `run-${run.partition}`)
    case 'sample':
      return ['keys']
    case 'reduce':
      return ['part']
    case 'bounds':
      return []
  }
}

function hasForm(manifest: Manifest, work: Work): boolean {
  const fields = manifest as unknown as Fields
  const splits = 'splits' in work ? work.splits.length : 0
  if (
    splits > 0 &&
    !(Array.isArray(fields['splits']) && fields['splits'].length === splits && fields['splits'].every(isSplitFacts))
  )
    return false
  switch (manifest.kind) {
    case 'map':
      return Array.isArray(fields['runs']) && fields['runs'].every(isRunFacts) && isCounters(fields['counters'])
    case 'sample':
      return isCount(fields['keys']) && isCount(fields['bytes']) && isDigest(fields['digest'])
    case 'bounds':
      return (
        isDigest(fields['consumed']) &&
        Array.isArray(fields['bounds']) &&
        fields['bounds'].every((bound) => typeof bound === 'string')
      )
    case 'reduce':
      return (
        ['weight', 'groups', 'records', 'bytes', 'partition'].every((name) => isCount(fields[name])) &&
        isDigest(fields['part']) &&
        isCounters(fields['counters'])
      )
  }
}

function isSplitFacts(value: unknown): boolean {
  if (!isFields(value) || !isDigest(value['input']) || !isFields(value['skips'])) return false
  return (
    isCount(value['bytes']) &&
    isCount(value['records']) &&
    isCount(value['emitted']) &&
    isCount(value['skips']['count']) &&
    Array.isArray(value['skips']['samples'])
  )
}

function isRunFacts(value: unknown): boolean {
  return (
    isFields(value) &&
    ['partition', 'records', 'weight', 'bytes'].every((name) => isCount(value[name])) &&
    isDigest(value['digest'])
  )
}

function isCounters(value: unknown): boolean {
  return isFields(value) && Object.values(value).every((n) => Number.isSafeInteger(n))
}
