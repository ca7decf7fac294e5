import { LIMITS } from '../core/limits.ts'

/** Dataset names appear in file names, in SQL and before a `/`: letters, digits and . _ - only. */
export const DATASET_NAME: RegExp = /^[\p{L}\p{N}._-]+$/u

export function isDatasetName(name: string): boolean {
  return DATASET_NAME.test(name) && name !== '.' && name !== '..' && Buffer.byteLength(name) <= LIMITS.namesBytesMax
}

/** 255 UTF-16 units, which is what file systems with the longest names allow, in UTF-8. */
const SEGMENT_BYTES_MAX = 3 * 255

/**
 * A shard's path: relative, `/`-separated, without empty, `.` or `..` segments and without NUL, well-formed, at most
 * LIMITS.pathBytesMax bytes, and 765 between two slashes. A single `/` at the end is accepted where `folder` is: it marks an unreadable folder.
 */
export function isShardPath(path: string, folder = false): boolean {
  const plain = folder && path.endsWith('/') ? path.slice(0, -1) : path
  return (
    plain !== '' &&
    plain.isWellFormed() &&
    !plain.includes('\0') &&
    plain.split('/').every(isSegment) &&
    Buffer.byteLength(path) <= LIMITS.pathBytesMax
  )
}

function isSegment(segment: string): boolean {
  const named = segment !== '' && segment !== '.' && segment !== '..'
  return named && (segment.length <= 255 || Buffer.byteLength(segment) <= SEGMENT_BYTES_MAX)
}

/** Whether a name is no data unless the offer says so. `_date=2026` is a partition, as Spark has it. */
export const isHidden = (name: string): boolean => /^(?:\.|_(?![^=]+=))/.test(name)
