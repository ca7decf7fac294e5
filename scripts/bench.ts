/**
 * `npm run bench`: what Shoal costs against what one would use without it, measured in one run, side by side.
 * `-- --quick`: small inputs, to see that it works. `-- --only start,idle`: some of its parts, of those below. `-- --cache
 * DIR`: where made-up inputs are kept for the next run (some 12 GB). `start`, `idle`, `commands`, `latency` and `small`
 * measure the package as it is installed; the others the sources.
 */
import { mkdirSync } from 'node:fs'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { commands } from './bench/commands.ts'
import { demo } from './bench/demo.ts'
import { idle } from './bench/idle.ts'
import { latency } from './bench/latency.ts'
import { memory } from './bench/memory.ts'
import { parquet } from './bench/parquet.ts'
import { table, type Measurement } from './bench/report.ts'
import { shuffle } from './bench/shuffle.ts'
import { small } from './bench/small.ts'
import { start } from './bench/start.ts'
import { throughput, type Sizes } from './bench/throughput.ts'
import { whole } from './options.ts'

const PARTS: Readonly<Record<string, (sizes: Sizes) => Promise<Measurement[]>>> = {
  start,
  idle,
  commands,
  latency,
  small,
  demo,
  throughput,
  shuffle,
  memory,
  parquet,
}

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean' },
    only: { type: 'string' },
    cache: { type: 'string' },
    pairs: { type: 'string' },
  },
})
const quick = values.quick === true
const cache = values.cache ?? join(tmpdir(), 'shoal-bench')
mkdirSync(cache, { recursive: true })
const sizes: Sizes = {
  cache,
  bytes: quick ? 64 * 2 ** 20 : 2 ** 30,
  wideBytes: quick ? 256 * 2 ** 20 : 4 * 2 ** 30,
  pairs: whole('pairs', values.pairs ?? (quick ? '1' : '5'), 1),
  tinyRuns: quick ? 5 : 20,
  runs: quick ? 1 : 5,
  idleMs: quick ? 10_000 : 60_000,
  tinyFiles: quick ? 2_000 : 20_000,
}

const wanted = values.only?.split(',') ?? Object.keys(PARTS)
const all: Measurement[] = []
for (const name of wanted) {
  const part = PARTS[name]
  if (part === undefined) throw new Error(`no part ${name}; there are ${Object.keys(PARTS).join(', ')}`)
  console.error(`── ${name}`)
  const found = await part(sizes)
  console.error(table(found))
  all.push(...found)
}
const gigabytes = (totalmem() / 1e9).toFixed(0)
console.log(
  `\nNode ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model ?? 'CPU'}, ${gigabytes} GB; median of ${sizes.pairs} pairs\n`,
)
console.log(table(all))
