/** What a task process says that it has left, looked at before it is believed: it runs code that others wrote. */
import { isDeepStrictEqual } from 'node:util'
import { LIMITS } from '../core/limits.ts'
import type { Listing } from '../core/plan/files.ts'
import { isSoundRow, rootOfRows } from '../core/plan/rows.ts'
import type { MapWork, Work } from '../core/plan/work.ts'
import type { RunRow } from '../core/types.ts'
import { hashText } from '../data/hash-text.ts'

type Fields = Readonly<Record<string, unknown>>
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
const isText = (value: unknown, most: number): boolean => typeof value === 'string' && value.length <= most
const isDigest = (value: unknown): boolean => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)

/** Exactly what this work leaves, no field more: what a node takes from its task, its peers must take from it. */
export function isListingOf(work: Work, { manifest, rows }: Listing): boolean {
  if (manifest.kind !== work.kind || (work.kind !== 'map' && rows.length > 0)) return false
  const fields = manifest as unknown as Fields
  switch (work.kind) {
    case 'map':
      return (
        isOf(fields, withSides(work, ['kind', 'splits', 'rows', 'took', 'counters', 'upstream'])) &&
        isTookOfSides(fields['sides'], work) &&
        isTook(fields['took'], work.edges) &&
        isDeepStrictEqual(fields['upstream'], work.upstream) &&
        areSplits(fields['splits'], unitsIn(work)) &&
        isCounters(fields['counters']) &&
        areRows(rows, work.partitions) &&
        isDeepStrictEqual(fields['rows'], rootOfRows(rows, hashText))
      )
    case 'sample':
      return (
        isOf(fields, withSides(work, ['kind', 'splits', 'took', 'keys', 'bytes', 'digest'])) &&
        isTookOfSides(fields['sides'], work) &&
        isTook(fields['took'], work.edges) &&
        areSplits(fields['splits'], unitsIn(work)) &&
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
        isOf(fields, withSides(work, REDUCE_FIELDS)) &&
        isTookOfSides(fields['sides'], work) &&
        isTook(fields['took'], new Set(work.edges).size) &&
        ['groups', 'records', 'bytes'].every((name) => isCount(fields[name])) &&
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
  'took',
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

type WithSides = Pick<MapWork, 'sides'>

function withSides({ sides }: WithSides, names: readonly string[]): readonly string[] {
  return sides.length === 0 ? names : [...names, 'sides']
}

/** All of each table: as many records as it was told to have. */
function isTookOfSides(value: unknown, { sides }: WithSides): boolean {
  const records = sides.map((side) => side.records)
  return sides.length === 0 ? value === undefined : isDeepStrictEqual(value, records)
}

/** Splits that a task reads, or the one part of another stage. */
function unitsIn({ part, splits }: Pick<MapWork, 'part' | 'splits'>): number {
  return part === null ? splits.length : 1
}

function isTook(value: unknown, edges: number): boolean {
  return Array.isArray(value) && value.length === edges && value.every(isCount)
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

/** One row of each partition, in order. */
function areRows(rows: readonly unknown[], partitions: number): boolean {
  return rows.length === partitions && rows.every((row, partition) => isRow(row, partition))
}

function isRow(value: unknown, partition: number): boolean {
  return (
    isOf(value, ['partition', 'records', 'weight', 'bytes', 'digest']) &&
    value['partition'] === partition &&
    ['records', 'weight', 'bytes'].every((name) => isCount(value[name])) &&
    (value['digest'] === '' || isDigest(value['digest'])) &&
    isSoundRow(value as unknown as RunRow)
  )
}

function isCounters(value: unknown): boolean {
  return (
    isFields(value) &&
    Object.entries(value).every(([name, n]) => isText(name, LIMITS.counterNameBytesMax) && Number.isSafeInteger(n))
  )
}
