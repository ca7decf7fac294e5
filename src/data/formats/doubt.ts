import type { KindProblem } from './kinds.ts'
import type { Head } from './source.ts'
import type { ResolvedReadOptions } from './options.ts'

/** What the first rows of a table say against reading it by these options; null where nothing does. */
export function headDoubt(_head: Head, _options: ResolvedReadOptions): KindProblem | null {
  return null
}
