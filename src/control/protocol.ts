/**
 * What client and server of the control socket agree on: HTTP/1.1 over a unix socket, `POST /METHOD` with a JSON array
 * of arguments. Plain methods answer `{"value": …}`; `watch` streams one event a line; `result` streams frames.
 * Anything that fails answers, or ends the stream, with a shoal.error/1 object.
 */
import type { NodeApi } from './api.ts'

export const VERSION_HEADER = 'shoal-version'

type StreamMethod = 'watch' | 'result'
export type PlainMethod = Exclude<keyof NodeApi, StreamMethod>

interface MethodFacts {
  /** The types of its arguments. */
  readonly takes: readonly ('string' | 'object')[]
  /** Answers as soon as the node listens; all others wait until it is ready. */
  readonly early: boolean
  /** May take long: it has a signal for its last argument, which fires when nobody waits for the answer any more. */
  readonly long: boolean
}

const early = (...takes: MethodFacts['takes'][number][]): MethodFacts => ({ takes, early: true, long: false })
const ready = (...takes: MethodFacts['takes'][number][]): MethodFacts => ({ takes, early: false, long: false })
const long = (...takes: MethodFacts['takes'][number][]): MethodFacts => ({ takes, early: false, long: true })

export const METHODS: Readonly<Record<PlainMethod, MethodFacts>> = {
  status: early(),
  members: early(),
  ticket: early(),
  doctor: early(),
  drain: early(),
  forgetMember: ready('string'),
  datasets: ready(),
  forgetData: ready('string'),
  freeze: ready('string'),
  snapshots: ready(),
  explain: ready('object'),
  submit: long('object'),
  jobs: ready(),
  job: ready('string'),
  why: ready('string'),
  graph: ready('string'),
  events: ready('string'),
  logs: ready('string'),
  receipt: ready('string'),
  verify: long('string'),
  diff: ready('string', 'string'),
  cancel: ready('string'),
  retry: ready('string'),
  remove: ready('string'),
}

/** Frames of `result`: kind (u8), partition (u32 BE), length (u32 BE), then `length` bytes. */
export const FRAME_HEADER_BYTES = 9
export const FRAME_CHUNK = 1
/** The last frame of a result that came whole; its partition field holds the number of chunks. */
export const FRAME_END = 2
/** The last frame of one that did not: its bytes are a shoal.error/1 object. */
export const FRAME_ERROR = 3

export function frameHeader(kind: number, partition: number, length: number): Uint8Array {
  const header = new Uint8Array(FRAME_HEADER_BYTES)
  const view = new DataView(header.buffer)
  view.setUint8(0, kind)
  view.setUint32(1, partition)
  view.setUint32(5, length)
  return header
}
