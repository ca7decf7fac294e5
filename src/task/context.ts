import type { Bytes, Digest } from '../core/types.ts'
import type { SpillFiles } from '../data/spill.ts'
import type { Reporter } from './reporter.ts'
import type { PackedFile } from './protocol.ts'
import type { LoadedJob, UserCode } from './user-code.ts'

/** What an attempt works with. */
export interface TaskContext {
  readonly job: LoadedJob
  readonly code: Digest
  /** For the data plane's buffers: arenas and blocks, outside the JavaScript heap. */
  readonly arena: Bytes
  /** For zstd windows, beside the arenas. */
  readonly windows: Bytes
  /** The folder of links to what it reads, and those of these files that lie in a pack there. */
  readonly input: string
  readonly packed: readonly PackedFile[]
  /** Files it leaves, and temporary ones. */
  readonly files: SpillFiles
  readonly reporter: Reporter
  /** Whose promises may be rejected just now. */
  attend(user: UserCode | null): void
}
