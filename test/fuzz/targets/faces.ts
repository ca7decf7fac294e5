/** What people type and paste: tickets, quantities, inputs, globs; small files of a home. */
import { formatTicket, parseJoin } from '../../../src/adapters/libp2p/ticket.ts'
import { globMatcher } from '../../../src/catalog/glob.ts'
import { parseDataOption } from '../../../src/cli/data-option.ts'
import { parseCount, parseDuration, parseSize } from '../../../src/cli/quantities.ts'
import { overrideInputs } from '../../../src/cli/submission.ts'
import { fromKept, toKept } from '../../../src/kept/form.ts'
import { entriesOf, toEntry } from '../../../src/runtime/home/kept-log.ts'
import { isFound } from '../../../src/task/check-fields.ts'
import { checkShape } from '../../../src/task/job-shape.ts'
import { mutate } from '../mutate.ts'
import { holds, orShoalError, target, type Target } from '../target.ts'
import { jsonInput, jsonOf } from './cbor.ts'

const KEY = Uint8Array.from({ length: 32 }, (_, i) => i * 7)
const ADDRESSES = ['/ip4/10.0.0.5/tcp/4001/p2p/12D3KooWQYhTNQdmr3ArTeUHRYzFg94BKyTkoWBDWez9kSCVe2Xo', '/ip6/::1/tcp/1']
const texts = (all: readonly string[]): Uint8Array[] => all.map((text) => Buffer.from(text))
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString()

const TICKETS = texts([formatTicket(KEY, ADDRESSES), formatTicket(KEY, []), ...ADDRESSES, 'host:4001', '[::1]:4001'])
const QUANTITIES = texts(['256MB', '64MiB', '1.5 GB', '0', '500ms', '90s', '2h', '10', '4096', '1e9', '9'.repeat(400)])
const INPUTS = texts(['logs', 'logs/*.csv', 'a=logs/2026-*.csv@7c1e4a', 'orders=o', '=x', 'a=', 'logs=/tmp,replicated'])
const GLOBS = texts([
  '*.csv',
  '**/*.{csv,tsv}',
  '2026-[0-9]*/?.gz',
  '!(a|b)*',
  '+(a)+(a)+(a)b',
  '*a*a*a*a*a*b',
  '(a+)+b',
  '(a|aa)+b',
  '**/a/**/b',
  '{1..9}',
])

const JOBS = [
  { input: 'logs/*.csv', map: '\0function', reduce: '\0function', name: 'n', params: { a: 'b' }, partitions: 4 },
  {
    input: { a: { data: 'logs', format: 'csv', columns: ['x'], delimiter: ';', quote: '' }, b: 'orders' },
    map: { a: '\0function', b: '\0function' },
    sort: true,
    onBadRecord: 'skip',
    format: 'csv',
  },
]

const STAGES = [
  {
    shoal: 'stage',
    name: 'spend',
    input: { shoal: 'rows', data: 'purchases' },
    map: '\0function',
    emits: { shoal: 'kv' },
  },
  { shoal: 'stage', name: 'both', input: { a: '\0stage 0', b: '\0stage 2' }, reduce: '\0function', partitions: 3 },
  { shoal: 'stage', name: 'again', input: '\0stage 0', sort: true },
]
const SHAPES = [
  { job: { output: '\0stage 1' }, stages: STAGES },
  { job: { outputs: { a: '\0stage 1', b: '\0stage 0' }, format: 'csv' }, stages: STAGES },
  ...JOBS.map((job) => ({ job, stages: [] })),
]

export const FACES: readonly Target[] = [
  target('ticket', {
    what: 'adapters/libp2p: tickets and addresses to join',
    input: (random) => mutate(random, TICKETS),
    check: (bytes) => {
      const joined = orShoalError(['TICKET'], () => parseJoin(textOf(bytes)))
      if (joined === null || joined.key === null) return
      const again = parseJoin(formatTicket(joined.key, joined.addresses))
      holds(Buffer.compare(again.key!, joined.key) === 0, 'a ticket holds another key after it was written')
    },
  }),
  target('quantities', {
    what: 'cli: sizes, durations, counts',
    input: (random) => mutate(random, QUANTITIES),
    check: (bytes) => {
      const text = textOf(bytes)
      const size = orShoalError(['USAGE'], () => parseSize(text))
      const duration = orShoalError(['USAGE'], () => parseDuration(text))
      const count = orShoalError(['USAGE'], () => parseCount(text, 1, 1024))
      for (const n of [size, duration, count])
        holds(n === null || (Number.isSafeInteger(n) && n >= 0), 'a quantity is a count')
    },
  }),
  target('inputs', {
    what: 'cli: --input and --data',
    input: (random) => mutate(random, INPUTS),
    check: (bytes) => {
      const text = textOf(bytes)
      const inputs = [
        { alias: 'a', data: 'x' },
        { alias: 'orders', data: 'y' },
      ]
      orShoalError(['USAGE'], () => overrideInputs(inputs, [text]))
      orShoalError(['USAGE', 'DATA_DIR'], () => parseDataOption(text, '/tmp'))
    },
  }),
  target('glob', {
    what: 'catalog/glob: patterns of jobs and peers, against paths of any kind',
    input: (random) => mutate(random, GLOBS),
    check: (bytes) => {
      const matches = orShoalError(['USAGE'], () => globMatcher(textOf(bytes)))
      for (const path of ['a.csv', `${'a'.repeat(200)}.tsv`, `${'a/'.repeat(100)}b`]) matches?.(path)
    },
  }),
  target('job-shape', {
    what: 'task/job-shape: what a job file declares',
    input: jsonInput(SHAPES),
    check: (bytes) => {
      const { job, stages } = (jsonOf(bytes)?.value ?? {}) as { job?: unknown; stages?: unknown }
      // The realm gives a list of objects, whatever a job exports.
      const found = Array.isArray(stages) ? stages.filter(isFound) : []
      orShoalError(['JOB_BUILD', 'PARTITIONS', 'LIMIT'], () => checkShape({ job, stages: found }, 'file'))
    },
  }),
  target('kept', {
    what: 'core/kept-form: small files of a home',
    input: (random) =>
      mutate(
        random,
        [toKept(Buffer.from('{"a":1}')), toKept(new Uint8Array(0))].map((b) => new Uint8Array(b)),
      ),
    check: (bytes) => {
      const content = fromKept(bytes)
      if (content !== null) holds(Buffer.compare(toKept(content), bytes) === 0, 'a file has one form')
    },
  }),
  target('kept-log', {
    what: 'runtime/home/kept-log: logs of a home',
    input: (random) => {
      const log = Array.from({ length: 1 + random.below(5) }, () => toEntry(random.bytes(random.below(60))))
      return mutate(random, [new Uint8Array(Buffer.concat(log))])
    },
    check: (bytes) => {
      const { payloads, lost } = entriesOf(Buffer.from(bytes))
      const whole = payloads.reduce((sum, payload) => sum + toEntry(payload).length, 0)
      holds(whole + lost === bytes.length, 'each byte of a log is in an entry, or is said to be lost')
      const again = entriesOf(Buffer.concat(payloads.map(toEntry)))
      holds(again.lost === 0 && again.payloads.length === payloads.length, 'a log that was mended is whole')
    },
  }),
]
