import type { Bytes, Digest } from '../core/types.ts'
import type { Batch } from '../data/formats/reader.ts'
import type { SpillFiles, SpillInput } from '../data/spill.ts'
import type { OpenRecordSource } from './records.ts'
import type { Progress } from './reporter.ts'
import type { JobCode, UserCode } from './user-code.ts'

/**
 * What the work of one attempt is done with. Its loops know nothing else of where they run: in a task process
 * (`main.ts`), over files and realms, or in a test (`shoal/testing`), over arrays and in the test's own realm.
 */
export interface TaskContext {
  readonly job: JobCode
  readonly code: Digest
  /** For the data plane's buffers: arenas and blocks, outside the JavaScript heap. */
  readonly arena: Bytes
  /** What tables of sides may take, outside the heap as well. */
  readonly sides: Bytes
  readonly records: OpenRecordSource
  /** Opens what other tasks left for this one, a run or sampled keys, by the name that the work has for it. */
  input(name: string): SpillInput
  /** Files it leaves, and temporary ones. */
  readonly files: SpillFiles
  readonly reporter: Progress
  /** Whose promises may be rejected just now. */
  attend(user: UserCode | null): void
  /** Told of each record that is left out, for who wants more of them than the samples in the manifest. */
  readonly onSkip?: (batch: Batch, at: number, reason: string) => void
}
