import { ShoalError } from '../core/errors.ts'

const SIZE_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
}

const DURATION_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1e3, m: 60e3, h: 3_600e3 }

const DAY_MS = 24 * 3_600e3

/** Longer waits overflow a timer (2^31 − 1 ms) and mean nothing to a person. */
const DURATION_MS_MAX = 20 * DAY_MS

/** `256MB` = 256·10⁶, `64MiB` = 64·2²⁰, a bare number: bytes. @throws ShoalError USAGE */
export function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim())
  const unit = match === null ? undefined : SIZE_UNITS[(match[2] ?? '').toLowerCase()]
  const bytes = Math.round(Number(match?.[1]) * (unit ?? Number.NaN))
  if (!Number.isSafeInteger(bytes) || bytes <= 0) {
    throw new ShoalError('USAGE', `${JSON.stringify(text)} is not a size`, { try: ['256MB   or   64MiB   or   2GB'] })
  }
  return bytes
}

/** `500ms`, `90s`, `10m`, `2h` in milliseconds; a bare number other than 0 has no unit and is refused. @throws ShoalError USAGE */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h)$/i.exec(text.trim())
  const unit = DURATION_UNITS[(match?.[2] ?? '').toLowerCase()]
  const ms = text.trim() === '0' ? 0 : Math.round(Number(match?.[1]) * (unit ?? Number.NaN))
  if (!Number.isSafeInteger(ms) || ms > DURATION_MS_MAX) {
    throw new ShoalError('USAGE', `${JSON.stringify(text)} is not a duration`, {
      try: ['500ms   or   90s   or   10m   or   2h'],
    })
  }
  return ms
}

/** How long something is kept: a duration of at least a second, or days, `7d`, ten years of them at most. @throws ShoalError USAGE */
export function parsePeriod(text: string): number {
  const days = /^(\d{1,4}(?:\.\d+)?)\s*d$/i.exec(text.trim())
  const ms = days === null ? parseDuration(text) : Math.round(Number(days[1]) * DAY_MS)
  if (ms >= 1_000 && ms <= 3_650 * DAY_MS) return ms
  throw new ShoalError('USAGE', `${JSON.stringify(text)} is not between a second and ten years`, {
    try: ['12h   or   7d'],
  })
}

/** A whole number from `least` to `most`. @throws ShoalError USAGE */
export function parseCount(text: string, least: number, most: number): number {
  const count = /^\d{1,15}$/.test(text.trim()) ? Number(text) : Number.NaN
  if (!(count >= least && count <= most)) {
    const range = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`
    throw new ShoalError('USAGE', `${JSON.stringify(text)} is not a whole number ${range}`)
  }
  return count
}
