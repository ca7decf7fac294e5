/** What a task process says to its node: it has run code that others wrote. */
import { isDeepStrictEqual } from 'node:util'
import { checkMessage } from '../../../src/adapters/tasks/check-message.ts'
import { filesOf } from '../../../src/core/plan/files.ts'
import { isListingOf } from '../../../src/task/check-manifest.ts'
import type { Manifest } from '../../../src/core/types.ts'
import type { Work } from '../../../src/core/plan/work.ts'
import { frame, FrameParser, type TaskMessage } from '../../../src/task/protocol.ts'
import { placesOf, sourceLine } from '../../../src/task/stack.ts'
import { openManifest } from '../../../src/wire/manifest.ts'
import { openRows, packRows } from '../../../src/wire/rows.ts'
import { mutate } from '../mutate.ts'
import { holds, target, type Target } from '../target.ts'
import { jsonInput, jsonOf } from './cbor.ts'
import { DIGEST, MANIFESTS, ROWS } from './samples.ts'

const split = { file: 's', alias: '', dataset: 'd', path: 'p', size: 1, start: 0, end: 1, headerBytes: 0, options: {}, rowGroups: false, witness: '' } // prettier-ignore
const map = {
  splits: [split],
  partitions: 2,
  combine: false,
  onBadRecord: 'skip',
  edges: 1,
  stage: '',
  part: null,
  sides: [],
  sortValues: false,
  map: true,
} as const
const upstream = (MANIFESTS[3]!.manifest as Extract<Manifest, { kind: 'reduce' }>).upstream

/** The work of which each manifest could be the end. */
const WORKS: readonly Work[] = [
  { kind: 'map', bounds: null, ...map, upstream: [] },
  { kind: 'sample', ...map },
  { kind: 'bounds', partitions: 3, samples: ['k'], consumed: DIGEST },
  {
    kind: 'reduce',
    partition: 1,
    runs: [],
    aliases: [''],
    edges: [0],
    stage: '',
    parts: [],
    keyed: false,
    combine: false,
    sides: [],
    sortValues: false,
    reduce: true,
    consumed: DIGEST,
    upstream,
  },
]

const ERROR = {
  schema: 'shoal.error/1',
  code: 'JOB_THREW',
  message: 'm',
  try: ['t'],
  retryable: false,
  exit: 1,
} as const
const MESSAGES: readonly TaskMessage[] = [
  { type: 'ready' },
  { type: 'progress', phase: 'user', units: 1, records: 2, bytes: 3, log: 'x' },
  { type: 'failed', failure: { blame: 'user', error: ERROR, place: 'd/p:1' }, log: '' },
  ...MANIFESTS.map(({ manifest }): TaskMessage => ({
    type: 'done',
    manifest,
    rows: manifest.kind === 'map' ? ROWS : [],
    log: 'l',
  })),
]

function checkOneMessage(bytes: Uint8Array): void {
  const json = jsonOf(bytes)
  const message = json && checkMessage(json.value)
  if (message?.type !== 'done') return
  for (const work of WORKS) {
    if (!isListingOf(work, message)) continue
    const files = filesOf(message)
    const consumed = work.kind === 'reduce' || work.kind === 'bounds' ? work.consumed : ''
    const taken = openManifest(JSON.parse(JSON.stringify({ consumed, manifest: message.manifest })))
    holds(taken !== null, 'a node takes from its task what its peers would refuse')
    const rows = openRows(packRows(message.rows))
    holds(isDeepStrictEqual(rows, message.rows), 'a node takes rows from its task that its peers would refuse')
    holds(new Set(files).size === files.length, 'a file is named twice')
  }
}

const FRAMES = MESSAGES.map((message) => new Uint8Array(frame(message)))

/** The first byte says in what pieces the rest comes. */
function checkFrames(bytes: Uint8Array): void {
  const step = 1 + (bytes[0] ?? 0)
  const rest = Buffer.from(bytes.subarray(1))
  const parsed = (pieces: readonly Buffer[]): unknown[] | null => {
    const parser = new FrameParser()
    try {
      return pieces.flatMap((piece) => parser.push(piece))
    } catch (error) {
      // As the node takes it: the process has broken the protocol, and is ended.
      holds(error instanceof SyntaxError || error instanceof RangeError, `a frame ends the node: ${String(error)}`)
      return null
    }
  }
  const pieces: Buffer[] = []
  for (let at = 0; at < rest.length; at += step) pieces.push(rest.subarray(at, at + step))
  holds(isDeepStrictEqual(parsed(pieces), parsed([rest])), 'the pieces in which bytes come show in the messages')
}

const MAP = {
  version: 3,
  sources: ['job.ts', 'node_modules/x/i.ts'],
  sourcesContent: ['a\nb\nc', null],
  names: ['n'],
  mappings: 'AAAA;AACA,EAAE;AAAAA,CCAA',
}

export const TASK: readonly Target[] = [
  target('task-frames', {
    what: 'task/protocol: frames of a task process',
    input: (random) => new Uint8Array(Buffer.concat([random.bytes(1), mutate(random, FRAMES), random.pick(FRAMES)])),
    check: checkFrames,
  }),
  target('task-message', {
    what: 'adapters/tasks: messages of a task process',
    input: jsonInput(MESSAGES),
    check: checkOneMessage,
  }),
  target('source-map', {
    what: 'task/stack: source maps of jobs, which peers bring',
    input: jsonInput([MAP]),
    check: (bytes) => {
      const map = Buffer.from(bytes).toString()
      const stack = 'Error: x\n at f (job.js:1:1)\n at g (job.js:3:9)\n at h (job.js:999999:1)'
      for (const place of [...placesOf(stack, map), { file: 'job.ts', line: 2, column: 1 }]) sourceLine(map, place)
    },
  }),
]
