/** Numbers and times as people read them. */

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']

/** `18.4 GB`: powers of ten, three digits. */
export function bytesText(bytes: number): string {
  let unit = 0
  let value = bytes
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1000
    unit++
  }
  const digits = unit === 0 || value >= 99.95 ? value.toFixed(0) : value.toFixed(value >= 9.995 ? 1 : 2)
  return `${unit === 0 || value >= 99.95 ? digits : digits.replace(/\.?0+$/, '')} ${BYTE_UNITS[unit] ?? ''}`
}

/** `61,204,113` */
export function countText(count: number): string {
  return Math.round(count)
    .toString()
    .replaceAll(/\B(?=(\d{3})+(?!\d))/g, ',')
}

/** `1 node`, `5 nodes` */
export function plural(count: number, one: string, many: string = `${one}s`): string {
  return `${countText(count)} ${count === 1 ? one : many}`
}

/** An exact time: `850 ms`, `41.8 s`, `12 min 5 s`, `3 h 20 min`. */
export function elapsedText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 99_950) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`
}

/** A time that was set: `7 days`, `36 h 0 min`, `90.0 s`. */
export function periodText(ms: number): string {
  const days = ms / 86_400_000
  return days < 2 ? elapsedText(ms) : `${Number(days.toFixed(1))} days`
}

/** A guess, no more exact than it can be: `~4 s`, `~40 s`, `~7 min`, `~3 h`. */
export function guessText(ms: number): string {
  const seconds = ms / 1000
  if (seconds < 10) return `~${Math.max(1, Math.round(seconds))} s`
  if (seconds < 90) return `~${Math.round(seconds / 5) * 5} s`
  if (seconds < 5400) return `~${Math.round(seconds / 60)} min`
  return `~${Math.round(seconds / 3600)} h`
}

/** The first digits of an id: enough to name it to any command. */
export function shortId(id: string): string {
  return id.slice(0, 12)
}
