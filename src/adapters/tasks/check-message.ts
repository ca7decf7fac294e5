import { isDeepStrictEqual } from 'node:util'
import type { Code } from '../../core/codes.ts'
import { errorFromJson } from '../../core/errors.ts'
import { errorToJson } from '../../words/thrown.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Manifest } from '../../core/types.ts'
import type { AttemptFailure, Work } from '../../ports.ts'
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
const isText = (value: unknown, most: number): boolean => typeof value === 'string' && value.length <= most
const isDigest = (value: unknown): boolean => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)

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

/** Exactly what this work leaves, no field more: what a node takes from its task, its peers must take from it. */
function hasForm(manifest: Manifest, work: Work): boolean {
  const fields = manifest as unknown as Fields
  switch (work.kind) {
    case 'map':
      return (
        isOf(fields, ['kind', 'splits', 'runs', 'counters']) &&
        areSplits(fields['splits'], work.splits.length) &&
        areRuns(fields['runs'], work.partitions) &&
        isCounters(fields['counters'])
      )
    case 'sample':
      return (
        isOf(fields, ['kind', 'splits', 'keys', 'bytes', 'digest']) &&
        areSplits(fields['splits'], work.splits.length) &&
        isCount(fields['keys']) &&
        isCount(fields['bytes']) &&
        isDigest(fields['digest'])
      )
    case 'bounds':
      return (
        isOf(fields, ['kind', 'consumed', 'bounds']) &&
        fields['consumed'] === work.consumed &&
        Array.isArray(fields['bounds']) &&
        fields['bounds'].length < work.partitions &&
        fields['bounds'].every((bound) => typeof bound === 'string')
      )
    case 'reduce':
      return (
        isOf(fields, REDUCE_FIELDS) &&
        ['weight', 'groups', 'records', 'bytes'].every((name) => isCount(fields[name])) &&
        isDigest(fields['part']) &&
        isCounters(fields['counters']) &&
        fields['partition'] === work.partition &&
        fields['consumed'] === work.consumed &&
        isDeepStrictEqual(fields['upstream'], work.upstream)
      )
  }
}

const REDUCE_FIELDS = [
  'kind',
  'partition',
  'consumed',
  'weight',
  'groups',
  'records',
  'bytes',
  'part',
  'counters',
  'upstream',
]

function isOf(value: unknown, names: readonly string[]): value is Fields {
  return isFields(value) && Object.keys(value).length === names.length && names.every((n) => Object.hasOwn(value, n))
}

function areSplits(value: unknown, count: number): boolean {
  return Array.isArray(value) && value.length === count && value.every(isSplitFacts)
}

function isSplitFacts(value: unknown): boolean {
  return (
    isOf(value, ['input', 'bytes', 'records', 'emitted', 'skips']) &&
    isDigest(value['input']) &&
    ['bytes', 'records', 'emitted'].every((name) => isCount(value[name])) &&
    isSkips(value['skips'])
  )
}

function isSkips(value: unknown): boolean {
  if (!isOf(value, ['count', 'samples']) || !isCount(value['count'])) return false
  const { samples } = value
  return Array.isArray(samples) && samples.length <= LIMITS.skipSamplesPerJob && samples.every(isSample)
}

function isSample(value: unknown): boolean {
  const most = LIMITS.errorTextBytesMax + LIMITS.pathBytesMax
  const names = ['place', 'reason', 'record']
  return isOf(value, names) && names.every((name) => isText(value[name], most))
}

/** One run of each partition at most, in order. */
function areRuns(value: unknown, partitions: number): boolean {
  if (!Array.isArray(value) || !value.every(isRunFacts)) return false
  const of = value.map((run) => (run as { readonly partition: number }).partition)
  return of.every((partition, i) => partition < partitions && (i === 0 || of[i - 1]! < partition))
}

function isRunFacts(value: unknown): boolean {
  return (
    isOf(value, ['partition', 'records', 'weight', 'bytes', 'digest']) &&
    ['partition', 'records', 'weight', 'bytes'].every((name) => isCount(value[name])) &&
    isDigest(value['digest'])
  )
}

function isCounters(value: unknown): boolean {
  return (
    isFields(value) &&
    Object.entries(value).every(([name, n]) => isText(name, LIMITS.counterNameBytesMax) && Number.isSafeInteger(n))
  )
}
