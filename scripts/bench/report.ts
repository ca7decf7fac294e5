/** Measurements as lines of a table: ratios come from pairs of one run, so that the machine's mood cancels out. */
export interface Measurement {
  readonly what: string
  readonly measured: string
  /** What it is compared with. */
  readonly against: string
  readonly ratio: number | null
  readonly aim: string
  readonly met: boolean | null
}

/** The middle value; of an even number, the lower of the two. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN
}

export const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(2)} s`
export const mebibytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`
export const rate = (bytes: number, milliseconds: number): string =>
  `${(bytes / 1e6 / (milliseconds / 1000)).toFixed(0)} MB/s`

export function table(measurements: readonly Measurement[]): string {
  const rows = [
    ['what', 'measured', 'against', 'ratio', 'aim', ''],
    ...measurements.map(({ what, measured, against, ratio, aim, met }) => [
      what,
      measured,
      against,
      ratio === null ? '' : ratio.toFixed(2),
      aim,
      met === null ? '' : met ? 'met' : 'MISSED',
    ]),
  ]
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** Times against an upper bound; `aimMs` is null where a quick run measures less than the aim is of. */
export function within(what: string, times: readonly number[], aimMs: number | null): Measurement {
  const middle = median(times)
  const text = (milliseconds: number): string =>
    milliseconds < 1000 ? `${milliseconds.toFixed(0)} ms` : seconds(milliseconds)
  return {
    what,
    measured: text(middle),
    against: times.length > 1 ? `slowest of ${times.length}: ${text(Math.max(...times))}` : '',
    ratio: null,
    aim: aimMs === null ? '' : `< ${text(aimMs)}`,
    met: aimMs === null ? null : middle < aimMs,
  }
}
