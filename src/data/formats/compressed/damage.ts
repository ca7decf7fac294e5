/** Damage of a compressed file, in words for who reads the error; what zlib finds comes with codes of its own. */
export class Damage extends Error {}

/** What zlib's codes mean; any other of them says that the data cannot be what a compressor wrote. */
const MEANINGS: Readonly<Record<string, string>> = {
  Z_BUF_ERROR: 'it is truncated',
  ZSTD_error_checksum_wrong: 'a checksum is wrong',
}
const NOT_VALID = 'its compressed data are not valid'

/** Failures of a decompressor that say nothing of the data. */
const NO_DAMAGE: ReadonlySet<string> = new Set(['Z_MEM_ERROR', 'Z_STREAM_ERROR', 'ZSTD_error_memory_allocation'])

/** Why a file is damaged, by the error with which reading it ended; null where it is a failing disk or a bug. */
export function whyDamaged(error: unknown): string | null {
  if (error instanceof Damage) return error.message
  const code = codeOf(error)
  if (code === null || NO_DAMAGE.has(code) || !/^Z(STD)?_/.test(code)) return null
  return MEANINGS[code] ?? NOT_VALID
}

/** Whether the system refused a decompressor the memory it asked for. */
export function isMemoryRefused(error: unknown): boolean {
  const code = codeOf(error)
  return code === 'ZSTD_error_memory_allocation' || code === 'Z_MEM_ERROR'
}

function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null
}
