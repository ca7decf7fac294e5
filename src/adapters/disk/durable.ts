/** Files and folders under a home are for their owner alone: they hold keys, and records of the jobs' data. */
export const FILE_MODE = 0o600
export const FOLDER_MODE = 0o700

/** The `code` of a system error (`ENOENT`, `ENOSPC` …), or ''. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}
