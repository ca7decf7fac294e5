import type { RowGroup, SchemaElement } from 'hyparquet'
import { unconvertMinMax } from 'hyparquet-writer/src/unconvert.js'
import { LIMITS } from '../../../core/limits.ts'

type Statistics = NonNullable<NonNullable<RowGroup['columns'][number]['meta_data']>['statistics']>

/**
 * Makes the library's statistics of a row group small and safe to prune by; those of large texts would else stay in
 * memory, whole, until the file ends. `leaves` are the columns' elements, in their order.
 */
export function settleStatistics({ columns }: RowGroup, leaves: readonly SchemaElement[]): void {
  for (const [i, { meta_data: chunk }] of columns.entries()) {
    const statistics: (Statistics & { nan_count?: bigint }) | undefined = chunk?.statistics
    if (statistics === undefined) continue
    const element = leaves[i]!
    // Readers that take NaN for the largest of all numbers would pass over a row group that has some.
    if ((statistics.nan_count ?? 0n) > 0n) dropBounds(statistics)
    // No one looks for JSON by its order.
    else if (element.converted_type === 'JSON') dropBounds(statistics)
    else if (element.type === 'BYTE_ARRAY') cutBounds(statistics, element)
  }
}

function dropBounds(statistics: Statistics): void {
  delete statistics.min_value
  delete statistics.max_value
}

/** A cut minimum is a prefix, a cut maximum the next larger of its length. */
function cutBounds(statistics: Statistics, element: SchemaElement): void {
  const { min_value: min, max_value: max } = statistics
  if (min === undefined || max === undefined) return
  const cutMin = unconvertMinMax(min, element, false, LIMITS.outputBoundBytes)!
  const cutMax = unconvertMinMax(max, element, true, LIMITS.outputBoundBytes)!
  if (cutMax.length > LIMITS.outputBoundBytes) {
    // It begins with the largest of all characters: nothing of that length is larger.
    dropBounds(statistics)
    return
  }
  // Copies: the values may be views of all that was read with them. A Buffer's slice would be one, too.
  statistics.min_value = new Uint8Array(cutMin)
  statistics.max_value = new Uint8Array(cutMax)
  if (cutMin.length < bytesOf(min)) statistics.is_min_value_exact = false
  if (bytesOf(max) > LIMITS.outputBoundBytes) statistics.is_max_value_exact = false
}

function bytesOf(value: unknown): number {
  return typeof value === 'string' ? Buffer.byteLength(value) : (value as Uint8Array).length
}
