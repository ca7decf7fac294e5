import { styleText } from 'node:util'
import type { Writable } from 'node:stream'
import { ShoalError } from '../core/errors.ts'
import { reasonOf } from '../words/reason.ts'
import type { Environment } from './settings.ts'

export type Stream = Writable & { readonly isTTY?: boolean; readonly columns?: number }
export type StopSignal = 'SIGINT' | 'SIGTERM'

/** All that the command line has of its process; tests give their own. */
export interface Io {
  readonly stdin: AsyncIterable<Uint8Array | string>
  readonly stdout: Stream
  readonly stderr: Stream
  readonly environment: Environment
  readonly folder: string
  /** Monotonic milliseconds. */
  now(): number
  /** Calls `handler` for INT and TERM until the returned function is called. */
  onStop(handler: (signal: StopSignal) => void): () => void
  /** Ends the process now, whatever is under way. */
  exit(code: number): void
}

/** Nobody reads our stdout any more (`| head`): the command ends quietly. */
export class ClosedPipe extends Error {
  override readonly name: string = 'ClosedPipe'
}

/** Writes with back-pressure. @throws ClosedPipe, ShoalError OUTPUT */
export async function writeTo(stream: Stream, data: string | Uint8Array): Promise<void> {
  if (stream.destroyed || stream.errored !== null) throw new ClosedPipe()
  await new Promise<void>((resolve, reject) => {
    stream.write(data, (error) => {
      if (error === null || error === undefined) resolve()
      else if ((error as NodeJS.ErrnoException).code === 'EPIPE') reject(new ClosedPipe())
      else
        reject(
          new ShoalError('OUTPUT', 'what stdout leads to cannot be written', {
            why: reasonOf(error, 'it takes no more'),
            try: ['make room there'],
            cause: error,
          }),
        )
    })
  })
}

export type Tint = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'
export type Paint = (tint: Tint, text: string) => string

/** Colours for one stream: `--no-color` over FORCE_COLOR over NO_COLOR over TERM=dumb over whether it is a terminal. */
export function paintFor(stream: Stream, environment: Environment, noColor: boolean): Paint {
  return hasColor(stream, environment, noColor)
    ? (tint, text) => styleText(tint, text, { validateStream: false })
    : (_, text) => text
}

function hasColor(stream: Stream, environment: Environment, noColor: boolean): boolean {
  if (noColor) return false
  const force = environment['FORCE_COLOR']
  if (force !== undefined) return force !== '0' && force !== 'false'
  if ((environment['NO_COLOR'] ?? '') !== '' || environment['TERM'] === 'dumb') return false
  return stream.isTTY === true
}

/** Columns of a terminal; what is no terminal is not cut to a width. */
export function widthOf(stream: Stream, environment: Environment): number {
  const told = Number(environment['COLUMNS'])
  if (Number.isInteger(told) && told > 0) return Math.max(40, told)
  if (stream.isTTY !== true) return Number.POSITIVE_INFINITY
  return Math.max(40, stream.columns === undefined || stream.columns === 0 ? 80 : stream.columns)
}
